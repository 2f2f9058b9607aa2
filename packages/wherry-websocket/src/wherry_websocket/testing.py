"""For tests of code that uses this package: transports in memory, a check for real ones, a server
that echoes.

`memory_pair()` and `check_frame_transport()` need a running asyncio loop, `EchoServer` does not.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from ._handshake import accept_handshake
from ._messages import Message
from ._protocol import DEFAULT_MAX_MSG_SIZE, WebSocketProtocol
from ._state import Role, State
from .messages import WS_CLOSED_MESSAGE, WSMsgType
from .protocols import FrameReceiver, FrameTransport

if TYPE_CHECKING:
    from multidict import MultiMapping

__all__ = [
    "EchoServer",
    "MemoryPeer",
    "MemoryTransport",
    "PeerEnd",
    "ServerEnd",
    "check_frame_transport",
    "memory_pair",
]

_CHECK_TIMEOUT: Final = 5.0


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
        while self._incoming and self._reading and self._receiver is not None and not self._lost:
            data = self._incoming.popleft()
            self._size -= len(data)
            self._receiver.data_received(data)
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


class PeerEnd(Protocol):
    """The far end of a transport under check, in the hands of `check_frame_transport()`."""

    async def send(self, data: bytes, /) -> None:
        """Send `data` to the transport under check."""

    async def receive(self, size: int, /) -> bytes:
        """Exactly `size` bytes, fewer at the end of the connection."""
        ...

    async def close(self) -> None:
        """End the connection in an orderly way."""


class MemoryPeer:
    """A `PeerEnd` over any `FrameTransport`, and a receiver that remembers what it was told."""

    def __init__(self, transport: FrameTransport) -> None:
        self._transport = transport
        self._news = asyncio.Event()
        self.received = bytearray()
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
        async with asyncio.timeout(_CHECK_TIMEOUT):
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


OpenPair = Callable[[bytes], Awaitable[tuple[FrameTransport, PeerEnd]]]


async def check_frame_transport(open_pair: OpenPair) -> None:
    """Raise AssertionError unless transports from `open_pair` do what `FrameTransport` promises.

    `open_pair(early)` makes a fresh connection and returns the transport under check and its far
    end; `early` are bytes that arrived together with the handshake. It is called several times.
    """
    for check in (_check_early, _check_order, _check_pause, _check_close, _check_peer_close):
        await check(open_pair)
    await _check_abort(open_pair)
    await _check_back_pressure(open_pair)


def _expect(condition: bool, rule: str) -> None:
    # Not an assert: the check also has to work under python -O.
    if not condition:
        raise AssertionError(f"not what a FrameTransport does: {rule}")


async def _check_early(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"early")
    _expect(not transport.is_closing(), "it is open before attach()")
    near = MemoryPeer(transport)
    _expect(near.received == b"early", "early bytes are delivered within attach()")
    await far.send(b"late")
    _expect(await near.receive(9) == b"earlylate", "later bytes follow the early ones")
    unset = object()
    _expect(
        transport.get_extra_info("no such name", unset) is unset,
        "get_extra_info() returns the default for an unknown name",
    )
    transport.abort()


async def _check_order(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    pieces = [bytes(range(number)) * 37 for number in range(1, 60)]
    for piece in pieces:
        transport.write(piece)
        await far.send(piece)
    whole = b"".join(pieces)
    _expect(await far.receive(len(whole)) == whole, "writes arrive whole and in order")
    _expect(await near.receive(len(whole)) == whole, "reads arrive whole and in order")
    transport.abort()


async def _check_pause(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    transport.pause_reading()
    transport.pause_reading()
    await far.send(b"x" * 1000)
    transport.write(b"y")
    await far.receive(1)  # by now the bytes have had their chance
    for _ in range(5):
        await asyncio.sleep(0)
    _expect(not near.received, "nothing is delivered while reading is paused")
    transport.resume_reading()
    transport.resume_reading()
    _expect(await near.receive(1000) == b"x" * 1000, "delivery goes on after resume_reading()")
    transport.abort()


async def _check_close(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    transport.write(b"z" * 10_000)
    transport.close()
    transport.close()
    _expect(transport.is_closing(), "is_closing() is true after close()")
    transport.write(b"ignored")
    _expect(await far.receive(10_001) == b"z" * 10_000, "close() sends what was written before")
    await far.close()
    await near.until(lambda: bool(near.ends))
    _expect(near.ends == [None], "connection_lost(None) comes once after close()")


async def _check_peer_close(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    await far.send(b"bye")
    await far.close()
    await near.until(lambda: bool(near.ends))
    _expect(near.received == b"bye", "bytes before the peer's end are delivered")
    _expect(transport.is_closing(), "is_closing() is true after the peer's end")
    transport.write(b"ignored")
    transport.close()
    await asyncio.sleep(0)
    _expect(len(near.ends) == 1, "connection_lost() comes once")


async def _check_abort(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    transport.abort()
    transport.abort()
    _expect(transport.is_closing(), "is_closing() is true after abort()")
    await near.until(lambda: bool(near.ends))
    await asyncio.sleep(0)
    _expect(len(near.ends) == 1, "connection_lost() comes once after abort()")
    await far.close()


async def _check_back_pressure(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    block, written = bytes(1 << 20), 0
    while not near.pauses and written < 64 * len(block):
        transport.write(block)
        written += len(block)
    _expect(near.pauses == ["pause"], "pause_writing() is called before 64 MiB are waiting")
    _expect(len(await far.receive(written)) == written, "writes after the pause are sent too")
    await near.until(lambda: near.pauses[-1] == "resume")
    transport.abort()
    await far.close()


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
        self.frames = WebSocketProtocol(
            Role.SERVER,
            compress=compress,
            client_notakeover=client_notakeover,
            server_notakeover=server_notakeover,
            max_msg_size=0,
            autoping=False,
            autoclose=False,
        )
        """Makes frames: `end.write(end.frames.send_text("hi"))`."""
        self.lost = False
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

    async def next_message(self) -> Message:
        """The next message or control frame of the client; CLOSED if the connection is over.

        Raises TimeoutError after 5 seconds.
        """
        async with asyncio.timeout(_CHECK_TIMEOUT):
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


class EchoServer:
    """A WebSocket server for one connection, without I/O: answers the handshake, then echoes every
    message.

    Parse the request head yourself, send a 101 with the fields of `accept_handshake()`, then send
    whatever `receive_data()` returns for the bytes received, until `closed`.
    """

    def __init__(
        self,
        *,
        protocols: Iterable[str] = (),
        compress: int = 0,
        max_msg_size: int = DEFAULT_MAX_MSG_SIZE,
    ) -> None:
        self._protocols = list(protocols)
        self._compress = compress
        self._max_msg_size = max_msg_size
        self._frames = WebSocketProtocol(Role.SERVER, max_msg_size=max_msg_size)

    @property
    def closed(self) -> bool:
        """Whether to close the connection once everything returned is sent."""
        return self._frames.state is State.CLOSED

    def accept_handshake(self, request_headers: "MultiMapping[str]") -> list[tuple[str, str]]:
        """The field lines to send with status 101. Raises HandshakeRefused; answer that with status
        400.
        """
        fields, agreed = accept_handshake(
            request_headers, protocols=self._protocols, compress=self._compress
        )
        self._frames = WebSocketProtocol(
            Role.SERVER,
            compress=agreed.compress,
            client_notakeover=agreed.client_notakeover,
            server_notakeover=agreed.server_notakeover,
            max_msg_size=self._max_msg_size,
        )
        return fields

    def receive_data(self, data: bytes) -> bytes:
        """What to send after `data` was received: echoes, pongs, the close frame."""
        frames = self._frames
        out: list[bytes] = []
        # One message at a time: what came before a close frame is echoed before it is answered.
        messages = frames.receive_data(data, 1)
        while messages:
            for message in messages:
                if message.type is WSMsgType.TEXT:
                    out.append(frames.send_text(message.data))
                elif message.type is WSMsgType.BINARY:
                    out.append(frames.send_binary(message.data))
            messages = frames.receive_data(b"", 1)
        return b"".join(out) + frames.data_to_send()

    def close(self, code: int = 1000, reason: bytes = b"") -> bytes:
        """The bytes that begin the closing handshake from the server's side."""
        return self._frames.close(code, reason)
