"""A connector whose far end is a function: request bytes in, response bytes out, no sockets.

Everything between the session and the transport is the real thing, the pool and the HTTP/1.1
connection included; only the transport is in memory. TLS is not spoken: `https` goes the same way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from multidict import CIMultiDict

from wherry_codec import (
    DEFAULT_LIMITS,
    UNTIL_CLOSE,
    ChunkDecoder,
    RequestHead,
    RequestHeadReader,
    match_response_head,
    message_body_length,
    write_response_head,
)
from wherry_codec.testing import RawPlan
from wherry_pool import BaseConnector
from wherry_pool.testing import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wherry_pool import ConnectionKey, DialTimings
    from wherry_pool.protocols import PoolObserver
    from wherry_pool.testing import Step

    Answer = bytes | RawPlan | None
    Fields = Mapping[str, str] | Iterable[tuple[str, str]]
    AnswerRequest = Callable[[bytes, bytes], Answer]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def response_bytes(body: bytes = b"", status: int = 200, headers: Fields = ()) -> bytes:
    """A response as it goes over the wire; Content-Length is added unless `headers` frame it.

    What `headers` say about framing is not checked, so that a test can lie.
    """
    fields = CIMultiDict(headers)
    if "Content-Length" not in fields and "Transfer-Encoding" not in fields and status != 204:
        fields["Content-Length"] = str(len(body))
    return write_response_head(status, fields.items()) + body


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

    `refuse` is raised by every attempt to connect. `requests` lists what came, `transports` the
    connections, whose other end a test may play as well. The limits are those of any connector;
    needs a running loop.
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
            FunctionDialer(answer, self.requests, self.transports, refuse),
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )

    @property
    def in_use(self) -> int:
        """How many connections are taken, or being made."""
        return sum(stats.in_use for stats in self.stats().values())

    @property
    def idle(self) -> int:
        """How many connections wait for another request."""
        return sum(stats.idle for stats in self.stats().values())


class FunctionDialer:
    """A `Dialer` whose connections end in a function. Connecting takes one turn of the loop."""

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
        timings: DialTimings | None = None,
    ) -> asyncio.Transport:
        """A transport whose far end answers requests."""
        await asyncio.sleep(0)
        if self._refuse is not None:
            raise self._refuse
        loop = asyncio.get_running_loop()
        far_end = FarEnd(loop, route, self._answer, self._requests)
        transport = MemoryTransport(loop, protocol_factory(), on_write=far_end.receive)
        self._transports.append(transport)
        return transport

    async def close(self) -> None:
        """Nothing outlives a dial."""


class FarEnd:
    """Cuts what a client writes into requests, and says what comes back."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        key: ConnectionKey,
        answer: AnswerRequest,
        requests: list[SeenRequest],
    ) -> None:
        self._loop = loop
        self._steps: deque[Step] = deque()
        self._key = key
        self._answer = answer
        self._requests = requests
        self._received = b""
        self._head: RequestHead | None = None
        self._head_size = 0
        self._has_continued = False

    def receive(self, transport: MemoryTransport, data: bytes) -> None:
        """Take bytes that were written; the answers to the requests they complete follow later.

        Raises `RemoteProtocolError` if they are no requests.
        """
        self._received += data
        steps: list[Step] = []
        try:
            while (plan := self._next_plan()) is not None:
                steps.extend(plan.pieces)
                if plan.closes:
                    steps.append(None)
        except OSError as error:
            steps.append(error)
        if steps and not self._steps:
            # A turn later than the writer's own next step, as no network is quicker than that.
            self._loop.call_soon(self._loop.call_soon, self._play, transport)
        self._steps.extend(steps)

    def _play(self, transport: MemoryTransport) -> None:
        """One step per turn of the loop."""
        transport.take(self._steps.popleft())
        if self._steps and not transport.is_closing():
            self._loop.call_soon(self._play, transport)

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
        return _as_plan(self._answer(raw[: self._head_size], content), head.method)

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


def _as_plan(answer: Answer, method: str) -> RawPlan:
    if answer is None:
        return RawPlan([], closes=False)
    if isinstance(answer, RawPlan):
        return answer
    found = match_response_head(answer, DEFAULT_LIMITS)
    if found is None:
        return RawPlan([answer])
    ends_by_close = message_body_length(method, found[0]) == UNTIL_CLOSE
    return RawPlan([answer], closes=ends_by_close or not found[0].keeps_alive)
