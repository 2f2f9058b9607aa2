"""The opening handshake, RFC 6455 §4, with permessage-deflate, RFC 7692 §7.1: fields to send,
answers to judge.

Pure functions over fields. Who sends the request, follows redirects or closes the connection is not
known here.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ._deflate import MAX_WINDOW_BITS, MIN_WINDOW_BITS, check_window_bits
from ._extensions import Extension, ExtensionSyntaxError, parse_extensions, split_list
from .messages import WS_KEY

if TYPE_CHECKING:
    from multidict import MultiMapping

VERSION: Final = 13
_DEFLATE: Final = "permessage-deflate"
_FLAGS: Final = ("client_no_context_takeover", "server_no_context_takeover")
_WINDOWS: Final = ("client_max_window_bits", "server_max_window_bits")
_UNSAFE: Final = frozenset({*map(chr, range(0x20)), "\x7f"})


class HandshakeRefused(ValueError):  # noqa: N818 - says what happened; the session turns it into its own error
    """The other side's half of the opening handshake is not acceptable; the text says what was
    expected.
    """


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an opening handshake agreed on.

    `protocol` is the subprotocol or `None`; `compress` the window size for one's own messages (9 to
    15), 0 without compression. The two flags say whose messages stand alone (RFC 7692 §7.1.1).
    """

    protocol: str | None = None
    compress: int = 0
    client_notakeover: bool = False
    server_notakeover: bool = False


def make_key(random: Callable[[int], bytes] = os.urandom) -> str:
    """A fresh `Sec-WebSocket-Key`: base64 of 16 bytes of `random`."""
    return base64.b64encode(random(16)).decode("ascii")


def accept_value(key: str) -> str:
    """The `Sec-WebSocket-Accept` that belongs to `key` (RFC 6455 §4.2.2)."""
    # SHA-1 is what the RFC names; it proves that the peer speaks WebSocket and protects nothing.
    digest = hashlib.sha1(key.encode("latin-1") + WS_KEY, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def handshake_fields(
    key: str,
    *,
    protocols: Iterable[str] = (),
    origin: str | None = None,
    compress: int = 0,
    version: int = VERSION,
) -> list[tuple[str, str]]:
    """The field lines of a client's opening handshake, in the order they are sent.

    `compress` is 0 for no offer, 15, or 9 to 14 to ask the server for a window of that size too.
    Raises ValueError for another `compress`, and for a control character in a protocol or the
    origin; TypeError if `protocols` is one string.
    """
    fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", str(version)),
        ("Sec-WebSocket-Key", key),
    ]
    if isinstance(protocols, str):
        raise TypeError(f"protocols is a sequence of names; got the string {protocols[:100]!r}")
    names = [_clean("a subprotocol", name) for name in protocols]
    if names:
        fields.append(("Sec-WebSocket-Protocol", ",".join(names)))
    if origin is not None:
        fields.append(("Origin", _clean("the origin", origin)))
    if compress:
        fields.append(("Sec-WebSocket-Extensions", _offer(compress)))
    return fields


def _clean(what: str, value: str) -> str:
    if not _UNSAFE.isdisjoint(value):
        raise ValueError(f"{what} has no control characters; got {value[:100]!r}")
    return value


def _offer(compress: int) -> str:
    check_window_bits(compress)
    offer = f"{_DEFLATE}; client_max_window_bits"
    return offer if compress == MAX_WINDOW_BITS else f"{offer}; server_max_window_bits={compress}"


def check_handshake(
    status: int,
    headers: "MultiMapping[str]",
    key: str,
    *,
    protocols: Iterable[str] = (),
    compress: int = 0,
) -> Accepted:
    """What the server's answer to `handshake_fields()` with the same arguments agrees to.

    `headers` is a case-insensitive multidict. A subprotocol that was not offered is passed over, an
    extension that was not offered too. Raises HandshakeRefused (RFC 6455 §4.1, the client's checks
    in their order).
    """
    if status != 101:
        raise HandshakeRefused(f"expected status 101 Switching Protocols; got {status}")
    _check_upgrade(headers)
    accepts = headers.getall("Sec-WebSocket-Accept", [])
    expected = accept_value(key)
    if [value.strip() for value in accepts] != [expected]:
        raise HandshakeRefused(f"expected Sec-WebSocket-Accept {expected!r}; got {_show(accepts)}")
    offered = list(protocols)
    named = split_list(headers.getall("Sec-WebSocket-Protocol", []))
    protocol = next((name for name in named if name in offered), None)
    extension = _deflate_extension(headers) if compress else None
    if extension is None:
        return Accepted(protocol)
    parameters = _parameters(extension)
    bits = parameters.get("client_max_window_bits", MAX_WINDOW_BITS)
    if bits is None:
        raise HandshakeRefused("expected a number with client_max_window_bits; got none")
    return replace(_accepted(parameters, bits), protocol=protocol)


def _check_upgrade(headers: "MultiMapping[str]") -> None:
    upgrade = headers.getall("Upgrade", [])
    if [value.strip().lower() for value in upgrade] != ["websocket"]:
        raise HandshakeRefused(f"expected the field Upgrade: websocket; got {_show(upgrade)}")
    connection = headers.getall("Connection", [])
    if "upgrade" not in (token.lower() for token in split_list(connection)):
        raise HandshakeRefused(f"expected the token upgrade in Connection; got {_show(connection)}")


def _show(values: list[str]) -> str:
    return repr(", ".join(values)[:100]) if values else "no such field"


def _deflate_extension(headers: "MultiMapping[str]") -> Extension | None:
    try:
        extensions = parse_extensions(headers.getall("Sec-WebSocket-Extensions", []))
    except ExtensionSyntaxError as exc:
        raise HandshakeRefused(str(exc)) from exc
    found = [extension for extension in extensions if extension.name == _DEFLATE]
    if len(found) > 1:
        raise HandshakeRefused(f"expected {_DEFLATE} at most once; got it {len(found)} times")
    return found[0] if found else None


def _parameters(extension: Extension) -> dict[str, int | None]:
    """The parameters of RFC 7692 §7.1, window sizes as numbers, the others as `None`; anything else
    is refused.
    """
    found: dict[str, int | None] = {}
    for name, value in extension.parameters:
        if name in found:
            raise HandshakeRefused(f"expected each parameter of {_DEFLATE} once; got {name} twice")
        if name in _WINDOWS and value is not None:
            found[name] = _window_bits(name, value)
        elif value is None and (name in _FLAGS or name == "client_max_window_bits"):
            found[name] = None
        else:
            shown = name if value is None else f"{name}={value}"
            raise HandshakeRefused(
                f"expected only the {_DEFLATE} parameters of RFC 7692; got {shown[:100]!r}"
            )
    return found


def _accepted(parameters: dict[str, int | None], compress: int) -> Accepted:
    return Accepted(
        compress=compress,
        client_notakeover="client_no_context_takeover" in parameters,
        server_notakeover="server_no_context_takeover" in parameters,
    )


def _window_bits(name: str, value: str) -> int:
    # Plain decimals only: int() would take "+9", " 9" and other digits.
    if value.isascii() and value.isdigit() and len(value) <= 2:
        bits = int(value)
        if MIN_WINDOW_BITS <= bits <= MAX_WINDOW_BITS and not value.startswith("0"):
            return bits
    raise HandshakeRefused(
        f"expected {name} from {MIN_WINDOW_BITS} to {MAX_WINDOW_BITS}; got {value[:100]!r}"
    )


def accept_handshake(
    headers: "MultiMapping[str]", *, protocols: Iterable[str] = (), compress: int = 0
) -> tuple[list[tuple[str, str]], Accepted]:
    """A server's answer to an opening handshake: the field lines to send with status 101, and what
    they agree to.

    The first of `protocols` that the client offered is chosen. `compress` (0, or 9 to 15) allows
    permessage-deflate when offered, with at most that window for the client. Raises
    HandshakeRefused (RFC 6455 §4.2.1).
    """
    _check_upgrade(headers)
    versions = headers.getall("Sec-WebSocket-Version", [])
    if [value.strip() for value in versions] != [str(VERSION)]:
        raise HandshakeRefused(f"expected Sec-WebSocket-Version {VERSION}; got {_show(versions)}")
    key = _client_key(headers)
    offered = split_list(headers.getall("Sec-WebSocket-Protocol", []))
    protocol = next((name for name in protocols if name in offered), None)
    fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_value(key)),
    ]
    if protocol is not None:
        fields.append(("Sec-WebSocket-Protocol", protocol))
    agreed = _agree(headers, compress) if compress else None
    if agreed is None:
        return fields, Accepted(protocol)
    answer, accepted = agreed
    fields.append(("Sec-WebSocket-Extensions", answer))
    return fields, replace(accepted, protocol=protocol)


def _client_key(headers: "MultiMapping[str]") -> str:
    keys = [value.strip() for value in headers.getall("Sec-WebSocket-Key", [])]
    try:
        if len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16:
            return keys[0]
    except ValueError:
        pass  # told below, like a key of another length
    raise HandshakeRefused(f"expected one Sec-WebSocket-Key, base64 of 16 bytes; got {_show(keys)}")


def _agree(headers: "MultiMapping[str]", compress: int) -> tuple[str, Accepted] | None:
    """The answer to the first offer of permessage-deflate that can be accepted (RFC 7692 §5)."""
    check_window_bits(compress)
    try:
        offers = parse_extensions(headers.getall("Sec-WebSocket-Extensions", []))
    except ExtensionSyntaxError as exc:
        raise HandshakeRefused(str(exc)) from exc
    for offer in offers:
        if offer.name == _DEFLATE:
            try:
                return _answer_offer(offer, compress)
            except HandshakeRefused:
                continue  # RFC 7692 §7.1: declined for a parameter unknown or out of range
    return None


def _answer_offer(offer: Extension, compress: int) -> tuple[str, Accepted]:
    asked = _parameters(offer)
    answer = [_DEFLATE, *(flag for flag in _FLAGS if flag in asked)]
    if "client_max_window_bits" in asked:
        most = asked["client_max_window_bits"] or MAX_WINDOW_BITS
        answer.append(f"client_max_window_bits={min(compress, most)}")
    ours = MAX_WINDOW_BITS
    if "server_max_window_bits" in asked:
        ours = min(compress, asked["server_max_window_bits"] or MAX_WINDOW_BITS)
        answer.append(f"server_max_window_bits={ours}")
    return "; ".join(answer), _accepted(asked, ours)
