"""The recorder of signals and the phases made of them, with a clock of the test's own."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from wherry_tracing import RequestTraces, TraceConfig, begin
from wherry_tracing.timeline import PHASES, Body, TimelineRecorder

if TYPE_CHECKING:
    from wherry_tracing.timeline import Hop

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@dataclass
class Answer:
    """A response, with timings if the client has them."""

    status: int = 200
    url: URL = field(default_factory=lambda: URL("http://h/"))
    reason: str | None = "OK"
    method: str = "GET"
    version: tuple[int, int] | None = (1, 1)
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    timings: Any = None


class Stage:
    """A recorder, its clock, and the traces of one call."""

    def __init__(self, **settings: Any) -> None:
        self.now = 100.0
        self.recorder = TimelineRecorder(clock=lambda: self.now, now=lambda: NOON, **settings)
        self.recorder.trace_config.freeze()
        self.traces = self.begin()

    def begin(self) -> RequestTraces:
        return begin([self.recorder.trace_config], None, "mine")

    async def play(self, *steps: tuple[float, str, Any]) -> None:
        """Tell events, each so many seconds after the one before."""
        for seconds, name, arguments in steps:
            self.now += seconds
            await getattr(self.traces, name)(*arguments)

    @property
    def hops(self) -> list[Hop]:
        return self.recorder.calls[-1].hops


URL_ = URL("http://h/a?b#c")
FIELDS = CIMultiDict({"Host": "h", "Authorization": "secret"})
START = (0.0, "request_start", ("GET", URL_, FIELDS))
SENT = ("request_headers_sent", ("GET", URL_, FIELDS))


def spent(hop: Hop) -> list[tuple[str, float]]:
    return [(phase.name, round(phase.seconds, 6)) for phase in hop.phases]


async def test_phases_of_signals_alone() -> None:
    """Clients without timings: each signal ends what the one before began."""
    stage, answer = Stage(), Answer()

    await stage.play(
        START,
        (0.5, "connection_queued_start", ()),
        (1.0, "connection_queued_end", ()),
        (0.0, "connection_create_start", ()),
        (0.25, "dns_resolve_start", ("h",)),
        (2.0, "dns_resolve_end", ("h",)),
        (3.0, "tls_handshake_start", ("h",)),
        (4.0, "tls_handshake_end", ("h",)),
        (0.0, "connection_create_end", ()),
        (0.0, *SENT),
        (5.0, "request_chunk_sent", ("GET", URL_, b"abc")),
        (1.0, "request_chunk_sent", ("GET", URL_, b"de")),
        (7.0, "request_end", ("GET", URL_, FIELDS, answer)),
        (8.0, "response_chunk_received", ("GET", URL_, b"xyz")),
    )

    (hop,) = stage.hops
    assert spent(hop) == [
        ("queue", 1.0),
        ("connect", 0.25),
        ("dns", 2.0),
        ("connect", 3.0),
        ("tls", 4.0),
        ("send", 6.0),
        ("first_byte", 7.0),
        ("body", 8.0),
    ]
    assert {phase.name for phase in hop.phases} == set(PHASES)
    assert (hop.request_body.size, hop.response_body.size) == (5, 3)
    assert stage.recorder.calls[0].seconds == hop.ended - hop.started == 31.75


async def test_phases_of_a_response_that_knows_better() -> None:
    """Its timings count, from the first sign of a connection on; also those it learns later."""
    timings = SimpleNamespace(
        queue=0.1, dns=0.0, connect=0.2, tls=0.0, send=0.0, first_byte=0.3, body=None
    )
    stage, answer = Stage(), Answer(timings=timings)

    await stage.play(
        START,
        (1.0, "connection_create_start", ()),
        (9.0, *SENT),
        (9.0, "request_end", ("GET", URL_, FIELDS, answer)),
    )
    timings.body = 0.4
    await stage.play((1.0, "response_chunk_received", ("GET", URL_, b"x")))
    del answer

    (hop,) = stage.hops
    assert spent(hop) == [("queue", 0.1), ("connect", 0.2), ("first_byte", 0.3), ("body", 0.4)]
    assert hop.phases[0].start == 101.0
    assert hop.phases[-1].end == pytest.approx(102.0)


async def test_response_is_not_kept_alive() -> None:
    """A recorder of many calls would keep all their bodies."""
    stage, answer = Stage(), Answer(timings=SimpleNamespace(body=None))
    await stage.play(START, (0, *SENT), (1, "request_end", ("GET", URL_, FIELDS, answer)))

    alive = weakref.ref(answer)
    del answer

    assert alive() is None


async def test_each_redirect_is_a_hop() -> None:
    """The next one begins where the last one was answered; it is named when it is sent."""
    stage = Stage()
    moved = Answer(302, headers=CIMultiDict({"Location": "/next"}))

    await stage.play(
        START,
        (1.0, *SENT),
        (1.0, "request_redirect", ("GET", URL_, FIELDS, moved)),
        (1.0, "connection_reused", ()),
    )
    assert stage.hops[1].url == URL("http://h/next")
    await stage.play(
        (1.0, "request_headers_sent", ("GET", URL("http://h/other"), FIELDS)),
        (1.0, "request_end", ("GET", URL_, FIELDS, Answer())),
    )

    first, second = stage.hops
    assert (first.response and first.response.status, first.is_reused) == (302, False)
    assert (second.url, second.is_reused, second.started) == (URL("http://h/other"), True, 102.0)
    assert second.headers == tuple(FIELDS.items())


async def test_retry_is_a_hop_of_its_own() -> None:
    """S-340: connection signals after a head without an answer."""
    stage = Stage()

    await stage.play(
        START,
        (1, "connection_reused", ()),
        (1, *SENT),
        (1, "connection_create_start", ()),
        (1, "connection_create_end", ()),
        (0, *SENT),
        (1, "request_end", ("GET", URL_, FIELDS, Answer())),
    )

    first, second = stage.hops
    assert "sent again" in first.failure
    assert (first.response, second.is_repeat, second.failure) == (None, True, "")
    assert spent(first) == [("first_byte", 1.0)]


async def test_failure_ends_the_phase_it_came_in() -> None:
    """S-341: a connection that was refused."""
    stage = Stage()

    await stage.play(
        START,
        (0, "connection_create_start", ()),
        (3, "request_exception", ("GET", URL_, FIELDS, OSError(None, "refused"))),
    )

    (hop,) = stage.hops
    assert spent(hop) == [("connect", 3.0)]
    assert hop.failure == stage.recorder.calls[0].failure == "OSError: [Errno None] refused"
    assert "OSError" in repr(hop)


async def test_failure_after_a_redirect_is_no_failure_of_its_answer() -> None:
    """Too many redirects: the last one was answered all right."""
    stage = Stage()

    await stage.play(
        START,
        (1, *SENT),
        (1, "request_redirect", ("GET", URL_, FIELDS, Answer(302))),
        (0, "request_exception", ("GET", URL_, FIELDS, ValueError("too many"))),
    )

    assert [hop.failure for hop in stage.hops] == [""]
    assert stage.recorder.calls[0].failure == "ValueError: too many"


async def test_calls_are_bounded_and_counted() -> None:
    """`max_calls`."""
    stage = Stage(max_calls=2)
    for _ in range(5):
        stage.traces = stage.begin()
        await stage.play(START)

    assert (len(stage.recorder.calls), stage.recorder.calls_missed) == (2, 3)
    assert stage.recorder.calls[0].began == NOON
    assert stage.recorder.calls[0].trace_request_ctx == "mine"


@pytest.mark.parametrize("limit", [0, 1, 5, 6, 100])
def test_body_keeps_its_beginning(limit: int) -> None:
    """`max_body` bytes, and the size of all."""
    body = Body()
    for chunk in (b"ab", b"cde", b"f"):
        body.add(chunk, limit)

    assert bytes(body.content) == b"abcdef"[:limit]
    assert body.size == 6
    assert body.is_complete == (limit >= 6)


async def test_recording_for_a_while() -> None:
    """A session that exists already: its other configs stay as they are."""
    recorder, other = TimelineRecorder(), TraceConfig()
    session = SimpleNamespace(trace_configs=[other])

    with recorder.recording(session):
        assert session.trace_configs == [other, recorder.trace_config]
        assert recorder.trace_config.on_request_start.frozen

    assert session.trace_configs == [other]
