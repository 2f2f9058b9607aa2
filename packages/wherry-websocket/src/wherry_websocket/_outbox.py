"""Frames on their way out: the first at once, those that follow in the same turn of the loop
together, senders held back when it piles up.

Order is the order of calls. What a frame says, and whether one may be sent, is decided before.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final

from wherry_errors import ClientConnectionResetError

from ._protocol import WebSocketProtocol
from .protocols import FrameTransport

BURST_LIMIT: Final = 65536
"""Bytes collected within one turn of the loop before they are written all the same."""

UNWAITED_LIMIT: Final = 65536
"""Bytes a sender may write to a full transport before it has to wait; the same as in aiohttp."""

EXECUTOR_ABOVE: Final = 16384
"""Messages larger than this many bytes are compressed off the loop."""


class Outbox:
    """Writes to one transport."""

    __slots__ = (
        "_burst",
        "_burst_size",
        "_loop",
        "_lost",
        "_transport",
        "_unwaited",
        "_waiters",
        "_will_end_turn",
        "is_fresh",
        "paused",
    )

    def __init__(self, transport: FrameTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self.is_fresh = True
        """Whether the next write goes out at once: none came in this turn, so far as is known."""
        self._burst: list[bytes] = []
        self._burst_size = 0
        self._will_end_turn = False  # _end_turn() is scheduled
        self._unwaited = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._lost = False
        self.paused = False
        """Whether the transport asked for a pause in writing."""

    def write(self, data: bytes) -> None:
        """Write now, or at the end of this turn of the loop together with what else it brings.

        What goes out now is the first write, the first after `begin_turn()`, and the first after a
        turn that collected something. Other turns end unnoticed: noticing takes a callback, and
        with it a round of the loop, for every lone message. So a sender that hears nothing and
        sends one message now and then has every other one written a callback later.
        """
        size = len(data)
        self._unwaited += size
        if self.is_fresh:
            self.is_fresh = False
            self._transport.write(data)
            return
        if not self._will_end_turn:
            self._will_end_turn = True
            self._loop.call_soon(self._end_turn)
        if size > BURST_LIMIT:
            self.flush()
            self._transport.write(data)  # joining would copy it
            return
        self._burst.append(data)
        self._burst_size += size
        if self._burst_size > BURST_LIMIT:
            self.flush()

    def begin_turn(self) -> None:
        """A new turn of the loop has begun, for sure: the next write goes out now."""
        if not self._burst:
            self.is_fresh = True

    def flush(self) -> None:
        """Write what this turn collected; to be called before closing the transport."""
        if self._burst:
            self._transport.write(b"".join(self._burst))
            self._burst.clear()
            self._burst_size = 0

    def _end_turn(self) -> None:
        self._will_end_turn = False
        self.is_fresh = True
        self.flush()

    def pause(self) -> None:
        """The transport is over its high-water mark."""
        self.paused = True

    def resume(self) -> None:
        """The transport has room again."""
        self.paused = False
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def connection_lost(self) -> None:
        """No more will be written: senders that wait get ClientConnectionResetError."""
        self._lost = True
        self.resume()

    @property
    def is_full(self) -> bool:
        """Whether a sender has to `wait()` now."""
        return self.paused and self._unwaited > UNWAITED_LIMIT

    async def wait(self) -> None:
        """Return when the transport has room. Raises ClientConnectionResetError if it is lost
        instead.
        """
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)
        if self._lost:
            raise connection_reset("the connection was lost while a send waited for room")
        self._unwaited = 0


def connection_reset(why: str) -> ClientConnectionResetError:
    """The error for a send that cannot be."""
    return ClientConnectionResetError(f"cannot send on this WebSocket: {why}")


class DeflatingOutbox:
    """Compresses messages and writes them, keeping the order of the calls.

    A large message is compressed in the executor, by a task of its own: if its sender is cancelled,
    it is sent whole all the same, because the peer's window must see what ours saw.
    """

    __slots__ = ("_lock", "_loop", "_outbox", "_pending", "_protocol", "_tasks")

    def __init__(
        self, protocol: WebSocketProtocol, outbox: Outbox, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._protocol = protocol
        self._outbox = outbox
        self._loop = loop
        self._lock = asyncio.Lock()
        self._pending = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, opcode: int, payload: bytes, compress: int | None) -> Awaitable[None] | None:
        """Send a message; what has to be awaited before it is sent, if anything.

        Raises WebSocketStateError, also when awaited, if closing began before its turn came.
        """
        if self._pending == 0 and len(payload) <= EXECUTOR_ABOVE:
            self._outbox.write(self._protocol.send_frame(payload, opcode, compress))
            return None
        task = self._loop.create_task(self._send_in_turn(opcode, payload, compress))
        self._pending += 1
        self._tasks.add(task)
        task.add_done_callback(self._sent)
        return asyncio.shield(task)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._pending -= 1
        self._tasks.discard(task)
        if not task.cancelled():
            # A sender that was cancelled does not see the error; this keeps the loop from reporting
            # it.
            task.exception()

    async def _send_in_turn(self, opcode: int, payload: bytes, compress: int | None) -> None:
        async with self._lock:
            deflater = self._protocol.deflater
            if deflater is None or len(payload) <= EXECUTOR_ABOVE:
                frame = self._protocol.send_frame(payload, opcode, compress)
            else:
                deflated = await self._loop.run_in_executor(
                    None, deflater.compress, payload, compress
                )
                frame = self._protocol.frame_of(opcode, deflated, compressed=True)
            self._outbox.write(frame)
