"""Sockets for a server: an asyncio shell around the codec's server role.

Decides when bytes are read and written, and that nothing is left open. What is answered is the
handler's business; HTTP/1.1 itself is the codec's.
"""

import asyncio
import ssl
from types import TracebackType
from typing import Self

from wherry_codec.testing import Handler, serve_bytes


class _Connection(asyncio.Protocol):
    """One client, from its connection to its end."""

    def __init__(self, handler: Handler, connections: "set[_Connection]") -> None:
        self._server = serve_bytes(handler)
        self._connections = connections
        self.transport: asyncio.Transport | None = None
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A TCP or TLS server gets nothing else; the base type is what asyncio declares.
        self.transport = transport  # type: ignore[assignment]
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._answer(data)

    def eof_received(self) -> bool:
        self._answer(b"")
        return False  # nothing more to say: close

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self.gone.set_result(None)

    def _answer(self, data: bytes) -> None:
        transport = self.transport
        if transport is None:
            return
        for piece in self._server.receive(data):
            transport.write(piece)
        if self._server.is_closed:
            transport.close()


class LocalServer:
    """A server on the loopback interface, at a port of the system's choice, within `async with`.

    `handler` is called for each request. At the end every connection is closed.
    """

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`, without a slash at the end; `https` with TLS."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._handler, self._connections),
            "127.0.0.1",
            0,
            ssl=self._tls,
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        left = list(self._connections)
        for connection in left:
            if connection.transport is not None:
                connection.transport.abort()
        # Before wait_closed(), which does not wait for them in every version of Python.
        await asyncio.gather(*(connection.gone for connection in left))
        await self._server.wait_closed()
