"""The floor for WebSockets: frames put together once, bytes counted, nothing parsed."""

import asyncio
from urllib.parse import urlsplit

from ._conversations import END_OF_BURST, Conversation, flood_order

_BUFFER = 262144
_ANSWER = 2 + 20
"""Bytes; room for the frame of an answer in decimal."""


def header_size(length: int) -> int:
    """Bytes before an unmasked payload of this length (RFC 6455 §5.2)."""
    return 2 if length < 126 else 4 if length < 65536 else 10


def masked_frame(payload: bytes) -> bytes:
    """A binary message in one frame, masked with a key of zeros, which leaves it as it is."""
    length = len(payload)
    if length < 126:
        head = bytes((0x82, 0x80 | length))
    elif length < 65536:
        head = bytes((0x82, 0xFE)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x82, 0xFF)) + length.to_bytes(8, "big")
    return head + bytes(4) + payload


class _Counting(asyncio.BufferedProtocol):
    """Waits for a number of bytes; keeps the last read for who wants to look."""

    def __init__(self) -> None:
        self._buffer = bytearray(_BUFFER)
        self._left = 0
        self._waiter: asyncio.Future[bytes] | None = None

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._left -= nbytes
        if self._left <= 0 and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(bytes(self._buffer[: min(nbytes, 1024)]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionError("the server closed the WebSocket"))

    def expect(self, size: int) -> asyncio.Future[bytes]:
        """The last read once `size` more bytes have come."""
        self._left = size
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter


class FloorConversation(Conversation):
    """Knows how many bytes each answer takes."""

    def __init__(self, transport: asyncio.Transport, protocol: _Counting) -> None:
        self._transport = transport
        self._protocol = protocol

    async def echo(self, message: bytes, count: int, /) -> int:
        frame = masked_frame(message)
        size = len(message) + header_size(len(message))
        for _ in range(count):
            came = self._protocol.expect(size)
            self._transport.write(frame)
            await came
        return len(message) * count

    async def flood(self, size: int, count: int, /) -> int:
        came = self._protocol.expect(count * (size + header_size(size)))
        self._transport.write(masked_frame(flood_order(size, count)))
        await came
        return size * count

    async def burst(self, message: bytes, count: int, /) -> int:
        frame = masked_frame(message)
        came = self._protocol.expect(1)
        for _ in range(count):
            self._transport.write(frame)
        self._transport.write(masked_frame(END_OF_BURST))
        return int((await came)[2:_ANSWER])

    async def close(self) -> None:
        self._transport.close()
        await asyncio.sleep(0)


async def open_floor(url: str) -> Conversation:
    """Connects and shakes hands. Raises ConnectionError for anything but a 101 in one read."""
    parts = urlsplit(url)
    transport, protocol = await asyncio.get_running_loop().create_connection(
        _Counting, parts.hostname or "127.0.0.1", parts.port or 80
    )
    came = protocol.expect(1)
    transport.write(
        (
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        ).encode()
    )
    head = await came
    if not head.startswith(b"HTTP/1.1 101 ") or not head.endswith(b"\r\n\r\n"):
        transport.close()
        raise ConnectionError(f"expected a 101 in one read, got {head[:100]!r}")
    return FloorConversation(transport, protocol)
