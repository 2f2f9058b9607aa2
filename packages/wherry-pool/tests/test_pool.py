"""The pool: limits, order, and what is left after every kind of failure."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from wherry_errors import ClientConnectionError, ConnectionTimeoutError
from wherry_pool import ConnectionKey, ConnectionPool, Demand, OriginStats
from wherry_pool.protocols import HttpConnection, PoolObserver
from wherry_pool.testing import FakeConnection, ManualClock, RecordingObserver

A, B, C = (ConnectionKey(f"{name}.example", 80, False) for name in "abc")


class Opener:
    """Opens fake connections, at once or when told to, or fails."""

    def __init__(self, pool: ConnectionPool, expiry: float = float("inf")) -> None:
        self.pool = pool
        self.expiry = expiry
        self.opened: list[FakeConnection] = []
        self.error: BaseException | None = None
        self.gate: asyncio.Event | None = None

    async def __call__(self, key: ConnectionKey, observer: PoolObserver | None) -> HttpConnection:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.opened.append(FakeConnection(self.pool, self.expiry))
        return self.opened[-1]

    async def acquire(
        self,
        key: ConnectionKey,
        observer: PoolObserver | None = None,
        wait_limit: float | None = None,
    ) -> FakeConnection:
        connection = await self.pool.acquire(key, self, observer, wait_limit)
        assert isinstance(connection, FakeConnection)
        return connection


def new_pool(
    limit: int = 0, per_host: int = 0, *, force_close: bool = False
) -> tuple[ConnectionPool, Opener]:
    pool = ConnectionPool(
        asyncio.get_running_loop(), limit=limit, limit_per_host=per_host, force_close=force_close
    )
    return pool, Opener(pool)


async def turn(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


@contextmanager
def nothing_left(pool: ConnectionPool) -> Iterator[None]:
    """After the block, and closing, no place is taken and nobody waits."""
    yield
    pool.close()
    assert pool.stats() == {}
    assert repr(pool).startswith("<ConnectionPool in_use=0 idle=0 waiting=0 limit=")


# --- reuse -------------------------------------------------------------------------------------


async def test_idle_connections_are_taken_first_in_first_out() -> None:
    """S-119: without a wait."""
    pool, opener = new_pool()
    with nothing_left(pool):
        first, second = await opener.acquire(A), await opener.acquire(A)
        second.finish()
        first.finish()

        now = asyncio.get_running_loop().time()
        assert pool.acquire_nowait(A, now) is second
        assert pool.acquire_nowait(A, now) is first
        assert pool.acquire_nowait(A, now) is None
        assert pool.acquire_nowait(B, now) is None


async def test_expired_and_closed_connections_are_passed_over() -> None:
    """S-119: and closed."""
    pool, opener = new_pool()
    with nothing_left(pool):
        expired, gone, good = [await opener.acquire(A) for _ in range(3)]
        for connection in (expired, gone, good):
            connection.finish()
        expired.expiry = 5.0
        gone.is_closed = True

        assert pool.acquire_nowait(A, 5.0) is good
        assert expired.is_closed
        assert pool.stats() == {A: OriginStats(1, 0, 0, created=3, reused=1, closed=2)}


async def test_connections_of_different_keys_do_not_mix() -> None:
    """S-116, SEC-31."""
    pool, opener = new_pool()
    with nothing_left(pool):
        (await opener.acquire(A)).finish()

        connection = await opener.acquire(A._replace(ssl=False))

        assert len(opener.opened) == 2
        assert connection is opener.opened[1]


async def test_force_close_keeps_nothing() -> None:
    """S-131."""
    pool, opener = new_pool(force_close=True)
    with nothing_left(pool):
        connection = await opener.acquire(A)
        connection.finish()

        assert connection.is_closed
        assert pool.stats() == {}


async def test_connection_the_pool_does_not_know_is_closed() -> None:
    """Somebody else's, or one that was discarded before."""
    pool, opener = new_pool()
    with nothing_left(pool):
        stranger = FakeConnection(pool)
        stranger.finish()
        assert stranger.is_closed

        known = await opener.acquire(A)
        known.break_off()
        known.break_off()
        known.finish()
        assert pool.stats() == {}


# --- limits ------------------------------------------------------------------------------------


async def test_request_waits_at_the_limit_and_gets_what_is_released() -> None:
    """S-124."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = asyncio.ensure_future(opener.acquire(A))
        await turn()
        assert pool.stats()[A].waiting == 1

        held.finish()

        assert await waiting is held
        assert len(opener.opened) == 1


async def test_waiter_gets_a_place_when_a_connection_is_lost() -> None:
    """S-127: and opens one of its own."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = asyncio.ensure_future(opener.acquire(B))
        await turn()

        held.break_off()

        assert await waiting is opener.opened[1]


async def test_idle_connection_of_another_origin_makes_room() -> None:
    """C-24: the one whose time is up first is closed."""
    pool, opener = new_pool(limit=2)
    with nothing_left(pool):
        late, early = await opener.acquire(A), await opener.acquire(B)
        late.expiry, early.expiry = 20.0**9, 10.0**9
        late.finish()
        early.finish()

        await opener.acquire(C)

        assert (late.is_closed, early.is_closed) == (False, True)
        assert B not in pool.stats()


async def test_room_can_be_made_by_ones_own_last_connection() -> None:
    """C-24, S-122: who wants a fresh connection may close its own idle one; the books stay right.

    Found by the state machine: the origin was forgotten with its last connection, and the place
    reserved for the new one with it.
    """
    pool, opener = new_pool(limit=1, per_host=1)
    with nothing_left(pool):
        idle = await opener.acquire(A)
        idle.finish()
        opener.gate = asyncio.Event()

        opening = asyncio.ensure_future(pool.acquire(A, opener, fresh=True))
        await turn()

        assert idle.is_closed
        assert pool.stats()[A].in_use == 1
        opener.gate.set()
        assert await opening is opener.opened[1]


@pytest.mark.parametrize("count", [3, 500])
async def test_first_to_expire_is_closed_whatever_happened_since(count: int) -> None:
    """C-24: connections that were used again, or are gone, do not mislead."""
    pool, opener = new_pool(limit=count)
    with nothing_left(pool):
        keys = [A._replace(port=number) for number in range(count)]
        connections = [await opener.acquire(key) for key in keys]
        for number, connection in enumerate(connections):
            connection.expiry = 1e9 + number
            connection.finish()
        assert pool.acquire_nowait(keys[0], 0.0) is connections[0]
        connections[0].expiry = 2e9  # used again
        connections[0].finish()
        connections[1].break_off()  # gone
        assert pool.acquire_nowait(keys[count - 1], 0.0) is connections[-1]
        connections[-1].expiry = 5e8  # used again, and the server said: not for long
        connections[-1].finish()
        expected = [connections[-1], *connections[2:-1], connections[0]]
        await opener.acquire(B)  # the place of the one that is gone

        for expected_next in expected[:20]:
            await opener.acquire(B)
            assert expected_next.is_closed
        assert len(opener.opened) == count + 1 + len(expected[:20])


async def test_making_room_does_not_look_at_every_connection() -> None:
    """C-24: thousands of idle ones, and one more origin each time; nor does anything pile up."""
    asked = 0

    class Counting(FakeConnection):
        def next_deadline(self) -> float:
            nonlocal asked
            asked += 1
            return super().next_deadline()

    pool = ConnectionPool(asyncio.get_running_loop(), limit=500)

    async def open_connection(key: ConnectionKey, observer: PoolObserver | None) -> HttpConnection:
        return Counting(pool)

    with nothing_left(pool):
        for number in range(3000):
            connection = await pool.acquire(A._replace(port=number), open_connection)
            assert isinstance(connection, FakeConnection)
            connection.expiry = 1e9 + number
            connection.finish()
        assert asked < 3 * 3000
        assert len(pool.connections()) == 500
        for number in range(3000):
            connection = await pool.acquire(A._replace(port=9999), open_connection)
            assert isinstance(connection, FakeConnection)
            connection.expiry = 1e9 - number  # each earlier than the last: an entry each
            connection.finish()
        assert len(pool._evictable) < 2 * 600 + 64


async def test_pool_without_limit_keeps_no_list_of_what_to_close() -> None:
    """Docstring of `NEVER_EVICT`."""
    pool, opener = new_pool()
    with nothing_left(pool):
        (await opener.acquire(A)).finish()

        assert pool._evictable == []


async def test_release_to_another_origin_serves_who_waits() -> None:
    """C-24: what becomes idle while somebody waits makes room at once."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = asyncio.ensure_future(opener.acquire(B))
        await turn()

        held.finish()

        assert await waiting is not held
        assert held.is_closed


async def test_limit_per_host_counts_each_key() -> None:
    """S-123."""
    pool, opener = new_pool(limit=3, per_host=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = asyncio.ensure_future(opener.acquire(A))
        await turn()
        other = await opener.acquire(B)
        assert not waiting.done()
        other.finish()
        await turn()
        assert not waiting.done()

        held.finish()

        assert await waiting is held


async def test_waiters_are_served_in_order_of_arrival() -> None:
    """S-124: across keys too, and newcomers do not overtake."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        order: list[str] = []

        async def wait(name: str, key: ConnectionKey) -> None:
            connection = await opener.acquire(key)
            order.append(name)
            await asyncio.sleep(0)
            connection.finish()

        tasks = [
            asyncio.ensure_future(wait(name, key))
            for name, key in [("1", A), ("2", B), ("3", A), ("4", C), ("5", B)]
        ]
        await turn()
        held.finish()
        tasks.append(asyncio.ensure_future(wait("6", A)))
        await asyncio.gather(*tasks)

        assert order == ["1", "2", "3", "4", "5", "6"]


async def test_host_at_its_limit_does_not_hold_up_the_others() -> None:
    """S-124: first come, first served among those who can be."""
    pool, opener = new_pool(limit=2, per_host=1)
    with nothing_left(pool):
        first = await opener.acquire(A)
        second = await opener.acquire(B)
        same_host = asyncio.ensure_future(opener.acquire(A))
        other_host = asyncio.ensure_future(opener.acquire(C))
        await turn()

        second.break_off()
        await turn()

        assert other_host.done()
        assert not same_host.done()
        first.finish()
        assert await same_host is first


async def test_work_per_connection_does_not_grow_with_the_number_that_waits() -> None:
    """A crawler's pattern: thousands of origins in line for a few places."""

    class CountingPool(ConnectionPool):
        decisions = 0

        def _demand(self, origin: Any, *, fresh: bool = False) -> Demand:
            self.decisions += 1
            return super()._demand(origin, fresh=fresh)

    pool = CountingPool(asyncio.get_running_loop(), limit=2)
    opener = Opener(pool)
    with nothing_left(pool):
        count = 2000

        async def visit(number: int) -> None:
            connection = await opener.acquire(ConnectionKey(f"h{number}", 80, False))
            connection.finish()

        await asyncio.gather(*(visit(number) for number in range(count)))

        assert len(opener.opened) == count
        assert pool.decisions < 5 * count


# --- waiting and giving up ---------------------------------------------------------------------


async def test_pool_limit_ends_the_wait(clock: ManualClock) -> None:
    """ClientTimeout.pool: its own limit, named in the message."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        await opener.acquire(A)
        waiting = asyncio.ensure_future(opener.acquire(A, wait_limit=2.0))

        await clock.advance(2.0)

        with pytest.raises(ConnectionTimeoutError, match=r"timeout.pool = 2.0.*all 1 connec") as e:
            await waiting
        assert (e.value.phase, e.value.host) == ("pool", "a.example:80")
        assert pool.stats()[A].waiting == 0


@pytest.mark.parametrize("limit", [0, -1.0, None])
async def test_pool_limit_can_be_off(limit: float | None, clock: ManualClock) -> None:
    """S-425: None, 0 and less."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = asyncio.ensure_future(opener.acquire(A, wait_limit=limit))
        await clock.advance(1000)
        assert not waiting.done()

        held.finish()

        assert await waiting is held


async def test_cancelled_waiter_leaves_the_line() -> None:
    """S-125: first, middle and last."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = [asyncio.ensure_future(opener.acquire(A)) for _ in range(5)]
        await turn()
        for index in (0, 2, 4):
            waiting[index].cancel()
        await turn()
        assert pool.stats()[A].waiting == 2

        held.finish()
        assert await waiting[1] is held
        held.finish()
        assert await waiting[3] is held


@pytest.mark.parametrize("is_reused", [True, False])
async def test_waiter_cancelled_in_the_turn_it_is_served_passes_it_on(is_reused: bool) -> None:
    """S-125: a connection or a place; cancelled after, or right before it was served."""
    for is_cancelled_first in (True, False):
        pool, opener = new_pool(limit=1)
        with nothing_left(pool):
            held = await opener.acquire(A)
            unlucky = asyncio.ensure_future(opener.acquire(A))
            lucky = asyncio.ensure_future(opener.acquire(A))
            await turn()

            if is_cancelled_first:
                unlucky.cancel()
            held.finish() if is_reused else held.break_off()
            unlucky.cancel()

            connection = await lucky
            assert (connection is held) is is_reused
            assert unlucky.cancelled()
            assert pool.stats()[A].in_use == 1


@pytest.mark.parametrize("limit", [0, 1])
async def test_fresh_connection_is_never_an_idle_one(limit: int) -> None:
    """S-451: a retry goes over another connection; at the limit the idle one makes room."""
    pool, opener = new_pool(limit=limit)
    with nothing_left(pool):
        stale = await opener.acquire(A)
        stale.finish()

        connection = await pool.acquire(A, opener, fresh=True)

        assert connection is opener.opened[1]
        assert stale.is_closed is bool(limit)


async def test_connection_that_dies_in_the_turn_it_is_served_is_replaced() -> None:
    """B-15: nothing was sent over it, so the waiter gets another one, whatever its method."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = asyncio.ensure_future(opener.acquire(A))
        await turn()

        held.finish()
        held.break_off()

        assert await waiting is opener.opened[1]


async def test_line_can_be_left_in_any_order() -> None:
    """S-125: from its end, its middle and its front; who stays keeps the order."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = [asyncio.ensure_future(opener.acquire(A)) for _ in range(6)]
        await turn()
        for index in (5, 2, 0):
            waiting[index].cancel()
        await turn()
        assert pool.stats()[A].waiting == 3

        for index in (1, 3, 4):
            held.finish()
            assert await waiting[index] is held


async def test_many_waiters_cancelled_in_one_turn_do_not_exhaust_the_stack() -> None:
    """All have to be passed over before the one who is left."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        waiting = [asyncio.ensure_future(opener.acquire(A)) for _ in range(2000)]
        await turn()
        for task in waiting[:-1]:
            task.cancel()

        held.break_off()

        assert await waiting[-1] is opener.opened[1]


async def test_waiter_can_be_cancelled_at_every_await() -> None:
    """S-125, S-127, SEC-36: whatever it had is there for the next."""
    for turns in range(12):
        pool, opener = new_pool(limit=1)
        with nothing_left(pool):
            held = await opener.acquire(A)
            waiting = asyncio.ensure_future(opener.acquire(A, RecordingObserver()))
            await turn(3)
            held.break_off()
            for _ in range(turns):
                await asyncio.sleep(0)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                (await waiting).break_off()

            async with asyncio.timeout(5):
                await opener.acquire(A)


async def test_opening_that_fails_frees_its_place() -> None:
    """S-127: and the error is the caller's."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        opener.gate = asyncio.Event()
        failing = asyncio.ensure_future(opener.acquire(A))
        waiting = asyncio.ensure_future(opener.acquire(B))
        await turn()
        assert pool.stats()[A].in_use == 1
        opener.error = OSError("refused")
        opener.gate.set()
        await turn(1)
        opener.error = None

        with pytest.raises(OSError, match="refused"):
            await failing
        assert await waiting is opener.opened[0]


async def test_opening_that_is_cancelled_frees_its_place() -> None:
    """S-127, SEC-36."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        opener.gate = asyncio.Event()
        opening = asyncio.ensure_future(opener.acquire(A))
        waiting = asyncio.ensure_future(opener.acquire(B))
        await turn()
        opening.cancel()
        opener.gate.set()

        assert await waiting is opener.opened[0]
        assert opening.cancelled()


# --- observers ---------------------------------------------------------------------------------


async def test_observer_is_told_in_order() -> None:
    """S-332 ff.: queueing before creating, reuse instead of creating."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        new, reused, queued, replaced = [RecordingObserver() for _ in range(4)]
        (await opener.acquire(A, new)).finish()
        held = await opener.acquire(A, reused)
        first = asyncio.ensure_future(opener.acquire(A, queued))
        await turn()
        held.finish()
        second = asyncio.ensure_future(opener.acquire(B, replaced))
        await first
        held.break_off()
        await second

        creating = ["connection_create_start", "connection_create_end"]
        queueing = ["connection_queued_start", "connection_queued_end"]
        assert new.events == creating
        assert reused.events == ["connection_reused"]
        assert queued.events == [*queueing, "connection_reused"]
        assert replaced.events == [*queueing, *creating]


@pytest.mark.parametrize(
    "event",
    [
        "connection_queued_start",
        "connection_queued_end",
        "connection_create_start",
        "connection_create_end",
        "connection_reused",
    ],
)
@pytest.mark.parametrize("is_reused", [True, False])
async def test_observer_that_raises_fails_its_request_only(event: str, is_reused: bool) -> None:
    """S-332: the connection or the place goes back."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        held = await opener.acquire(A)
        observer = RecordingObserver({event: ValueError("observer")})
        waiting = asyncio.ensure_future(opener.acquire(A, observer))
        await turn()
        if is_reused:
            held.finish()
        else:
            held.break_off()
        await asyncio.wait([waiting])
        if event in observer.events:
            with pytest.raises(ValueError, match="observer"):
                waiting.result()
        else:
            waiting.result().break_off()

        async with asyncio.timeout(5):
            await opener.acquire(A)
        assert sum(not connection.is_closed for connection in opener.opened) == 1


async def test_connection_that_dies_while_the_observer_is_told_is_not_kept() -> None:
    """It is handed out dead, or struck off if the observer fails."""
    pool, opener = new_pool(limit=1)
    with nothing_left(pool):
        connection = await opener.acquire(A)
        connection.finish()
        observer = RecordingObserver({"connection_reused": ValueError("observer")})
        acquiring = asyncio.ensure_future(opener.acquire(A, observer))
        await asyncio.sleep(0)
        connection.break_off()

        with pytest.raises(ValueError, match="observer"):
            await acquiring

        assert pool.stats() == {}


# --- closing -----------------------------------------------------------------------------------


async def test_closing_turns_away_all_who_wait() -> None:
    """S-174, B-13: with an error, not with a cancellation; each with its own (S-506)."""
    pool, opener = new_pool(limit=1)
    held = await opener.acquire(A)
    waiting = [asyncio.ensure_future(opener.acquire(key)) for key in (A, A, B)]
    await turn()

    pool.close()
    pool.close()

    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(type(error) is ClientConnectionError for error in errors)
    assert len({id(error) for error in errors}) == 3
    assert held.is_closed
    assert pool.stats() == {}


async def test_closing_stops_attempts_to_connect() -> None:
    """S-128, S-175, S-542: a connect that hangs does not outlive the pool."""
    pool, opener = new_pool()
    opener.gate = asyncio.Event()
    opening = [asyncio.ensure_future(opener.acquire(key)) for key in (A, B)]
    await turn()

    pool.close()
    pool.close()

    for task in opening:
        with pytest.raises(ClientConnectionError, match="connector is closed"):
            await task
    assert opener.opened == []
    assert pool.stats() == {}


async def test_connection_ready_in_the_turn_of_closing_is_closed() -> None:
    """S-128."""
    for event in ("connection_create_start", "connection_create_end"):
        pool, opener = new_pool()

        class Closer(RecordingObserver):
            async def _note(self, name: str, host: str = "") -> None:
                if name == event:  # noqa: B023
                    pool.close()  # noqa: B023

        with pytest.raises(ClientConnectionError, match="connector is closed"):
            await opener.acquire(A, Closer())

        assert all(connection.is_closed for connection in opener.opened)
        assert pool.stats() == {}


async def test_waiter_served_in_the_turn_of_closing_opens_nothing() -> None:
    """S-175, B-14: it had a place, but there is no pool any more."""
    pool, opener = new_pool(limit=1)
    held = await opener.acquire(A)
    waiting = asyncio.ensure_future(opener.acquire(B))
    await turn()

    held.break_off()
    pool.close()

    with pytest.raises(ClientConnectionError, match="connector is closed"):
        await waiting
    assert len(opener.opened) == 1
    assert pool.stats() == {}


async def test_closed_pool_gives_no_connection() -> None:
    """And closes what is brought back."""
    pool, opener = new_pool()
    held = await opener.acquire(A)
    pool.close()

    with pytest.raises(ClientConnectionError, match="connector is closed"):
        await opener.acquire(A)

    held.finish()
    assert held.is_closed
    assert repr(pool) == "<ConnectionPool in_use=0 idle=0 waiting=0 limit=none closed>"


async def test_closing_in_two_steps_lets_some_leave_by_themselves(clock: ManualClock) -> None:
    """S-176: nobody comes in meanwhile; the wait is bounded."""
    pool, opener = new_pool()
    with nothing_left(pool):
        leaving, staying = await opener.acquire(A), await opener.acquire(B)
        pool.turn_away()
        pool.close_all_but({leaving})
        assert (leaving.is_closed, staying.is_closed) == (False, True)
        with pytest.raises(ClientConnectionError):
            await opener.acquire(A)

        waiting = asyncio.ensure_future(pool.wait_until_empty(3.0))
        await turn()
        assert not waiting.done()
        leaving.break_off()
        await waiting

        await pool.wait_until_empty(3.0)  # nothing to wait for

    pool, opener = new_pool()
    with nothing_left(pool):
        await opener.acquire(A)
        waiting = asyncio.ensure_future(pool.wait_until_empty(3.0))
        await clock.advance(3.0)
        assert waiting.done()
