"""A server that answers only when enough have asked: `... _barrier_server FOLDER`.

GET /together/N waits until N requests for it are there, then all are answered with "ok". So a
client has N connections, whatever its pool would rather have. FOLDER holds chain.pem and key.pem
for TLS, or is empty text for none. Prints its port; ends when its standard input does.
"""

import asyncio
import ssl
import sys
from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

_END_OF_HEAD = b"\r\n\r\n"


class Barrier:
    """Who waits for whom, by path."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[asyncio.Transport]] = {}

    def arrive(self, path: bytes, transport: asyncio.Transport) -> None:
        """Adds a request; answers all of its path if it was the last one they waited for."""
        waiting = self._waiting.setdefault(path, [])
        waiting.append(transport)
        if len(waiting) >= int(path.rpartition(b"/")[2]):
            for one in self._waiting.pop(path):
                one.write(ANSWER)


class BarrierProtocol(asyncio.Protocol):
    """Reads heads of requests without a body."""

    def __init__(self, barrier: Barrier) -> None:
        self._barrier = barrier
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Takes a request when its head is whole."""
        self._data += data
        head, found, rest = self._data.partition(_END_OF_HEAD)
        if found and self._transport is not None:
            self._data = rest
            self._barrier.arrive(head.split(b" ", 2)[1], self._transport)


def tls_context(folder: str) -> ssl.SSLContext | None:
    """The server's side of TLS; None for empty text."""
    if not folder:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(folder) / "chain.pem", Path(folder) / "key.pem")
    return context


async def _main(folder: str) -> None:
    barrier = Barrier()
    server = await asyncio.get_running_loop().create_server(
        lambda: BarrierProtocol(barrier), "127.0.0.1", 0, ssl=tls_context(folder), backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    from ._pinning import allow_many_files

    allow_many_files()
    asyncio.run(_main(sys.argv[1]))
