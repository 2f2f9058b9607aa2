"""A proxy for tests: HTTP, CONNECT, SOCKS4, SOCKS4a and SOCKS5 on one port of the loopback."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Self, cast

from wherry_codec import RequestHead, RequestHeadReader

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType

LOOPBACK = "127.0.0.1"


class ProxyRequest(NamedTuple):
    """What a proxy was asked for."""

    protocol: str
    """`http`, `connect`, `socks4` (also 4a) or `socks5`."""
    host: str
    """Name or address, just as it came."""
    port: int
    head: RequestHead | None = None
    """The request, of `http` and `connect`."""
    login: str | None = None
    """The user name, of SOCKS."""
    password: str | None = None


class FakeProxy:
    """Connects to where it is asked to, and remembers in `requests` what that was.

    Every host is this machine, on the port asked for. `ports` maps ports that were asked for to
    others, so that a test can ask for 443. With `login`, a user name and a password, SOCKS5 wants
    them. `ssl` makes it a proxy that is spoken to through TLS. An answer that `answers` has for a
    protocol is sent in place of the true one, and the connection closed.

        async with FakeProxy() as proxy:
            await session.get(url, proxy=proxy.url("socks5h"))
            print(proxy.requests)
    """

    def __init__(
        self,
        *,
        ports: Mapping[int, int] | None = None,
        login: tuple[str, str] | None = None,
        ssl: ssl.SSLContext | None = None,
        answers: Mapping[str, bytes] | None = None,
    ) -> None:
        self.requests: list[ProxyRequest] = []
        """What it was asked for, oldest first."""
        self.connections: int = 0
        """How many connections it has taken."""
        self.port: int = 0
        """Where it listens, once it does."""
        self._ports = dict(ports or {})
        self._login = login
        self._ssl = ssl
        self._answers = dict(answers or {})
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._serving: set[asyncio.Task[None]] = set()

    def url(self, scheme: str = "http", userinfo: str = "", host: str = LOOPBACK) -> str:
        """How to name it as a proxy."""
        return f"{scheme}://{userinfo}{'@' if userinfo else ''}{host}:{self.port}"

    async def wait_idle(self) -> None:
        """Return once no connection is open, neither from a client nor to a target."""
        await self._idle.wait()

    async def start(self) -> None:
        """Listen, on a free port."""
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0, ssl=self._ssl)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            _abort(writer)
        if self._serving:
            await asyncio.wait(self._serving)
        if self._server is not None:
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # --- one connection ------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open(writer)
        try:
            first = await reader.readexactly(1)
            if first == b"\x05":
                await self._serve_socks5(reader, writer)
            elif first == b"\x04":
                await self._serve_socks4(reader, writer)
            else:
                await self._serve_http(first, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went, which is its right
        finally:
            self._close(writer)

    def _open(self, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._idle.clear()

    def _close(self, writer: asyncio.StreamWriter) -> None:
        _abort(writer)
        self._writers.discard(writer)
        if not self._writers:
            self._idle.set()

    async def _serve_http(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        raw = first + await reader.readuntil(b"\r\n\r\n")
        head = RequestHeadReader().feed(raw)
        if head is None:
            return
        is_tunnel = head.method == "CONNECT"
        authority = head.target if is_tunnel else head.target.split("/")[2]
        host, port = _split(authority)
        protocol = "connect" if is_tunnel else "http"
        self.requests.append(ProxyRequest(protocol, host, port, head))
        if is_tunnel:
            await self._connect(protocol, port, b"HTTP/1.1 200 OK\r\n\r\n", reader, writer)
            return
        line, rest = raw.split(b"\r\n", 1)
        origin_form = "/" + head.target.split("/", 3)[3] if head.target.count("/") > 2 else "/"
        line = line.replace(head.target.encode(), origin_form.encode(), 1)
        await self._connect(protocol, port, b"", reader, writer, line + b"\r\n" + rest)

    async def _serve_socks5(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        wanted = 0 if self._login is None else 2
        if wanted not in methods:
            writer.write(b"\x05\xff")
            await writer.drain()
            return
        writer.write(bytes([5, wanted]))
        login = password = None
        if wanted == 2:
            await reader.readexactly(1)
            login, password = await _text(reader), await _text(reader)
            is_right = (login, password) == self._login
            writer.write(b"\x01\x00" if is_right else b"\x01\x01")
            await writer.drain()
            if not is_right:
                return
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = await _text(reader)
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.requests.append(ProxyRequest("socks5", host, port, None, login, password))
        granted = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38"
        await self._connect("socks5", port, granted, reader, writer)

    async def _serve_socks4(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = await reader.readexactly(7)
        port, address = int.from_bytes(request[1:3], "big"), request[3:]
        login = (await reader.readuntil(b"\x00"))[:-1].decode()
        if address[:3] == b"\x00\x00\x00" and address[3]:
            host = (await reader.readuntil(b"\x00"))[:-1].decode()
        else:
            host = str(ipaddress.ip_address(address))
        self.requests.append(ProxyRequest("socks4", host, port, None, login))
        await self._connect("socks4", port, b"\x00\x5a" + bytes(6), reader, writer)

    async def _connect(
        self,
        protocol: str,
        port: int,
        granted: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        first: bytes = b"",
    ) -> None:
        """Connect to the target, say so with `granted`, send it `first`, then carry the rest."""
        answer = self._answers.get(protocol)
        if answer is not None:
            writer.write(answer)
            await writer.drain()
            return
        port = self._ports.get(port, port)
        target_reader, target_writer = await asyncio.open_connection(LOOPBACK, port)
        self._open(target_writer)
        try:
            writer.write(granted)
            target_writer.write(first)
            await asyncio.gather(_carry(reader, target_writer), _carry(target_reader, writer))
        finally:
            self._close(target_writer)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes from one side to the other, until one of them ends."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    # Not half-closed: TLS cannot be, and HTTP needs it for nothing.
    writer.close()


async def _text(reader: asyncio.StreamReader) -> str:
    return (await reader.readexactly((await reader.readexactly(1))[0])).decode()


def _split(authority: str) -> tuple[str, int]:
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        return authority.strip("[]"), 80
    return host.strip("[]"), int(port)


def _abort(writer: asyncio.StreamWriter) -> None:
    cast("asyncio.Transport", writer.transport).abort()  # what start_server makes
