"""`_timings`: what an exchange wrote down, as durations."""

import asyncio
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from wherry import ClientSession
from wherry._timings import ResponseTimings, timings_of
from wherry.testing import FakeConnector, RawPlan
from wherry_pool import DialTimings, Exchange

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


async def exchange_with(**points: object) -> Exchange:
    exchange = Exchange("GET", b"", asyncio.get_running_loop().create_future())
    exchange.started = 1.0
    for name, value in points.items():
        setattr(exchange, name, value)
    return exchange


async def test_every_part_follows_the_one_before() -> None:
    """DECISIONS: queue, DNS, connect, TLS, send, first byte, body, in seconds."""
    exchange = await exchange_with(
        requested_at=10.0,
        acquired_at=20.0,
        dial_timings=DialTimings(1.0, 2.0, 4.0),
        sent_at=21.0,
        first_byte_at=23.0,
        completed_at=26.0,
    )

    timings = timings_of(exchange)

    assert timings == ResponseTimings(3.0, 1.0, 2.0, 4.0, 1.0, 2.0, 3.0)
    with pytest.raises(FrozenInstanceError):
        timings.queue = 1.0  # type: ignore[misc]  # that is the point


async def test_points_that_coincide_are_not_written_down() -> None:
    """An idle connection, a request in one write, an answer in one read."""
    exchange = await exchange_with(requested_at=10.0, completed_at=10.5)

    assert timings_of(exchange) == ResponseTimings(0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0)


async def test_body_is_none_while_it_is_under_way() -> None:
    """Or if it never came to its end. An exchange that was not timed began with its call."""
    timings = timings_of(await exchange_with(first_byte_at=3.0))

    assert timings.body is None
    assert timings.first_byte == 2.0


async def test_nothing_takes_less_than_no_time() -> None:
    """An answer may come before the request is through; clocks of the parts need not agree."""
    exchange = await exchange_with(
        requested_at=10.0,
        acquired_at=10.5,
        dial_timings=DialTimings(connect=0.6),
        sent_at=12.0,
        first_byte_at=11.0,
        completed_at=12.5,
    )

    timings = timings_of(exchange)

    assert (timings.queue, timings.first_byte, timings.body) == (0.0, 0.0, 1.5)


async def test_an_exchange_without_answer_has_none() -> None:
    """There is nothing to tell yet."""
    with pytest.raises(ValueError, match="head has arrived"):
        timings_of(await exchange_with())


async def test_a_response_has_its_timings_without_tracing(fake: Fake) -> None:
    """DECISIONS: of its own exchange, complete once the body is there."""
    plan = RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo", b"dy"], closes=False)
    session, _ = fake(plan)
    async with session.get("http://h/") as response:
        assert response.timings.body is None
        await response.read()
        first = response.timings
    async with session.get("http://h/") as again:
        await again.read()

    assert first.body is not None
    assert all(seconds >= 0 for seconds in (first.queue, first.first_byte, first.body))
    assert (again.timings.dns, again.timings.connect, again.timings.tls) == (0.0, 0.0, 0.0)
