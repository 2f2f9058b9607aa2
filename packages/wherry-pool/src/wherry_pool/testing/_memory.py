"""Connections that never leave the process: a transport a test drives, and its dialer."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from wherry_codec import EndOfMessage, ProtocolError, ServerConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .._route import ConnectionKey
    from .._timings import DialTimings
    from ..protocols import PoolObserver

Step = bytes | BaseException | None
"""What a peer does next: send bytes, break off with an error, or close (None)."""

HIGH_WATER = 64 * 1024


class MemoryTransport(asyncio.Transport):
    """A transport whose peer is the test. Works with `Protocol` and `BufferedProtocol`.

    `feed` delivers at once, or when reading is resumed. As with real transports, `connection_lost`
    comes in the turn after `close` or `abort`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.BaseProtocol,
        *,
        extra: Mapping[str, object] | None = None,
        on_write: Callable[[MemoryTransport, bytes], None] | None = None,
    ) -> None:
        super().__init__(dict(extra or {}))
        self.writes: list[bytes] = []
        """What was written, write by write."""
        self.is_aborted: bool = False
        """Whether it was aborted rather than closed."""
        self.is_lost: bool = False
        """Whether the protocol was told that the connection is gone."""
        self._loop = loop
        self._protocol = protocol
        self._on_write = on_write
        self._arrived: deque[memoryview] = deque()
        self._is_reading = True
        self._is_closing = False
        self._is_stalled = False
        self._unsent = 0
        protocol.connection_made(self)

    @property
    def written(self) -> bytes:
        """All bytes that were written."""
        return b"".join(self.writes)

    # --- for the test --------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """The peer sends `data`."""
        if data:
            self._arrived.append(memoryview(data))
        self._deliver()

    def feed_eof(self) -> None:
        """The peer closes."""
        protocol = self._protocol
        if isinstance(protocol, (asyncio.Protocol, asyncio.BufferedProtocol)):
            if not protocol.eof_received():
                self.close()
        else:
            self.close()

    def lose(self, error: BaseException | None = None) -> None:
        """The connection breaks, at once; `error` is what the operating system says."""
        self._is_closing = True
        if not self.is_lost:
            self.is_lost = True
            # asyncio hands on whatever error it met; its annotation says Exception.
            self._protocol.connection_lost(error)  # type: ignore[arg-type]

    def take(self, step: Step) -> None:
        """Carry out one step of the peer."""
        if isinstance(step, bytes):
            self.feed(step)
        elif step is None:
            self.feed_eof()
        else:
            self.lose(step)

    def stall(self) -> None:
        """The peer reads no more: what is written from now on stays unsent."""
        self._is_stalled = True

    def flow(self) -> None:
        """The peer reads again, all there is."""
        was_full = self._unsent > HIGH_WATER
        self._is_stalled = False
        self._unsent = 0
        if was_full:
            self._protocol.resume_writing()
        if self._is_closing:
            self._loop.call_soon(self.lose)

    # --- for the protocol ----------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep `data`; dropped if the connection is closing, as asyncio does."""
        if self._is_closing:
            return
        copy = bytes(data)
        self.writes.append(copy)
        if self._is_stalled:
            was_full = self._unsent > HIGH_WATER
            self._unsent += len(copy)
            if self._unsent > HIGH_WATER and not was_full:
                self._protocol.pause_writing()
        if self._on_write is not None:
            self._on_write(self, copy)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Write all of them in one."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """Close once everything is sent."""
        if not self._is_closing:
            self._is_closing = True
            if not self._unsent:
                self._loop.call_soon(self.lose)

    def abort(self) -> None:
        """Close and drop what is unsent."""
        self.is_aborted = True
        self._is_closing = True
        self._loop.call_soon(self.lose)

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._is_closing

    def pause_reading(self) -> None:
        """Deliver nothing."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Deliver again, what has arrived first, in the next turn."""
        if not self._is_reading:
            self._is_reading = True
            self._loop.call_soon(self._deliver)

    def is_reading(self) -> bool:
        """Whether bytes are delivered."""
        return self._is_reading and not self._is_closing

    def get_write_buffer_size(self) -> int:
        """How many bytes are unsent."""
        return self._unsent

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Deliver to `protocol` from now on."""
        self._protocol = protocol

    def _deliver(self) -> None:
        while self._arrived and self.is_reading():
            data = self._arrived.popleft()
            protocol = self._protocol
            if isinstance(protocol, asyncio.BufferedProtocol):
                buffer = memoryview(protocol.get_buffer(-1))
                size = min(len(data), len(buffer))
                buffer[:size] = data[:size]
                if size < len(data):
                    self._arrived.appendleft(data[size:])
                del buffer  # real transports hold it no longer either
                protocol.buffer_updated(size)
            elif isinstance(protocol, asyncio.Protocol):
                protocol.data_received(bytes(data))


class MemoryDialer:
    """A `Dialer` whose connections end in the test.

    Each `script` is what the peer does after one whole request, in the order of the requests,
    whichever connection they come on. What is not scripted is done by hand on `transports`.
    """

    def __init__(self, *, extra: Mapping[str, object] | None = None) -> None:
        self.transports: list[MemoryTransport] = []
        """Every connection, oldest first."""
        self.routes: list[ConnectionKey] = []
        """Where to, in the same order; refused ones included."""
        self.is_closed: bool = False
        self._extra = extra
        self._answers: deque[tuple[Step, ...]] = deque()
        self._refusals: deque[BaseException] = deque()
        self._gate: asyncio.Event | None = None
        self._requests: dict[MemoryTransport, ServerConnection] = {}

    @property
    def transport(self) -> MemoryTransport:
        """The newest connection; `RuntimeError` if there is none."""
        if not self.transports:
            raise RuntimeError("nothing was dialled yet")
        return self.transports[-1]

    def script(self, *steps: Step) -> None:
        """Add an answer. Its steps come one per turn of the loop."""
        self._answers.append(steps)

    def refuse(self, error: BaseException) -> None:
        """Let one dial fail with `error`."""
        self._refusals.append(error)

    def hold(self) -> None:
        """Let dials wait until `let_go`."""
        self._gate = asyncio.Event()

    def let_go(self) -> None:
        """Let dials go on."""
        if self._gate is not None:
            self._gate.set()
            self._gate = None

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
        timings: DialTimings | None = None,
    ) -> asyncio.Transport:
        """A `MemoryTransport`, or the error given to `refuse`."""
        self.routes.append(route)
        if self._gate is not None:
            await self._gate.wait()
        if self._refusals:
            raise self._refusals.popleft()
        transport = MemoryTransport(
            asyncio.get_running_loop(),
            protocol_factory(),
            extra=self._extra,
            on_write=self._take_written,
        )
        self.transports.append(transport)
        return transport

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def _take_written(self, transport: MemoryTransport, data: bytes) -> None:
        peer = self._requests.setdefault(transport, ServerConnection())
        try:
            peer.receive_data(data)
            is_whole = any(isinstance(event, EndOfMessage) for event in peer.events())
        except ProtocolError:
            return  # no HTTP, or a broken request: nothing a script could answer
        if is_whole:
            del self._requests[transport]
            if self._answers:
                _play(transport, deque(self._answers.popleft()))


def _play(transport: MemoryTransport, steps: deque[Step]) -> None:
    loop = asyncio.get_running_loop()

    def next_step() -> None:
        transport.take(steps.popleft())
        if steps and not transport.is_lost:
            loop.call_soon(next_step)

    if steps:
        loop.call_soon(next_step)
