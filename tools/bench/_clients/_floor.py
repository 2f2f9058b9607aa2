"""The floor: what asyncio itself costs, with next to no client on top.

`RawClient` writes request bytes, finds the end of the response by its Content-Length and parses
nothing. `IdleProtocol` does not even look. No client on the same event loop can be faster than
these.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from .._bodies import COOKIE_HEADER
from ._contract import Chunks, Setup

_LENGTH = b"\r\nContent-Length: "
_BUFFER = 262144
_REMEMBERED = 1000
"""URLs whose request bytes are kept."""


class IdleProtocol(asyncio.BufferedProtocol):
    """Takes each read for a whole response: for a server known to answer in one piece."""

    def __init__(self) -> None:
        self._buffer = bytearray(_BUFFER)
        self._waiter: asyncio.Future[int] | None = None
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Fails the request in flight."""
        self._fail(exc or ConnectionError("the server closed the connection"))

    def get_buffer(self, sizehint: int) -> bytearray:
        """One buffer for every read."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """The response is there."""
        self._finish(nbytes)

    def send(self, request: bytes) -> "asyncio.Future[int]":
        """Writes a request; the future gives the size of the body, or of all that came."""
        if self.transport is None:
            raise ConnectionError("expected a connected protocol, got one without a transport")
        self._waiter = self._loop.create_future()
        self.transport.write(request)
        return self._waiter

    def _fail(self, exc: Exception) -> None:
        """The request in flight cannot end well any more, nor can the connection be used again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc)
        if self.transport is not None:
            self.transport.close()

    def _finish(self, size: int) -> None:
        if self._waiter is not None:
            self._waiter.set_result(size)


class RawProtocol(IdleProtocol):
    """Counts the body down from Content-Length; the head comes whole, spelt as nginx does."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 0
        self._size = 0

    def buffer_updated(self, nbytes: int) -> None:
        """Takes the length from the first read, then counts."""
        if self._left == 0:
            try:
                self._size, nbytes = self._read_head(nbytes)
            except ValueError as exc:
                self._fail(exc)
                return
            self._left = self._size
        self._left -= nbytes
        if self._left == 0:
            self._finish(self._size)

    def _read_head(self, nbytes: int) -> tuple[int, int]:
        """The length of the body, and how many bytes of it came with the head."""
        end = self._buffer.find(b"\r\n\r\n", 0, nbytes) + 4
        at = self._buffer.find(_LENGTH, 0, end) + len(_LENGTH)
        if end < 4 or at < len(_LENGTH) or not self._buffer.startswith(b"HTTP/1.1 200 "):
            raise ValueError(
                "expected a 200 with Content-Length in one read,"
                f" got {bytes(self._buffer[: min(nbytes, 100)])!r}"
            )
        return int(self._buffer[at : self._buffer.find(b"\r", at, end)]), nbytes - end


class RawClient:
    """Keep-alive connections: used again as soon as idle, opened as many as are needed."""

    protocol: type[IdleProtocol] = RawProtocol

    def __init__(self, setup: Setup = Setup()) -> None:  # noqa: B008 - frozen
        self._idle: dict[str, list[IdleProtocol]] = {}
        self._heads: dict[str, bytes] = {}
        self._cold = setup.cold
        self._cookie = COOKIE_HEADER if setup.cookies else ""
        self._tls = ssl.create_default_context(cafile=setup.ca_file) if setup.ca_file else None

    async def get(self, url: str, /) -> int:
        """GET; the request bytes are put together once per URL."""
        request = self._heads.get(url)
        if request is None:
            request = self._head("GET", url) + b"\r\n"
            # A scenario may have a URL for each request.
            if len(self._heads) < _REMEMBERED:
                self._heads[url] = request
        return await self._exchange(url, request)

    async def get_json(self, url: str, /) -> int:
        """GET; the body is not decoded, this is the floor."""
        return await self.get(url)

    async def get_stream(self, url: str, /) -> int:
        """GET; the floor keeps no body anyway."""
        return await self.get(url)

    async def post_json(self, url: str, value: object, /) -> int:
        """POST of a value encoded as JSON."""
        return await self._post(url, json.dumps(value).encode(), "application/json")

    async def post_bytes(self, url: str, body: bytes, /) -> int:
        """POST; head and body in one write."""
        return await self._post(url, body, "application/octet-stream")

    async def post_file(self, url: str, path: str, /) -> int:
        """POST of a file, read in one piece."""
        return await self.post_bytes(url, Path(path).read_bytes())  # noqa: ASYNC240

    async def post_chunks(self, url: str, chunks: Chunks, /) -> int:
        """POST of the chunks, joined."""
        return await self.post_bytes(url, b"".join([chunk async for chunk in chunks()]))

    async def post_form(self, url: str, fields: Mapping[str, str], content: bytes, /) -> int:
        """POST of the content and the fields' text, without the multipart syntax around them."""
        return await self.post_bytes(url, "".join(fields.values()).encode() + content)

    async def _post(self, url: str, body: bytes, media_type: str) -> int:
        fields = f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        return await self._exchange(url, self._head("POST", url) + fields.encode() + body)

    def _head(self, method: str, url: str) -> bytes:
        parts = urlsplit(url)
        target = f"{method} {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        return (target + self._cookie).encode()

    async def _exchange(self, url: str, request: bytes) -> int:
        # scheme://host:port, without parsing the rest on the way of each request
        origin = url[: url.find("/", 8)]
        idle = self._idle.setdefault(origin, [])
        connection = idle.pop() if idle else await self._open(url)
        size = await connection.send(request)
        if self._cold:
            if connection.transport is not None:
                connection.transport.close()
        else:
            idle.append(connection)
        return size

    async def _open(self, url: str) -> IdleProtocol:
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(
            self.protocol,
            parts.hostname or "127.0.0.1",
            parts.port or 80,
            ssl=self._tls if parts.scheme == "https" else None,
        )
        return made

    async def close(self) -> None:
        """Closes the idle connections."""
        for connection in (one for idle in self._idle.values() for one in idle):
            if connection.transport is not None:
                connection.transport.close()
        self._idle.clear()
        await asyncio.sleep(0)


class IdleClient(RawClient):
    """The same over `IdleProtocol`."""

    protocol = IdleProtocol
