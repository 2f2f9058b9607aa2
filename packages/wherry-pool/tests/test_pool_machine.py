"""The pool under any order of events, against what must always hold.

`WHERRY_POOL_STEPS=100000 python -m pytest …/test_pool_machine.py -s` takes that many steps, other
ones in each run, and says how many there were.
"""

import asyncio
import os
import sys
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wherry_errors import ClientConnectionError
from wherry_pool import ConnectionKey, ConnectionPool
from wherry_pool.protocols import HttpConnection, PoolObserver
from wherry_pool.testing import FakeConnection, ManualClock, RecordingObserver

STEPS = int(os.environ.get("WHERRY_POOL_STEPS", "0"))
STEPS_PER_EXAMPLE = 40

steps_taken = 0

KEYS = [ConnectionKey(f"{name}.example", 80, False) for name in "abc"]
KEEPALIVES = st.sampled_from([2.0, 10.0, 10.0, float("inf")])
"""How long a connection may be idle from now on: the server may say less, or it was never used."""


class PoolMachine(RuleBasedStateMachine):
    """Requests come, wait, are served, fail and are cancelled; time passes; the pool closes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(self.loop)
        self.clock.__enter__()
        self.tasks: dict[asyncio.Task[HttpConnection], ConnectionKey] = {}
        self.opening: dict[asyncio.Future[None], ConnectionKey] = {}
        self.held: dict[FakeConnection, ConnectionKey] = {}
        self.all: list[FakeConnection] = []
        self.arrived: list[asyncio.Task[HttpConnection]] = []
        self.is_closed = False

    @initialize(limit=st.integers(0, 4), per_host=st.integers(0, 2))
    def make_pool(self, limit: int, per_host: int) -> None:
        self.pool = ConnectionPool(self.loop, limit=limit, limit_per_host=per_host)

    def run(self) -> None:
        """Let everything happen that can, then see who got what."""
        self.loop.run_until_complete(self.clock.turn())
        for task in [task for task in self.tasks if task.done()]:
            key = self.tasks.pop(task)
            if task.cancelled():
                continue
            error = task.exception()
            if error is not None:
                assert self.is_closed or isinstance(error, ConnectionRefusedError)
                assert not self.is_closed or isinstance(
                    error, ClientConnectionError | ConnectionRefusedError
                )
                continue
            connection = task.result()
            assert isinstance(connection, FakeConnection)
            assert connection not in self.held, "a connection was handed out twice"
            self.held[connection] = key

    async def open_connection(
        self, key: ConnectionKey, observer: PoolObserver | None
    ) -> HttpConnection:
        attempt: asyncio.Future[None] = self.loop.create_future()
        self.opening[attempt] = key
        try:
            await attempt
        finally:
            del self.opening[attempt]
        connection = FakeConnection(self.pool)
        self.all.append(connection)
        return connection

    @rule(key=st.sampled_from(KEYS), is_fresh=st.booleans())
    def acquire(self, key: ConnectionKey, is_fresh: bool) -> None:
        task = self.loop.create_task(self.pool.acquire(key, self.open_connection, fresh=is_fresh))
        self.tasks[task] = key
        self.run()

    @rule(
        key=st.sampled_from(KEYS),
        turns=st.integers(0, 9),
        data=st.data(),
        is_settled=st.booleans(),
        keepalive=KEEPALIVES,
    )
    def acquire_and_cancel(
        self, key: ConnectionKey, turns: int, data: Any, is_settled: bool, keepalive: float
    ) -> None:
        """Cancel a request so many turns after it came: every await of it is met sooner or later.

        Meanwhile something may become free, or its connection ready.
        """
        before = set(self.opening)
        task = self.loop.create_task(
            self.pool.acquire(key, self.open_connection, RecordingObserver())
        )
        self.tasks[task] = key
        for turn in range(turns):
            self.loop.run_until_complete(asyncio.sleep(0))
            if turn == 1 and self.held:
                self.give_back(data.draw(st.sampled_from(list(self.held))), keepalive)
            for attempt in set(self.opening) - before:
                if is_settled and not attempt.done():
                    attempt.set_result(None)
        task.cancel()
        self.run()

    @rule(key=st.sampled_from(KEYS))
    def acquire_nowait(self, key: ConnectionKey) -> None:
        connection = self.pool.acquire_nowait(key, self.clock.now)
        if connection is not None:
            assert isinstance(connection, FakeConnection)
            assert connection not in self.held, "a connection was handed out twice"
            assert connection.can_take()
            self.held[connection] = key

    def give_back(self, connection: FakeConnection, keepalive: float) -> None:
        del self.held[connection]
        connection.expiry = self.clock.now + keepalive
        connection.finish()

    @precondition(lambda self: self.held)
    @rule(data=st.data(), keepalive=KEEPALIVES)
    def release(self, data: Any, keepalive: float) -> None:
        self.give_back(data.draw(st.sampled_from(list(self.held))), keepalive)
        self.run()

    @rule(data=st.data())
    def discard(self, data: Any) -> None:
        """The peer closes a connection, held or idle."""
        alive = [connection for connection in self.all if not connection.is_closed]
        if alive:
            connection = data.draw(st.sampled_from(alive))
            self.held.pop(connection, None)
            connection.break_off()
            self.run()

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), is_served_too=st.booleans(), keepalive=KEEPALIVES)
    def cancel(self, data: Any, is_served_too: bool, keepalive: float) -> None:
        """Cancel somebody, possibly in the turn in which something becomes free."""
        task = data.draw(st.sampled_from(list(self.tasks)))
        if is_served_too and self.held:
            self.give_back(data.draw(st.sampled_from(list(self.held))), keepalive)
        task.cancel()
        self.run()

    @precondition(lambda self: self.opening)
    @rule(data=st.data(), is_refused=st.booleans())
    def settle_opening(self, data: Any, is_refused: bool) -> None:
        attempt = data.draw(st.sampled_from(list(self.opening)))
        if is_refused:
            attempt.set_exception(ConnectionRefusedError(111, "refused"))
        else:
            attempt.set_result(None)
        self.run()

    @rule(seconds=st.sampled_from([0.5, 5.0, 11.0]))
    def pass_time(self, seconds: float) -> None:
        self.loop.run_until_complete(self.clock.advance(seconds))
        # One that is handed out, but not used before its time is up, is closed like an idle one.
        for connection in [connection for connection in self.held if connection.is_closed]:
            del self.held[connection]
        self.run()

    @precondition(lambda self: not self.is_closed)
    @rule(chance=st.integers(0, 9))
    def close(self, chance: int) -> None:
        if chance == 0:
            self.is_closed = True
            self.pool.close()
            self.held.clear()
            self.run()
            assert self.tasks == {}, "somebody still waits for a closed pool"

    @invariant()
    def books_are_right(self) -> None:
        global steps_taken  # of all examples, to be told at the end
        steps_taken += 1
        if not hasattr(self, "pool"):
            return
        stats = self.pool.stats()
        alive = [connection for connection in self.all if not connection.is_closed]
        busy = len(self.held) + len(self.opening)
        assert sum(origin.in_use for origin in stats.values()) == busy, "a place was lost"
        assert sum(origin.idle for origin in stats.values()) == len(alive) - len(self.held)
        waiting = sum(origin.waiting for origin in stats.values())
        assert waiting == len(self.tasks) - len(self.opening)

    @invariant()
    def limits_hold(self) -> None:
        if not hasattr(self, "pool"):
            return
        alive = [connection for connection in self.all if not connection.is_closed]
        limit, per_host = self.pool.limit, self.pool.limit_per_host
        assert not limit or len(alive) + len(self.opening) <= limit
        busy = [*self.held.values(), *self.opening.values()]
        assert not per_host or all(busy.count(key) <= per_host for key in KEYS)

    @invariant()
    def nobody_waits_in_vain(self) -> None:
        if not hasattr(self, "pool"):
            return
        limit, per_host = self.pool.limit, self.pool.limit_per_host
        busy = [*self.held.values(), *self.opening.values()]
        for key, origin in self.pool.stats().items():
            if origin.waiting:
                is_host_full = per_host and busy.count(key) >= per_host
                assert is_host_full or (limit and len(busy) >= limit), f"{key} could be served"

    def teardown(self) -> None:
        try:
            if hasattr(self, "pool"):
                self.is_closed = True
                self.pool.close()
                self.run()
                assert self.tasks == {}
                assert self.opening == {}
                assert self.pool.stats() == {}
                assert all(connection.is_closed for connection in self.all)
                if STEPS:
                    sys.stdout.write(f"\r{steps_taken} steps")
        finally:
            self.clock.__exit__(None, None, None)
            self.loop.close()


TestPool = PoolMachine.TestCase
TestPool.settings = settings(
    max_examples=max(60, STEPS // STEPS_PER_EXAMPLE),
    stateful_step_count=STEPS_PER_EXAMPLE,
    deadline=None,
    derandomize=not STEPS,
)
