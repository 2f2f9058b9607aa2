"""Connections that never leave the process: pairs of transports, and what a test holds at their
ends.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from .._messages import Message
from .._protocol import WebSocketProtocol
from .._state import Role
from ..messages import WS_CLOSED_MESSAGE
from ..protocols import FrameReceiver, FrameTransport

_TIMEOUT: Final = 5.0
"""Seconds a test waits for what has to come."""


class MemoryTransport:
    """One end of a connection that never leaves the process; see `memory_pair()`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        high_water: int,
        extra_info: Mapping[str, object],
    ) -> None:
        self._loop = loop
        self._high_water = high_water
        self._extra_info = extra_info
        self._peer = self
        self._receiver: FrameReceiver | None = None
        self._incoming: deque[bytes] = deque()
        self._size = 0  # of _incoming, in bytes
        self._reading = True
        self._scheduled = False
        self._full = False  # this end was told to pause writing
        self._closing = False
        self._lost = False
        self._error: BaseException | None = None  # what the connection broke with
        self.writes: list[bytes] = []
        """Every `write()`, for tests that count them."""

    def connect(self, peer: "MemoryTransport") -> None:
        """Make `peer` the other end of this one."""
        self._peer = peer

    def attach(self, receiver: FrameReceiver, /) -> None:
        """Start delivery; what the peer wrote before is delivered now."""
        self._receiver = receiver
        self._deliver()
        self._schedule()

    def write(self, data: bytes, /) -> None:
        """Hand `data` to the peer in a later turn of the loop."""
        if self._closing or not data:
            return
        self.writes.append(data)
        self._peer.put(data)
        if self._peer.unread > self._high_water and not self._full and self._receiver is not None:
            self._full = True
            self._receiver.pause_writing()

    def put(self, data: bytes) -> None:
        """Queue bytes from the peer for delivery."""
        self._incoming.append(data)
        self._size += len(data)
        self._schedule()

    @property
    def unread(self) -> int:
        """Bytes written by the peer and not delivered yet."""
        return self._size

    @property
    def is_reading(self) -> bool:
        """Whether delivery is not paused."""
        return self._reading

    def pause_reading(self) -> None:
        """Stop delivery."""
        self._reading = False

    def resume_reading(self) -> None:
        """Go on with delivery, in a later turn."""
        self._reading = True
        self._schedule()

    def close(self) -> None:
        """End the connection when the peer has been given everything."""
        self._closing = True
        self._schedule()
        self._peer.notice()

    def abort(self) -> None:
        """End the connection now; the peer sees a reset."""
        self._closing = True
        self._incoming.clear()
        self._size = 0
        self._peer.reset()
        self._schedule()

    def notice(self) -> None:
        """The peer is closing; look again in a later turn."""
        self._schedule()

    def reset(self) -> None:
        """The peer aborted."""
        self._incoming.clear()
        self._size = 0
        self._closing = True
        self._error = ConnectionResetError("connection reset by peer")
        self._schedule()

    def is_closing(self) -> bool:
        """Whether writes are ignored."""
        return self._closing

    def get_extra_info(self, name: str, default: object = None) -> object:
        """From the mapping given to `memory_pair()`."""
        return self._extra_info.get(name, default)

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        self._deliver()
        if self._full and self._peer.unread * 2 <= self._high_water:
            self._full = False
            if self._receiver is not None and not self._lost:
                self._receiver.resume_writing()
        if self._is_done():
            self._lose()

    def _deliver(self) -> None:
        before = self._size
        while self._incoming and self._reading and self._receiver is not None and not self._lost:
            data = self._incoming.popleft()
            self._size -= len(data)
            self._receiver.data_received(data)
        if self._size < before:
            self._peer.notice_drained()

    def notice_drained(self) -> None:
        """The peer took something; room or the end may follow."""
        if self._full or self._closing:
            self._schedule()

    def _is_done(self) -> bool:
        if self._peer.is_closing() and not self._incoming:
            return True
        return self._closing and self._peer.unread == 0

    def _lose(self) -> None:
        self._closing = True
        if self._lost or self._receiver is None:
            return
        self._lost = True
        self._receiver.connection_lost(self._error)
        self._peer.notice()


def memory_pair(
    *, high_water: int = 65536, extra_info: Mapping[str, object] | None = None
) -> tuple[MemoryTransport, MemoryTransport]:
    """Two connected `FrameTransport`s. Delivery takes place in later turns of the running loop,
    never within a write.

    `high_water` is the number of undelivered bytes above which a writer is asked to pause.
    """
    loop = asyncio.get_running_loop()
    one, other = (
        MemoryTransport(loop, high_water=high_water, extra_info=extra_info or {}) for _ in range(2)
    )
    one.connect(other)
    other.connect(one)
    return one, other


class MemoryPeer:
    """A `PeerEnd` over any `FrameTransport`, and a receiver that remembers what it was told."""

    def __init__(self, transport: FrameTransport) -> None:
        self._transport = transport
        self._news = asyncio.Event()
        self.received: bytearray = bytearray()
        """Everything that arrived and was not taken by `receive()`."""
        self.ends: list[BaseException | None] = []
        """What `connection_lost()` was called with, once if the transport is right."""
        self.pauses: list[str] = []
        """`pause` and `resume` in the order the transport asked for them."""
        transport.attach(self)

    def data_received(self, data: bytes, /) -> None:
        """Keep it."""
        self.received += data
        self._news.set()

    def connection_lost(self, exc: BaseException | None, /) -> None:
        """Keep it."""
        self.ends.append(exc)
        self._news.set()

    def pause_writing(self) -> None:
        """Keep it."""
        self.pauses.append("pause")
        self._news.set()

    def resume_writing(self) -> None:
        """Keep it."""
        self.pauses.append("resume")
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something the transport said makes `condition()` true. TimeoutError after 5
        seconds.
        """
        async with asyncio.timeout(_TIMEOUT):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def send(self, data: bytes, /) -> None:
        """Write `data`."""
        self._transport.write(data)

    async def receive(self, size: int, /) -> bytes:
        """Exactly `size` bytes, fewer at the end of the connection."""
        await self.until(lambda: len(self.received) >= size or bool(self.ends))
        data = bytes(self.received[:size])
        del self.received[:size]
        return data

    async def close(self) -> None:
        """Close the transport."""
        self._transport.close()


class ServerEnd:
    """The server at the far end of a `memory_pair()`, under the control of a test.

    It answers nothing by itself: neither pings nor close frames. What it is sent can be taken
    message by message. `compress` and the two flags are what the handshake is said to have agreed
    on.
    """

    def __init__(
        self,
        transport: FrameTransport,
        *,
        compress: int = 0,
        client_notakeover: bool = False,
        server_notakeover: bool = False,
    ) -> None:
        self._transport = transport
        self._arrived = asyncio.Event()
        self._messages: deque[Message] = deque()
        self.frames: WebSocketProtocol = WebSocketProtocol(
            Role.SERVER,
            compress=compress,
            client_notakeover=client_notakeover,
            server_notakeover=server_notakeover,
            max_msg_size=0,
            autoping=False,
            autoclose=False,
        )
        """Makes frames: `end.write(end.frames.send_text("hi"))`."""
        self.lost: bool = False
        """Whether the connection is over."""
        transport.attach(self)

    def data_received(self, data: bytes, /) -> None:
        """Queue the messages in it."""
        self._messages.extend(self.frames.receive_data(data))
        self._arrived.set()

    def connection_lost(self, exc: BaseException | None, /) -> None:
        """Let `next_message()` know."""
        self.lost = True
        self._arrived.set()

    def pause_writing(self) -> None:
        """Tests write little; nothing to do."""

    def resume_writing(self) -> None:
        """See `pause_writing()`."""

    def write(self, data: bytes) -> None:
        """Send raw bytes to the client."""
        self._transport.write(data)

    async def next_message(self, timeout: float | None = _TIMEOUT) -> Message:
        """The next message or control frame of the client; CLOSED if the connection is over.

        Raises TimeoutError after `timeout` seconds, `None` meaning no limit.
        """
        async with asyncio.timeout(timeout):
            while not self._messages and not self.lost:
                self._arrived.clear()
                await self._arrived.wait()
        return self._messages.popleft() if self._messages else WS_CLOSED_MESSAGE

    def close(self) -> None:
        """Close the transport, without a close frame."""
        self._transport.close()

    def abort(self) -> None:
        """Reset the connection."""
        self._transport.abort()
