"""SOCKS handshakes from the client's side: SOCKS5 with its two usual methods, SOCKS4 and SOCKS4a.

Decides which bytes go to the proxy and what its answers mean. Knows no socket, resolves nothing,
and does not decide whether a name or an address is sent: it sends what it is given.

RFC 1928 (SOCKS5), RFC 1929 (user name and password); SOCKS4 and SOCKS4a have no RFC, the notes of
their authors (Ying-Da Lee, NEC) stand for one. GSSAPI (RFC 1961) is never offered (SEC-58).
"""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Generator
from typing import Final

from wherry_codec import LocalProtocolError, quote

Steps = Generator[tuple[bytes, int], bytes, None]
"""Yields what to send and how many bytes to wait for; is sent exactly those bytes."""

LENGTH_LIMIT: Final = 255
"""Of a name, a user name, a password: their length is one byte on the wire."""

_NO_AUTHENTICATION: Final = 0
_USER_PASSWORD: Final = 2
_NONE_ACCEPTABLE: Final = 255

_IPV4: Final = 1
_NAME: Final = 3
_IPV6: Final = 4

# RFC 1928 §6, with the error number that says the same. Those in _CONCERNS_ADDRESS may go better
# with another address of the same host.
_SOCKS5_REPLIES: Final = {
    1: ("general failure of the proxy", errno.ECONNABORTED),
    2: ("the proxy's rules do not allow it", errno.EACCES),
    3: ("network unreachable", errno.ENETUNREACH),
    4: ("host unreachable", errno.EHOSTUNREACH),
    5: ("connection refused", errno.ECONNREFUSED),
    6: ("TTL expired", errno.ETIMEDOUT),
    7: ("the proxy does not know the command CONNECT", errno.EOPNOTSUPP),
    8: ("the proxy does not support this type of address", errno.EAFNOSUPPORT),
}
_CONCERNS_ADDRESS: Final = frozenset({1, 3, 4, 5, 6, 8, 91})

_SOCKS4_GRANTED: Final = 90
_SOCKS4_REPLIES: Final = {
    91: ("rejected or failed", errno.ECONNREFUSED),
    92: ("the proxy cannot reach an identd on this machine", errno.EACCES),
    93: ("this machine's identd knows the user by another name", errno.EACCES),
}

_METHODS: Final = {
    _NO_AUTHENTICATION: "no authentication",
    1: "GSSAPI",
    _USER_PASSWORD: "user name and password",
}


class SocksError(OSError):
    """A SOCKS proxy did not make the connection, or does not speak the protocol.

    `reply` is the code it gave as a reason (RFC 1928 §6; 91 to 93 for SOCKS4), None if none was
    given. `errno` is the nearest error number.
    """

    reply: int | None

    def __init__(self, number: int, text: str, reply: int | None = None) -> None:
        super().__init__(number, text)
        self.reply = reply

    @property
    def concerns_address(self) -> bool:
        """Whether another address of the same host may fare better."""
        return self.reply in _CONCERNS_ADDRESS


class SocksHandshake:
    """Feeds `steps` with bytes that arrive in pieces of any size.

    Raises what the first step raises when it is made, so that nothing is sent of a handshake that
    cannot go on. After an error it is of no more use.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._greeting, self._needed = next(steps)
        self._buffer = b""
        self._is_done = False
        self._has_begun = False

    @property
    def is_done(self) -> bool:
        """Whether the proxy has made the connection."""
        return self._is_done

    @property
    def has_begun(self) -> bool:
        """Whether the proxy has said anything."""
        return self._has_begun

    def start(self) -> bytes:
        """The first bytes for the proxy."""
        return self._greeting

    def receive(self, data: bytes) -> bytes:
        """Take the proxy's next bytes; the bytes to send in return.

        Raises `SocksError`, also for bytes after the end of the handshake: nobody has asked the
        target for anything yet, and they must not pass for its TLS (SEC-59).
        """
        self._has_begun = True
        self._buffer += data
        answer = b""
        while not self._is_done and len(self._buffer) >= self._needed:
            piece, self._buffer = self._buffer[: self._needed], self._buffer[self._needed :]
            try:
                to_send, self._needed = self._steps.send(piece)
            except StopIteration:
                self._is_done = True
            else:
                answer += to_send
        if self._is_done and self._buffer:
            raise _malformed("SOCKS", "nothing after the end of the handshake", self._buffer)
        return answer


# --- SOCKS5 --------------------------------------------------------------------------------------


def socks5_steps(host: str, port: int, credentials: tuple[str, str] | None = None) -> Steps:
    """The handshake of SOCKS5 for a connection to `host`, an address or a name, and `port`.

    `credentials` are a user name and a password; without them only anonymous access is offered.
    Raises `LocalProtocolError` before the first step for what does not fit into the protocol,
    `SocksError` for what the proxy answers.
    """
    request = b"\x05\x01\x00" + _address(host) + _port(port)
    login = b"" if credentials is None else _credentials(*credentials)
    methods = bytes([_NO_AUTHENTICATION, _USER_PASSWORD] if login else [_NO_AUTHENTICATION])

    version, method = yield bytes([5, len(methods)]) + methods, 2
    _expect_version("SOCKS5", 5, version, method)
    if method == _NONE_ACCEPTABLE:
        raise SocksError(errno.EACCES, _no_method_text(has_credentials=bool(login)))
    if method not in methods:
        name = _METHODS.get(method, "unknown")
        raise SocksError(
            errno.EPROTO,
            f"the SOCKS5 proxy chose method {method} ({name}), which was not offered",
        )
    if method == _USER_PASSWORD:
        version, status = yield login, 2
        _expect_version("SOCKS5 user name and password", 1, version, status)
        if status:
            raise SocksError(
                errno.EACCES,
                f"the SOCKS5 proxy refused the user name and password (status {status})",
            )

    # The code first: after a failure some proxies send no more than it.
    version, reply = yield request, 2
    _expect_version("SOCKS5", 5, version, reply)
    if reply:
        raise _refused("SOCKS5", f"{host} port {port}", reply, _SOCKS5_REPLIES)
    _, kind = yield b"", 2
    yield from _skip_bound_address(kind)


def _skip_bound_address(kind: int) -> Steps:
    """Take in, to the byte, the address the proxy connects from; nobody needs it."""
    if kind == _NAME:
        (length,) = yield b"", 1
    elif kind in (_IPV4, _IPV6):
        length = 4 if kind == _IPV4 else 16
    else:
        raise _malformed("SOCKS5", "a type of address (1, 3 or 4)", bytes([kind]))
    yield b"", length + 2


def _no_method_text(*, has_credentials: bool) -> str:
    if has_credentials:
        return "the SOCKS5 proxy accepts neither anonymous access nor user name and password"
    return (
        "the SOCKS5 proxy does not allow anonymous access; give it a user name and password "
        "with proxy_auth or in its URL"
    )


def _credentials(login: str, password: str) -> bytes:
    """RFC 1929 §2. An empty password is sent, though the RFC wants one byte: others do so too."""
    parts = [b"\x01"]
    for what, text in (("user name", login), ("password", password)):
        encoded = text.encode("utf-8")
        if len(encoded) > LENGTH_LIMIT:
            raise LocalProtocolError(
                f"the {what} for a SOCKS5 proxy may have {LENGTH_LIMIT} bytes, got {len(encoded)}"
            )
        parts += (bytes([len(encoded)]), encoded)
    return b"".join(parts)


def _address(host: str) -> bytes:
    """ATYP and DST.ADDR (RFC 1928 §4, §5)."""
    literal = _literal(host)
    if literal is None:
        name = _name(host)
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if literal.version == 4 else _IPV6]) + literal.packed


# --- SOCKS4, SOCKS4a -----------------------------------------------------------------------------


def socks4_steps(host: str, port: int, login: str = "") -> Steps:
    """The handshake of SOCKS4 for `host`, an IPv4 address, or of SOCKS4a if it is a name.

    `login` is the user name, without a password. Raises as `socks5_steps` does; SOCKS4 has no
    way to name an IPv6 address.
    """
    literal = _literal(host)
    if literal is None:
        address, name = b"\x00\x00\x00\x01", _name(host) + b"\x00"
    elif literal.version == 4:
        address, name = literal.packed, b""
    else:
        raise LocalProtocolError(
            f"SOCKS4 cannot connect to the IPv6 address {host}; use a SOCKS5 proxy"
        )
    user = login.encode("utf-8")
    if b"\x00" in user or len(user) > LENGTH_LIMIT:
        raise LocalProtocolError(
            f"the user name for a SOCKS4 proxy may have {LENGTH_LIMIT} bytes, none of them NUL"
        )

    version, reply = yield b"\x04\x01" + _port(port) + address + user + b"\x00" + name, 2
    _expect_version("SOCKS4", 0, version, reply)
    if reply != _SOCKS4_GRANTED:
        raise _refused("SOCKS4", f"{host} port {port}", reply, _SOCKS4_REPLIES)
    yield b"", 6


# --- both ----------------------------------------------------------------------------------------


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        # A zone names an interface of this machine and means nothing to the proxy.
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _name(host: str) -> bytes:
    """A name in IDNA form as bytes. Its end is found by a length, or by NUL in SOCKS4a."""
    if not host.isascii() or not host.isprintable() or not host or " " in host:
        raise LocalProtocolError(f"no host name that can be given to a SOCKS proxy: {quote(host)}")
    name = host.encode("ascii")
    if len(name) > LENGTH_LIMIT:
        raise LocalProtocolError(
            f"a host name for a SOCKS proxy may have {LENGTH_LIMIT} bytes, got {len(name)}: "
            f"{quote(host)}"
        )
    return name


def _port(port: int) -> bytes:
    if not 0 < port < 65536:
        raise LocalProtocolError(f"a port is a number from 1 to 65535, got {port}")
    return port.to_bytes(2, "big")


def _expect_version(protocol: str, expected: int, version: int, second: int) -> None:
    if version != expected:
        raise _malformed(protocol, f"version {expected}", bytes([version, second]))


def _malformed(protocol: str, expected: str, got: bytes) -> SocksError:
    return SocksError(
        errno.EPROTO, f"the proxy does not speak {protocol}: expected {expected}, got {quote(got)}"
    )


def _refused(
    protocol: str, target: str, reply: int, known: dict[int, tuple[str, int]]
) -> SocksError:
    text, number = known.get(reply, ("unknown reason", errno.ECONNABORTED))
    return SocksError(
        number,
        f"the {protocol} proxy did not connect to {target}: {text} (reply {reply})",
        reply,
    )
