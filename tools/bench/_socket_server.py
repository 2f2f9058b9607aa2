"""The WebSocket servers' own process: `python -m tools.bench._socket_server KIND CPU`.

KIND is "picows", a server in C that does /echo, /flood and /sink without compression, or
"websockets", which does /echo with permessage-deflate. It prints its port, and ends when its
standard input does.
"""

import asyncio
import importlib
import sys
from typing import Any

from ._conversations import END_OF_BURST
from ._pinning import pin

_PIECE = 65536
_LARGEST = 16 * 1024 * 1024


def flood_pieces(order: bytes) -> list[bytes]:
    """The frames a /flood sends, joined into writes of about 64 KiB.

    Made and written at once: a server that wrote frame by frame would be slower than its clients.
    """
    count, size = map(int, order.split())
    frame = _frame(bytes(size))
    batch = max(1, _PIECE // len(frame))
    whole, rest = divmod(count, batch)
    return [frame * batch] * whole + ([frame * rest] if rest else [])


def _frame(payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes((0x82, len(payload))) + payload
    return bytes((0x82, 126)) + len(payload).to_bytes(2, "big") + payload


def _picows_listener(package: Any, path: str) -> Any:
    binary, close = package.WSMsgType.BINARY, package.WSMsgType.CLOSE

    class Echo(package.WSListener):  # type: ignore[misc]  # Any: its types may be missing
        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type == binary:
                self.binary_received(transport, frame)
            elif frame.msg_type == close:
                # Clients wait for the answer to their closing handshake.
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()

        def binary_received(self, transport: Any, frame: Any) -> None:
            transport.send(binary, frame.get_payload_as_bytes())

    class Flood(Echo):
        def binary_received(self, transport: Any, frame: Any) -> None:
            for piece in flood_pieces(frame.get_payload_as_bytes()):
                transport.underlying_transport.write(piece)

    class Sink(Echo):
        def __init__(self) -> None:
            self._size = 0

        def binary_received(self, transport: Any, frame: Any) -> None:
            if frame.payload_size == 1 and frame.get_payload_as_bytes() == END_OF_BURST:
                transport.send(binary, b"%d" % self._size)
                self._size = 0
            else:
                self._size += frame.payload_size

    return {"/echo": Echo, "/flood": Flood, "/sink": Sink}[path]()


async def serve_picows() -> Any:
    """Starts the server without compression; any of its paths."""
    package: Any = importlib.import_module("picows")
    return await package.ws_create_server(
        lambda request: _picows_listener(package, request.path.decode()), "127.0.0.1", 0
    )


async def _echo(connection: Any) -> None:
    async for message in connection:
        await connection.send(message)


async def serve_websockets() -> Any:
    """Starts the server that compresses."""
    serve: Any = importlib.import_module("websockets.asyncio.server").serve
    return await serve(
        _echo, "127.0.0.1", 0, compression="deflate", max_size=_LARGEST, ping_interval=None
    )


async def _main(kind: str) -> None:
    server = await (serve_picows() if kind == "picows" else serve_websockets())
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    pin(int(sys.argv[2]) if sys.argv[2] else None)
    asyncio.run(_main(sys.argv[1]))
