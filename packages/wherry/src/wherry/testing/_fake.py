"""A connector whose far end is a function: request bytes in, response bytes out, no sockets.

Everything between the session and the transport is the real thing, the pool and the HTTP/1.1
connection included; only the transport is in memory. TLS is not spoken: `https` goes the same way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from wherry_codec import (
    DEFAULT_LIMITS,
    ChunkDecoder,
    RequestHead,
    RequestHeadReader,
    match_response_head,
)
from wherry_codec.testing import RawPlan
from wherry_pool import BaseConnector

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherry_pool import ConnectionKey
    from wherry_pool.protocols import PoolObserver

    Answer = bytes | RawPlan | None
    AnswerRequest = Callable[[bytes, bytes], Answer]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class SeenRequest(NamedTuple):
    """One request as it came over the wire."""

    key: ConnectionKey
    """The connection it came over."""
    head: bytes
    """Request line and fields, with the empty line, byte for byte."""
    body: bytes
    """The body, chunked coding undone."""
    raw: bytes
    """Head and body, byte for byte."""


class FakeConnector(BaseConnector):
    """Answers each request with what `answer(head, body)` returns.

    Bytes are the whole response; the connection is closed after it unless it says that it persists.
    A `RawPlan` is delivered piece by piece, one per turn of the loop. None leaves the client
    waiting, `b""` hangs up, and an `OSError` that `answer` raises is how the connection breaks.

    `refuse` is raised by every attempt to connect. `requests` lists what came, `dialed` how many
    connections were made. The limits are those of any connector; needs a running loop.
    """

    def __init__(
        self,
        answer: AnswerRequest,
        *,
        refuse: Exception | None = None,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.requests: list[SeenRequest] = []
        self.transports: list[MemoryTransport] = []
        super().__init__(
            MemoryDialer(answer, self.requests, self.transports, refuse),
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )

    @property
    def dialed(self) -> int:
        """How many connections were made."""
        return len(self.transports)

    @property
    def in_use(self) -> int:
        """How many connections are taken, or being made."""
        return sum(stats.in_use for stats in self.stats().values())

    @property
    def idle(self) -> int:
        """How many connections wait for another request."""
        return sum(stats.idle for stats in self.stats().values())


class MemoryDialer:
    """A `Dialer` that makes transports in memory. Connecting takes one turn of the loop."""

    def __init__(
        self,
        answer: AnswerRequest,
        requests: list[SeenRequest],
        transports: list[MemoryTransport],
        refuse: Exception | None = None,
    ) -> None:
        self._answer = answer
        self._requests = requests
        self._transports = transports
        self._refuse = refuse

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
    ) -> asyncio.Transport:
        """A transport whose far end answers requests."""
        await asyncio.sleep(0)
        if self._refuse is not None:
            raise self._refuse
        far_end = FarEnd(route, self._answer, self._requests)
        transport = MemoryTransport(protocol_factory(), far_end)
        self._transports.append(transport)
        return transport

    async def close(self) -> None:
        """Nothing outlives a dial."""


class FarEnd:
    """Cuts what a client writes into requests, and says what comes back."""

    def __init__(
        self, key: ConnectionKey, answer: AnswerRequest, requests: list[SeenRequest]
    ) -> None:
        self._key = key
        self._answer = answer
        self._requests = requests
        self._received = b""
        self._head: RequestHead | None = None
        self._head_size = 0
        self._has_continued = False

    def receive(self, data: bytes) -> list[RawPlan]:
        """Take bytes; the answers to the requests they complete, in order.

        Raises `RemoteProtocolError` if they are no requests, and what `answer` raises.
        """
        self._received += data
        plans = []
        while (plan := self._next_plan()) is not None:
            plans.append(plan)
        return plans

    def _next_plan(self) -> RawPlan | None:
        if self._head is None and not self._take_head():
            return None
        head = self._head
        if head is None:
            return None
        body = self._take_body(head)
        if body is None:
            if head.expects_continue and not self._has_continued:
                self._has_continued = True
                return RawPlan([_CONTINUE], closes=False)
            return None
        content, size = body
        raw, self._received = self._received[:size], self._received[size:]
        self._head = None
        self._requests.append(SeenRequest(self._key, raw[: self._head_size], content, raw))
        return _as_plan(self._answer(raw[: self._head_size], content))

    def _take_head(self) -> bool:
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4:
            return False
        self._head = RequestHeadReader().feed(self._received[:end])
        self._head_size = end
        self._has_continued = False
        return True

    def _take_body(self, head: RequestHead) -> tuple[bytes, int] | None:
        """The body and the offset of its end, or None if it is not all there."""
        start, length = self._head_size, head.body_length
        if length is not None:
            end = start + length
            return (self._received[start:end], end) if len(self._received) >= end else None
        decoder, pieces = ChunkDecoder(strict=True), list[bytes]()
        end = decoder.feed(self._received, start, pieces)
        return (b"".join(pieces), end) if decoder.is_done else None


def _as_plan(answer: Answer) -> RawPlan:
    if answer is None:
        return RawPlan([], closes=False)
    if isinstance(answer, RawPlan):
        return answer
    found = match_response_head(answer, DEFAULT_LIMITS)
    return RawPlan([answer], closes=found is None or not found[0].keeps_alive)


class MemoryTransport(asyncio.Transport):
    """The client's end of a connection in memory; `far_end` answers what is written.

    `written` keeps every byte. Delivery happens in later turns of the loop, one piece per turn.
    """

    def __init__(self, protocol: asyncio.BaseProtocol, far_end: FarEnd) -> None:
        super().__init__({"peername": ("memory", 0), "sockname": ("memory", 0)})
        self.written = bytearray()
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._far_end = far_end
        self._inbox: deque[bytes] = deque()
        self._ends_after_inbox = False
        self._is_scheduled = False
        self._is_reading = True
        self._is_closing = False
        self._is_lost = False
        protocol.connection_made(self)

    # --- the far end, in the hands of a test ----------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Let `data` arrive at the client."""
        self._inbox.append(data)
        self._schedule()

    def hang_up(self) -> None:
        """End the connection from the far end, after what is still to be delivered."""
        self._ends_after_inbox = True
        self._schedule()

    def reset(self, error: OSError) -> None:
        """Break the connection."""
        self._inbox.clear()
        self._lose_soon(error)

    # --- asyncio.Transport ----------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand `data` to the far end at once; its answer arrives later."""
        if self._is_closing:
            return
        self.written += data
        try:
            plans = self._far_end.receive(bytes(data))
        except OSError as error:
            self.reset(error)
            return
        for plan in plans:
            self._inbox.extend(plan.pieces)
            self._ends_after_inbox = self._ends_after_inbox or plan.closes
        self._schedule()

    def close(self) -> None:
        """End the connection; nothing is ever left unsent here."""
        self._lose_soon(None)

    def abort(self) -> None:
        """End the connection."""
        self._lose_soon(None)

    def is_closing(self) -> bool:
        """Whether the connection is over or about to be."""
        return self._is_closing

    def pause_reading(self) -> None:
        """Deliver nothing until `resume_reading`."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Go on delivering."""
        self._is_reading = True
        self._schedule()

    def is_reading(self) -> bool:
        """Whether bytes are delivered."""
        return self._is_reading and not self._is_closing

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that was given."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Deliver to `protocol` from now on."""
        self._protocol = protocol

    def get_write_buffer_size(self) -> int:
        """Always 0: the far end takes everything at once."""
        return 0

    def can_write_eof(self) -> bool:
        """False: a client never half-closes."""
        return False

    # --- delivery -------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if not self._is_scheduled and (self._inbox or self._ends_after_inbox):
            self._is_scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._is_scheduled = False
        if self._is_closing or not self._is_reading:
            return
        if self._inbox:
            self._give(self._inbox.popleft())
        elif self._ends_after_inbox:
            self._protocol_eof()
            self._lose_soon(None)
        self._schedule()

    def _give(self, data: bytes) -> None:
        protocol = self._protocol
        if not isinstance(protocol, asyncio.BufferedProtocol):
            raise TypeError(f"a BufferedProtocol is needed, got {type(protocol).__name__}")
        if not data:
            return
        buffer = memoryview(protocol.get_buffer(len(data)))
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        if size < len(data):
            self._inbox.appendleft(data[size:])
        protocol.buffer_updated(size)

    def _protocol_eof(self) -> None:
        if isinstance(self._protocol, asyncio.BufferedProtocol):
            self._protocol.eof_received()

    def _lose_soon(self, error: OSError | None) -> None:
        self._is_closing = True
        if not self._is_lost:
            self._is_lost = True
            self._loop.call_soon(self._protocol.connection_lost, error)
