"""One timer for all deadlines of a pool."""

import asyncio
import gc
import weakref

import pytest

from wherry_errors import SocketTimeoutError, TotalTimeoutError
from wherry_pool import ClientTimeout, ConnectionKey, ConnectionPool, Exchange
from wherry_pool._deadlines import Deadlines
from wherry_pool.protocols import HttpConnection, PoolObserver
from wherry_pool.testing import FakeConnection, ManualClock, RecordingOwner


def new_exchange() -> Exchange:
    return Exchange("GET", b"", asyncio.get_running_loop().create_future())


async def in_pool(pool: ConnectionPool, key: ConnectionKey, expiry: float) -> FakeConnection:
    """A fake connection that the pool knows and somebody holds."""

    async def open_connection(key: ConnectionKey, observer: PoolObserver | None) -> HttpConnection:
        return FakeConnection(pool, expiry)

    connection = await pool.acquire(key, open_connection)
    assert isinstance(connection, FakeConnection)
    return connection


async def test_exchange_that_is_overdue_fails(key: ConnectionKey, clock: ManualClock) -> None:
    """S-427: without a timer of its own."""
    pool = ConnectionPool(asyncio.get_running_loop())
    connection = await in_pool(pool, key, clock.now + 100)
    exchange = new_exchange()
    exchange.deadline = clock.now + 2.5
    connection.start(exchange)

    await clock.advance(2.4)
    assert not exchange.waiter.done()
    await clock.advance(0.1)

    with pytest.raises(TotalTimeoutError):
        await exchange.waiter
    assert pool.stats() == {}


async def test_deadline_that_comes_later_but_is_earlier_counts(
    key: ConnectionKey, clock: ManualClock
) -> None:
    """The timer moves forward only."""
    pool = ConnectionPool(asyncio.get_running_loop())
    slow, fast = [await in_pool(pool, key, clock.now + 100) for _ in range(2)]
    patient, hasty = new_exchange(), new_exchange()
    patient.deadline = clock.now + 4
    slow.start(patient)
    hasty.timeout = ClientTimeout(sock_read=1.0)
    hasty.last_arrival = clock.now
    fast.start(hasty)

    await clock.advance(1.0)

    with pytest.raises(SocketTimeoutError):
        await hasty.waiter
    assert not patient.waiter.done()
    await clock.advance(3.0)
    with pytest.raises(TotalTimeoutError):
        await patient.waiter


async def test_idle_connections_are_closed_in_time(key: ConnectionKey, clock: ManualClock) -> None:
    """S-132: distant expiries wait for the next whole second."""
    pool = ConnectionPool(asyncio.get_running_loop())
    clock.now = 1000.25
    connections = [await in_pool(pool, key, clock.now + after) for after in (3, 7, 20)]
    for connection in connections:
        connection.finish()

    await clock.advance(3)
    assert [connection.is_closed for connection in connections] == [True, False, False]
    await clock.advance(4)
    await clock.advance(0.75)
    assert [connection.is_closed for connection in connections] == [True, True, False]

    pool.close()
    assert connections[2].is_closed


async def test_overdue_connection_that_stays_does_not_spin(clock: ManualClock) -> None:
    """The next look is never in the past."""

    class Stubborn(FakeConnection):
        looks = 0

        def check_deadlines(self, now: float) -> None:
            self.looks += 1

    connection = Stubborn(RecordingOwner(), clock.now)
    deadlines = Deadlines(asyncio.get_running_loop(), {connection: None})
    deadlines.watch(clock.now)

    await clock.turn()

    assert connection.looks == 1
    assert deadlines.next > clock.now
    deadlines.stop()


async def test_timer_does_not_keep_the_pool_alive(clock: ManualClock) -> None:
    """S-132: it holds only a weak reference."""
    deadlines = Deadlines(asyncio.get_running_loop(), {})
    deadlines.watch(clock.now + 1)
    reference = weakref.ref(deadlines)

    del deadlines
    gc.collect()

    assert reference() is None
    await clock.advance(1)


async def test_stopped_timer_does_not_fire(clock: ManualClock) -> None:
    """S-173."""
    connection = FakeConnection(RecordingOwner(), clock.now)
    deadlines = Deadlines(asyncio.get_running_loop(), {connection: None})
    deadlines.watch(clock.now + 1)

    deadlines.stop()
    deadlines.stop()
    await clock.advance(2)

    assert not connection.is_closed
