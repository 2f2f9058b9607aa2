"""The contestants for WebSockets, each in the way its documentation shows."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ._clients import NotOfferedError
from ._conversations import END_OF_BURST, Conversation, TurnTaking, flood_order
from ._socket_floor import open_floor

_LARGEST = 16 * 1024 * 1024
"""Bytes; above all messages of the scenarios."""

_WINDOW_BITS = 15


class _AiohttpStyle(TurnTaking):
    """wherry and aiohttp."""

    def __init__(self, session: Any, socket: Any) -> None:
        self._session = session
        self._socket = socket

    async def send(self, message: bytes, /) -> None:
        await self._socket.send_bytes(message)

    async def receive(self) -> bytes:
        message: bytes = await self._socket.receive_bytes()
        return message

    async def close(self) -> None:
        await self._socket.close()
        await self._session.close()


async def _open_aiohttp_style(module: str, url: str, compressed: bool) -> Conversation:
    session: Any = importlib.import_module(module).ClientSession()
    try:
        compress = _WINDOW_BITS if compressed else 0
        socket = await session.ws_connect(url, compress=compress, max_msg_size=_LARGEST)
    except BaseException:
        await session.close()
        raise
    return _AiohttpStyle(session, socket)


class _Websockets(TurnTaking):
    """websockets, its asyncio client."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def send(self, message: bytes, /) -> None:
        await self._connection.send(message)

    async def receive(self) -> bytes:
        message: bytes = await self._connection.recv()
        return message

    async def close(self) -> None:
        await self._connection.close()


async def _open_websockets(url: str, compressed: bool) -> Conversation:
    connect: Any = importlib.import_module("websockets.asyncio.client").connect
    compression = "deflate" if compressed else None
    # Pings of its own would be in the way of nobody else's messages.
    return _Websockets(
        await connect(
            url, compression=compression, max_size=_LARGEST, ping_interval=None, proxy=None
        )
    )


class _Picows(Conversation):
    """picows calls back for each frame, so the conversation goes on in the callback."""

    def __init__(self, package: Any) -> None:
        self._binary = package.WSMsgType.BINARY
        self.transport: Any = None
        self._done: asyncio.Future[int] | None = None
        self._again = b""
        self._left = 0
        self._size = 0
        self._last = b""

    def frame_received(self, frame: Any) -> None:
        """Counts, and sends the next message where one is due."""
        self._last = frame.get_payload_as_bytes()
        self._size += len(self._last)
        self._left -= 1
        if self._left == 0:
            self._finish()
        elif self._again:
            self.transport.send(self._binary, self._again)

    def connection_lost(self) -> None:
        """Fails the exchange that is going on."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError("the server closed the WebSocket"))

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(self._size)

    def _start(self, count: int, again: bytes = b"") -> asyncio.Future[int]:
        self._left, self._size, self._again = count, 0, again
        self._done = asyncio.get_running_loop().create_future()
        return self._done

    async def echo(self, message: bytes, count: int, /) -> int:
        done = self._start(count, message)
        self.transport.send(self._binary, message)
        return await done

    async def flood(self, size: int, count: int, /) -> int:
        done = self._start(count)
        self.transport.send(self._binary, flood_order(size, count))
        return await done

    async def burst(self, message: bytes, count: int, /) -> int:
        done = self._start(1)
        for _ in range(count):
            self.transport.send(self._binary, message)
        self.transport.send(self._binary, END_OF_BURST)
        await done
        return int(self._last)

    async def close(self) -> None:
        self.transport.disconnect()
        await self.transport.wait_disconnected()


async def _open_picows(url: str, compressed: bool) -> Conversation:
    if compressed:
        raise NotOfferedError("picows has no permessage-deflate")
    package: Any = importlib.import_module("picows")
    conversation = _Picows(package)

    class Listener(package.WSListener):  # type: ignore[misc]  # Any: its types may be missing
        def on_ws_frame(self, transport: object, frame: object) -> None:
            conversation.frame_received(frame)

        def on_ws_disconnected(self, transport: object) -> None:
            conversation.connection_lost()

    conversation.transport, _ = await package.ws_connect(Listener, url)
    return conversation


async def _open_floor(url: str, compressed: bool) -> Conversation:
    if compressed:
        raise NotOfferedError("the floor does not compress")
    return await open_floor(url)


_OPENERS: dict[str, Callable[[str, bool], Awaitable[Conversation]]] = {
    "wherry": partial(_open_aiohttp_style, "wherry"),
    "aiohttp": partial(_open_aiohttp_style, "aiohttp"),
    "websockets": _open_websockets,
    "picows": _open_picows,
    "floor": _open_floor,
}

SOCKET_CLIENTS = tuple(_OPENERS)
"""The names `open_conversation` knows."""


async def open_conversation(name: str, url: str, *, compressed: bool) -> Conversation:
    """A WebSocket of a contestant by name.

    Raises NotOfferedError for one that cannot compress, ImportError if it is not installed.
    """
    return await _OPENERS[name](url, compressed)
