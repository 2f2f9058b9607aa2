"""A small web server on a loopback socket, for tests that want a real one.

HTTP is the business of `wherry_codec.testing.serve_bytes`; here are only the sockets around it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, cast

from yarl import URL

from wherry_codec.testing import serve_bytes

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import TracebackType
    from typing import Self

    from wherry_codec.testing import Handler

_LINGER_NOT = struct.pack("ii", 1, 0)


class LoopbackConnection(asyncio.Protocol):
    """One connection to a `LoopbackServer`. A test may look at it and take it over."""

    def __init__(self, handler: Handler) -> None:
        self.received: bytearray = bytearray()
        """Every byte the client sent."""
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is over."""
        self.failure: Exception | None = None
        """What the handler raised."""
        self.was_made: bool = False
        """Whether the connection, TLS included, ever stood."""
        self._server = serve_bytes(handler)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self.was_made = True
        self._transport = cast("asyncio.Transport", transport)  # what create_server makes

    def data_received(self, data: bytes) -> None:
        """Called by the loop: answer what arrived."""
        self.received += data
        self._answer(data)

    def eof_received(self) -> None:
        """Called by the loop: the client sends no more."""
        self._answer(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._transport = None
        if not self.lost.done():
            self.lost.set_result(None)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Send what is buffered, then close."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Break the connection, so that the client sees a reset."""
        if self._transport is not None:
            sock = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):  # gone already
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            self._transport.abort()

    def _answer(self, data: bytes) -> None:
        try:
            for piece in self._server.receive(data):
                self.send(piece)
        except ConnectionResetError:
            self.reset()
            return
        except Exception as error:
            self.failure = error
            self.reset()
            return
        if self._server.is_closed:
            self.close()


class LoopbackServer:
    """Answers requests on 127.0.0.1 while its `async with` block lasts.

    `handler` gets a `wherry_codec.Request` and the whole body and returns a `ResponsePlan` or a
    `RawPlan`. A `RawPlan([], closes=False)` lets the client wait; raising `ConnectionResetError`
    breaks the connection. Anything else it raises comes out at the end of the block. With `ssl`, a
    server-side context, it speaks TLS.
    """

    def __init__(self, handler: Handler, *, ssl: SSLContext | None = None) -> None:
        self._handler = handler
        self._ssl = ssl
        self._server: asyncio.Server | None = None
        self.connections: list[LoopbackConnection] = []
        """All connections so far, closed ones included."""

    @property
    def url(self) -> URL:
        """The URL of the server's root."""
        return URL.build(scheme="https" if self._ssl else "http", host="127.0.0.1", port=self.port)

    @property
    def port(self) -> int:
        """The port it listens on; `RuntimeError` outside of the `async with` block."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the server listens only inside its async with block")
        return int(self._server.sockets[0].getsockname()[1])

    def _accept(self) -> LoopbackConnection:
        connection = LoopbackConnection(self._handler)
        self.connections.append(connection)
        return connection

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, "127.0.0.1", 0, ssl=self._ssl)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self.connections:
            connection.reset()
        # Each transport reports connection_lost in a later turn of the loop. Of one whose TLS
        # handshake failed nothing is ever heard.
        made = [connection for connection in self.connections if connection.was_made]
        await asyncio.gather(*(connection.lost for connection in made))
        for connection in self.connections:
            if connection.failure is not None:
                raise connection.failure
