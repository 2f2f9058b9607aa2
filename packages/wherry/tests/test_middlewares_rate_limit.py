"""`middlewares._rate_limit`: how many requests go to one origin, and who is next."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry import (
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    Handler,
    TotalTimeoutError,
)
from wherry.middlewares import RateLimit, Retry, TokenBucket
from wherry.middlewares._rate_limit import FIRST_SWEEP
from wherry.testing import FakeConnector, check_middleware, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
Until = Callable[[Callable[[], object]], Any]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


class Time:
    """A clock that goes on when somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Gate:
    """A sleep that lasts until it is opened."""

    def __init__(self, time: Time) -> None:
        self.sleepers = 0
        self._time = time
        self._open = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.sleepers += 1
        try:
            await self._open.wait()
        finally:
            self.sleepers -= 1
        self._time.now += seconds

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def time() -> Time:
    return Time()


def limit(time: Time, rate: float = 1.0, **options: Any) -> RateLimit:
    defaults: dict[str, Any] = {
        "clock": time,
        "sleep": time.sleep,
        "time_of_day": lambda: NOON,
    }
    return RateLimit(rate, **(defaults | options))


# --- the bucket ------------------------------------------------------------------------------


@given(
    rate=st.floats(0.01, 1000),
    burst=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_stretch_of_time_has_more_than_burst_and_rate(
    rate: float, burst: int, pauses: list[float]
) -> None:
    """Over any window: at most `burst + rate * t`."""
    bucket = TokenBucket(rate, burst)
    now = 0.0
    taken: list[float] = []
    for pause in pauses:
        now += pause
        while bucket.delay(now) == 0 and len(taken) < 300:
            bucket.take(now)
            taken.append(now)

    assert taken
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            allowed = burst + rate * (taken[last] - start)
            assert last - first + 1 <= allowed + 1e-4


@given(rate=st.floats(0.01, 1000), burst=st.integers(1, 20), now=st.floats(0, 1e6))
def test_the_delay_is_as_long_as_needed_and_no_longer(rate: float, burst: int, now: float) -> None:
    bucket = TokenBucket(rate, burst)
    for _ in range(burst):
        assert bucket.delay(now) == 0
        bucket.take(now)

    delay = bucket.delay(now)

    assert delay == pytest.approx(1 / rate, abs=1e-8)
    assert bucket.delay(now + delay / 2) > 0
    assert bucket.delay(now + delay) == 0


def test_a_pause_holds_tokens_back_and_is_not_shortened() -> None:
    """RFC 9110 §10.2.3."""
    bucket = TokenBucket(10, 5)
    bucket.pause(20.0)
    bucket.pause(15.0)

    assert bucket.delay(10.0) == 10.0
    assert not bucket.is_full(19.0)
    assert bucket.delay(20.0) == 0
    assert bucket.is_full(20.0)


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_a_rate_is_a_number_above_zero(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        TokenBucket(rate)


@pytest.mark.parametrize(
    "options",
    [
        {"burst": 0},
        {"per": 0},
        {"per": float("nan")},
        {"max_concurrent": 0},
        {"max_retry_after": -1},
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        RateLimit(1, **options)


# --- waiting ---------------------------------------------------------------------------------


async def test_requests_beyond_the_burst_wait(fake: Fake, time: Time) -> None:
    session, connector = fake(middlewares=[limit(time, 30, per=60, burst=2)])

    await asyncio.gather(*(session.get("http://h/") for _ in range(5)))

    assert len(connector.requests) == 5
    assert time.slept == [2.0, 2.0, 2.0]


async def test_each_origin_has_its_own_rate(fake: Fake, time: Time) -> None:
    """Scheme, host and port; a trailing dot or capitals are the same host (SEC-48)."""
    session, _ = fake(middlewares=[limit(time)])

    for url in ("http://h/", "https://h/", "http://h:81/", "http://g/"):
        await session.get(url)
    assert time.slept == []
    for url in ("http://H/", "http://h./", "http://h:80/other"):
        await session.get(url)
    assert time.slept == [1.0, 1.0, 1.0]


async def test_who_came_first_goes_first(fake: Fake, time: Time, until: Until) -> None:
    gate = Gate(time)
    order: list[str] = []

    async def note(request: ClientRequest, handler: Handler) -> ClientResponse:
        order.append(request.url.path)
        return await handler(request)

    session, _ = fake(middlewares=[limit(time, sleep=gate.sleep), note])
    await session.get("http://h/first")
    tasks = [asyncio.ensure_future(session.get(f"http://h/{n}")) for n in range(5)]
    await until(lambda: gate.sleepers)

    assert gate.sleepers == 1, "only the first in the row sleeps"
    gate.open()
    await asyncio.gather(*tasks)
    assert order == ["/first", "/0", "/1", "/2", "/3", "/4"]


@pytest.mark.parametrize("victim", [0, 1])
async def test_who_is_cancelled_gives_the_place_back(
    fake: Fake, time: Time, until: Until, victim: int
) -> None:
    """Those behind go as if nobody had been there; nothing is left of the cancelled one."""
    gate = Gate(time)
    session, connector = fake(middlewares=[limit(time, sleep=gate.sleep)])
    await session.get("http://h/first")
    tasks = [asyncio.ensure_future(session.get(f"http://h/{n}")) for n in range(3)]
    await until(lambda: gate.sleepers)

    tasks.pop(victim).cancel()
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*tasks)

    assert time.now == 1002.0, "two tokens were waited for, not three"
    assert len(connector.requests) == 3
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_total_timeout_ends_the_wait(fake: Fake, time: Time) -> None:
    """S-444: it is a `TotalTimeoutError` that says what was waited for."""
    gate = Gate(time)
    session, connector = fake(middlewares=[limit(time, sleep=gate.sleep)])
    await session.get("http://h/")

    with pytest.raises(TotalTimeoutError, match="its turn under the rate limit") as caught:
        await session.get("http://h/", timeout=0.001)
    assert (caught.value.phase, caught.value.limit) == ("total", 0.001)
    assert caught.value.host == "h:80"
    assert gate.sleepers == 0
    assert len(connector.requests) == 1


async def test_a_timeout_of_the_handler_is_not_taken_for_ones_own(fake: Fake, time: Time) -> None:
    async def impatient(request: object, handler: object) -> Any:
        raise TimeoutError("of another kind")

    session, _ = fake(middlewares=[limit(time), impatient])

    with pytest.raises(TimeoutError, match="of another kind"):
        await session.get("http://h/", timeout=ClientTimeout())


async def test_concurrency_can_be_bounded(fake: Fake, time: Time, until: Until) -> None:
    session, connector = fake(
        lambda head, body: None,
        middlewares=[limit(time, 1000, burst=100, max_concurrent=2)],
    )
    tasks = [asyncio.ensure_future(session.get("http://h/")) for _ in range(5)]
    await until(lambda: len(connector.requests) == 2)
    for _ in range(20):
        await asyncio.sleep(0)

    assert len(connector.requests) == 2
    tasks[0].cancel()
    await until(lambda: len(connector.requests) == 3)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


# --- what servers ask for --------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        ("7", {}, [7.0]),
        ("Sun, 01 Mar 2026 12:00:09 GMT", {}, [9.0]),
        ("86400", {}, [60.0]),
        ("86400", {"max_retry_after": 5}, [5.0]),
        ("7", {"max_retry_after": 0}, []),
        ("soon", {}, []),
    ],
)
async def test_retry_after_holds_all_requests_back(
    fake: Fake, time: Time, status: int, value: str, options: dict[str, Any], expected: list[float]
) -> None:
    """RFC 6585 §4, RFC 9110 §10.2.3. The response itself is the caller's."""
    answers = [response_bytes(status=status, headers={"Retry-After": value})]
    session, _ = fake(
        lambda head, body: answers.pop() if answers else response_bytes(),
        middlewares=[limit(time, 1000, burst=100, **options)],
    )

    assert (await session.get("http://h/")).status == status
    assert (await session.get("http://h/")).status == 200
    assert time.slept == pytest.approx(expected)


async def test_every_try_of_a_retry_around_it_counts(fake: Fake, time: Time) -> None:
    answers = [response_bytes(status=503)]
    retry = Retry(clock=time, sleep=time.sleep, random=lambda: 0.0)
    session, _ = fake(
        lambda head, body: answers.pop() if answers else response_bytes(),
        middlewares=[retry, limit(time)],
    )

    assert (await session.get("http://h/")).status == 200
    assert time.slept == [0.0, 1.0]


# --- the rest --------------------------------------------------------------------------------


async def test_idle_origins_are_forgotten(fake: Fake, time: Time) -> None:
    """Memory is bounded by the origins of the time a bucket takes to fill."""
    limiter = limit(time)
    session, _ = fake(middlewares=[limiter])

    for n in range(20 * FIRST_SWEEP):
        await session.get(f"http://h{n}/")
        time.now += 0.5
    held = int(repr(limiter).rpartition("=")[2].rstrip(")"))
    assert held <= FIRST_SWEEP


async def test_an_origin_that_is_not_idle_is_remembered(fake: Fake, time: Time) -> None:
    """Its rate would be exceeded otherwise."""
    session, _ = fake(middlewares=[limit(time, 1, per=3600)])
    for n in range(2 * FIRST_SWEEP):
        await session.get(f"http://h{n}/")

    await session.get("http://h0/")
    assert time.slept == [3600.0]


async def test_one_instance_serves_several_sessions(fake: Fake, time: Time) -> None:
    shared = limit(time)
    for _ in range(2):
        session, _ = fake()
        await session.get("http://h/", middlewares=(shared,))
    assert time.slept == [1.0]


def test_the_repr_shows_the_settings() -> None:
    shown = repr(RateLimit(30, per=60, burst=3))

    assert shown == "RateLimit(0.5/s, burst=3, max_concurrent=None, origins=0)"


async def test_it_keeps_the_contract_of_middlewares() -> None:
    """SEC-36."""
    await check_middleware(RateLimit(1000, burst=10))
    await check_middleware(RateLimit(1000, burst=10, max_concurrent=1))
