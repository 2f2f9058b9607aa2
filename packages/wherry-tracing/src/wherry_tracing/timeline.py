"""What requests spent their time on: a recorder of signals, and the phases made of them.

`TimelineRecorder` writes down what a session tells; each answer, redirects included, is a `Hop`,
and `Hop.phases` says where its seconds went. Precise times are those of the response, if it has a
`timings` attribute; the signals tell the rest, and everything of a request that failed. What is
made of it, a picture or a file, is decided elsewhere.
"""

from __future__ import annotations

import time
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from ._config import TraceConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yarl import URL

    from ._signal import TraceHandler
    from .params import (
        TraceRequestChunkSentParams,
        TraceRequestEndParams,
        TraceRequestExceptionParams,
        TraceRequestHeadersSentParams,
        TraceRequestRedirectParams,
        TraceRequestStartParams,
        TraceResponseChunkReceivedParams,
    )
    from .protocols import ResponseShape, TimingsShape

__all__ = ["PHASES", "Body", "Call", "Head", "Hop", "Phase", "TimelineRecorder", "Traceable"]

PHASES = ("queue", "dns", "connect", "tls", "send", "first_byte", "body")
"""The names of the phases, in the order they come in."""

DEFAULT_MAX_CALLS = 10_000
"""Calls that are kept. A recorder that was forgotten in a server must not fill its memory."""

# What begins with a signal; None: nothing that has a name.
_BEGINS = {
    "connection_queued_start": "queue",
    "connection_queued_end": None,
    "connection_create_start": "connect",
    "dns_resolvehost_start": "dns",
    "dns_resolvehost_end": "connect",
    "tls_handshake_start": "tls",
    "tls_handshake_end": "connect",
    "connection_create_end": None,
    "connection_reuseconn": None,
    "request_headers_sent": "first_byte",
    "request_chunk_sent": "first_byte",
    "head": "body",
}
_OF_A_CONNECTION = (
    "connection_queued_start",
    "connection_queued_end",
    "connection_create_start",
    "connection_create_end",
    "connection_reuseconn",
    "dns_resolvehost_start",
    "dns_resolvehost_end",
    "tls_handshake_start",
    "tls_handshake_end",
)


class Traceable(Protocol):
    """A session that tells every config in a list of its requests, also those added later."""

    @property
    def trace_configs(self) -> list[TraceConfig]:
        """The list itself, not a copy."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One of `PHASES`, from `start` to `end` on the recorder's clock, in seconds."""

    name: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass(slots=True)
class Body:
    """The beginning of a body: at most as many bytes as the recorder keeps. `size` counts all."""

    content: bytearray = field(default_factory=bytearray)
    size: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether `content` is all of it."""
        return len(self.content) == self.size

    def add(self, chunk: bytes, limit: int) -> None:
        """Count `chunk`, and keep of it what `limit` has room for."""
        self.size += len(chunk)
        self.content += chunk[: max(0, limit - len(self.content))]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a response. `headers` has one pair per field line, secrets included."""

    status: int
    reason: str
    version: tuple[int, int] | None
    headers: tuple[tuple[str, str], ...]


class Hop:
    """One request that went out, or tried to: the first of a call, one for a redirect, a retry.

    `headers` has one pair per field line, secrets included; it is empty until the head is sent.
    Times are those of the recorder's clock.
    """

    def __init__(self, method: str, url: URL, started: float) -> None:
        self.method = method
        self.url = url
        self.started = started
        self.headers: tuple[tuple[str, str], ...] = ()
        self.request_body: Body = Body()
        self.response: Head | None = None
        self.response_body: Body = Body()
        self.is_reused = False
        self.is_repeat = False
        """Whether it is the same request once more: a retry, or what a middleware asked for."""
        self.failure = ""
        """Class and text of the error it ended with."""
        self.last_event: float = started
        self._marks: list[tuple[str, float]] = []
        self._answer: Callable[[], object] | None = None
        self._timings: TimingsShape | None = None

    def __repr__(self) -> str:
        outcome = self.failure or (self.response and self.response.status) or "under way"
        return f"<Hop {self.method} {self.url.host} {outcome}>"

    @property
    def has_begun(self) -> bool:
        """Whether anything was done for it yet."""
        return bool(self._marks)

    @property
    def phases(self) -> list[Phase]:
        """Where the time went, without phases that took none."""
        self.take_timings()
        if self._timings is None or self.failure:
            return self._phases_of_marks()
        return self._phases_of_timings(self._timings)

    @property
    def ended(self) -> float:
        """When its last phase was over."""
        return max([self.last_event, *(phase.end for phase in self.phases)])

    def mark(self, name: str, now: float) -> None:
        """Write down that `name` happened."""
        self._marks.append((name, now))
        self.last_event = now

    def answered(self, response: ResponseShape, now: float) -> None:
        """Write down the head of the response. The response itself is not kept alive."""
        headers = tuple(response.headers.items())
        self.response = Head(response.status, response.reason or "", response.version, headers)
        self._answer = weakref.ref(response)
        self.mark("head", now)
        self.take_timings()

    def take_timings(self) -> None:
        """Ask the response for its timings, as long as there is more to know."""
        if self._answer is None or (self._timings is not None and self._timings.body is not None):
            return
        response = self._answer()
        if response is not None:
            self._timings = getattr(response, "timings", None)

    def _phases_of_timings(self, timings: TimingsShape) -> list[Phase]:
        at = next((now for name, now in self._marks if name in _BEGINS), self.started)
        body = timings.body
        if body is None:  # it broke off, or is still on its way
            head = next((now for name, now in self._marks if name == "head"), at)
            body = self.last_event - head
        phases = []
        for name in PHASES:
            seconds = body if name == "body" else getattr(timings, name)
            if seconds > 0:
                phases.append(Phase(name, at, at + seconds))
                at += seconds
        return phases

    def _phases_of_marks(self) -> list[Phase]:
        phases: list[Phase] = []
        name: str | None = None
        since = self.started
        sending_since = 0.0
        for mark, now in [*self._marks, ("", self.last_event)]:
            if mark == "request_headers_sent":
                sending_since = now
            if mark == "request_chunk_sent":
                # What was taken for waiting so far was sending.
                name, since = "send", sending_since
                phases = [phase for phase in phases if phase.name != "send"]
            if name is not None and now > since:
                phases.append(Phase(name, since, now))
            if mark in _BEGINS:
                name, since = _BEGINS[mark], now
        return phases


class Call:
    """One call of a session: `hops`, and when it `began` by the calendar.

    It is the context of the call's signals.
    """

    def __init__(self, began: datetime, trace_request_ctx: object = None) -> None:
        self.began = began
        self.trace_request_ctx = trace_request_ctx
        self.hops: list[Hop] = []
        self.failure = ""
        """Class and text of the error it ended with."""

    @property
    def started(self) -> float:
        """When it began, on the recorder's clock."""
        return self.hops[0].started if self.hops else 0.0

    @property
    def seconds(self) -> float:
        """How long it took, up to the last thing that was told of it."""
        return max((hop.ended for hop in self.hops), default=0.0) - self.started

    @property
    def current(self) -> Hop:
        """The hop that is under way; a new one if the last has had its answer."""
        last = self.hops[-1]
        if last.response is None:
            return last
        return self.add(Hop(last.method, _target_of(last), last.last_event))

    def add(self, hop: Hop) -> Hop:
        """Begin with `hop`."""
        self.hops.append(hop)
        return hop


def _target_of(hop: Hop) -> URL:
    """Where a redirect leads, as far as it can be told before it is followed."""
    fields = dict(hop.response.headers) if hop.response is not None else {}
    location = next((v for name, v in fields.items() if name.lower() == "location"), "")
    try:
        return hop.url.join(type(hop.url)(location))
    except ValueError:
        return hop.url


class TimelineRecorder:
    """Records the calls of the sessions that are given its `trace_config`, in `calls`.

    `max_body` bytes of each body are kept, none by default; `max_calls` calls are, and
    `calls_missed` counts those that came after. `clock` gives seconds, `now` the time of day.
    """

    def __init__(
        self,
        *,
        max_body: int = 0,
        max_calls: int = DEFAULT_MAX_CALLS,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.calls: list[Call] = []
        self.calls_missed: int = 0
        self._max_body = max_body
        self._max_calls = max_calls
        self._clock = clock
        self._now = now
        self.trace_config: TraceConfig = self._make_config()

    @contextmanager
    def recording(self, session: Traceable) -> Iterator[None]:
        """Record the calls that `session` begins within `with`, whatever else traces it."""
        self.trace_config.freeze()
        configs = session.trace_configs
        configs.append(self.trace_config)
        try:
            yield
        finally:
            configs.remove(self.trace_config)

    def _make_config(self) -> TraceConfig:
        config = TraceConfig(lambda trace_request_ctx: Call(self._now(), trace_request_ctx))
        for name in _OF_A_CONNECTION:
            getattr(config, f"on_{name}").append(self._marker(name))
        config.on_request_start.append(self._request_start)
        config.on_request_headers_sent.append(self._headers_sent)
        config.on_request_chunk_sent.append(self._chunk_sent)
        config.on_request_redirect.append(self._answered)
        config.on_request_end.append(self._answered)
        config.on_response_chunk_received.append(self._chunk_received)
        config.on_request_exception.append(self._failed)
        return config

    async def _request_start(
        self, session: object, call: Call, params: TraceRequestStartParams
    ) -> None:
        call.add(Hop(params.method, params.url, self._clock()))
        if len(self.calls) < self._max_calls:
            self.calls.append(call)
        else:
            self.calls_missed += 1

    def _marker(self, name: str) -> TraceHandler[Any]:
        async def handler(session: object, call: Call, params: object) -> None:
            now = self._clock()
            hop = call.current
            if hop.headers and name.startswith("connection"):
                hop = self._again(call, hop, now)
            if name == "connection_reuseconn":
                hop.is_reused = True
            hop.mark(name, now)

        return handler

    def _again(self, call: Call, hop: Hop, now: float) -> Hop:
        """A connection for a request that has one: the request is sent once more (S-340)."""
        hop.failure = hop.failure or "no answer was told; the request was sent again"
        hop.last_event = now
        again = call.add(Hop(hop.method, hop.url, now))
        again.is_repeat = True
        return again

    async def _headers_sent(
        self, session: object, call: Call, params: TraceRequestHeadersSentParams
    ) -> None:
        now = self._clock()
        hop = call.current
        hop.method, hop.url = params.method, params.url
        hop.headers = tuple(params.headers.items())
        hop.mark("request_headers_sent", now)

    async def _chunk_sent(
        self, session: object, call: Call, params: TraceRequestChunkSentParams
    ) -> None:
        now = self._clock()
        hop = call.current
        hop.request_body.add(params.chunk, self._max_body)
        hop.mark("request_chunk_sent", now)

    async def _answered(
        self,
        session: object,
        call: Call,
        params: TraceRequestRedirectParams | TraceRequestEndParams,
    ) -> None:
        now = self._clock()
        call.current.answered(params.response, now)

    async def _chunk_received(
        self, session: object, call: Call, params: TraceResponseChunkReceivedParams
    ) -> None:
        hop = call.hops[-1]
        hop.response_body.add(params.chunk, self._max_body)
        hop.last_event = self._clock()
        hop.take_timings()

    async def _failed(
        self, session: object, call: Call, params: TraceRequestExceptionParams
    ) -> None:
        error = params.exception
        call.failure = f"{type(error).__name__}: {error}".removesuffix(": ")
        hop = call.hops[-1]
        # Of a redirect that is not followed, the answer itself has not failed.
        if hop.response is None:
            hop.failure = call.failure
            hop.last_event = self._clock()
