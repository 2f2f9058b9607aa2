"""The pool: who holds which connection, who waits, what is opened and closed.

`acquire_nowait` is the hot path: no await, no allocation. `acquire` carries out what `_assign`
decides. Bookkeeping happens in synchronous steps, so that at every await the books are right.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wherry_errors import ClientConnectionError, ConnectionTimeoutError

from ._assign import Assignment, Demand, assign
from ._deadlines import Deadlines
from ._timeout import CEIL_THRESHOLD_S, seconds_or_none

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from ._route import ConnectionKey
    from .protocols import HttpConnection, PoolObserver

    Open = Callable[[ConnectionKey, PoolObserver | None], Awaitable[HttpConnection]]


@dataclass(frozen=True, slots=True)
class OriginStats:
    """The connections of one origin, counted."""

    in_use: int
    idle: int
    waiting: int
    created: int
    reused: int
    closed: int


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """Somebody in line. `place` becomes a connection, or None for a place to open one in."""

    ticket: int
    place: asyncio.Future[HttpConnection | None]


UNLISTED: Final = math.nan
"""An `_Origin.evict_at` that no time is later than or equal to, `NO_DEADLINE` included."""

NEVER_EVICT: Final = -1.0
"""One that all times are later than: that of pools without a limit."""

STALE_ENTRIES: Final = 64
"""How many entries the heap of evictions may have beyond twice the number of origins."""


class _Origin:
    """Connections and waiters of one key."""

    __slots__ = (
        "closed",
        "created",
        "evict_at",
        "idle",
        "key",
        "open",
        "opening",
        "reused",
        "waiters",
    )

    def __init__(self, key: ConnectionKey, evict_at: float) -> None:
        self.key = key
        self.evict_at = evict_at
        """The time under which it is in the pool's heap of evictions; none of its idle connections
        was returned with an earlier one. Or `UNLISTED`, or `NEVER_EVICT`."""
        self.idle: deque[HttpConnection] = deque()
        self.waiters: OrderedDict[int, _Waiter] = OrderedDict()
        """By ticket: anybody may leave the line at no cost, in whatever order thousands do."""
        self.open = 0
        self.opening = 0
        self.created = 0
        self.reused = 0
        self.closed = 0

    @property
    def busy(self) -> int:
        """Connections in use or being opened."""
        return self.open + self.opening - len(self.idle)

    @property
    def is_needed(self) -> bool:
        """Whether anybody has or wants a connection here."""
        return bool(self.open or self.opening or self.waiters)

    def stats(self) -> OriginStats:
        return OriginStats(
            in_use=self.busy,
            idle=len(self.idle),
            waiting=len(self.waiters),
            created=self.created,
            reused=self.reused,
            closed=self.closed,
        )


class ConnectionPool:
    """Connections by key, within limits. A limit of 0 means none.

    `limit` bounds all connections, idle ones included; `limit_per_host` the busy ones of one key.
    With `force_close` no connection is kept. Implements `ConnectionOwner`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        limit: int = 100,
        limit_per_host: int = 0,
        force_close: bool = False,
        ceil_threshold: float = CEIL_THRESHOLD_S,
    ) -> None:
        self.limit = limit
        self.limit_per_host = limit_per_host
        self.force_close = force_close
        self.is_closed: bool = False
        self._loop = loop
        self._origins: dict[ConnectionKey, _Origin] = {}
        self._connections: dict[HttpConnection, _Origin] = {}
        self._idle = 0
        self._opening = 0
        self._waiting = 0
        self._tickets = itertools.count()
        self._line: list[tuple[int, _Origin]] = []
        """A heap of the tickets of those who are first in line at their origin; may have stale
        entries. Looking at all origins instead would hurt those who wait for thousands of them."""
        self._evictable: list[tuple[float, int, _Origin]] = []
        """A heap of `_Origin.evict_at` of those that have idle connections, or had: what becomes
        stale is dropped when it is met. So neither reusing nor returning a connection moves
        anything, and finding the one to close does not look at all of them."""
        self._attempts: set[asyncio.Timeout] = set()
        """What can stop the attempts to open a connection."""
        self._emptied: asyncio.Future[None] | None = None
        self._deadlines = Deadlines(loop, self._connections, ceil_threshold)

    def __repr__(self) -> str:
        return (
            f"<ConnectionPool in_use={len(self._connections) + self._opening - self._idle} "
            f"idle={self._idle} waiting={self._waiting} limit={self.limit or 'none'}"
            f"{' closed' if self.is_closed else ''}>"
        )

    def stats(self) -> dict[ConnectionKey, OriginStats]:
        """The counts of every origin with connections or waiters. They begin anew after that."""
        return {key: origin.stats() for key, origin in self._origins.items() if origin.is_needed}

    # --- acquiring -----------------------------------------------------------------------------

    def acquire_nowait(self, key: ConnectionKey, now: float) -> HttpConnection | None:
        """An idle connection of `key`, or None if `acquire` has to be awaited.

        The connection that has been idle longest comes first (S-119); expired ones are closed.
        """
        origin = self._origins.get(key)
        if origin is None:
            return None
        idle = origin.idle
        while idle:
            if self.limit_per_host and origin.busy >= self.limit_per_host:
                return None
            connection = idle.popleft()
            self._idle -= 1
            if connection.can_take() and not connection.has_expired(now):
                origin.reused += 1
                return connection
            # No waiter can use this place: where something idle can be closed, nobody waits.
            self._remove(connection)
            connection.close()
        return None

    async def acquire(
        self,
        key: ConnectionKey,
        open_connection: Open,
        observer: PoolObserver | None = None,
        wait_limit: float | None = None,
        *,
        fresh: bool = False,
    ) -> HttpConnection:
        """A connection for `key`: reused, new, or after waiting at most `wait_limit` seconds.

        With `fresh` an idle connection will not do: the caller has just found one to be dead, and
        others may be too. One that another request hands over is known to live.

        Raises `ClientConnectionError` if the pool is or gets closed, and what `open_connection`
        raises. Cancelling gives back whatever was about to be handed out.
        """
        self._check_open()
        connection = None if fresh else self.acquire_nowait(key, self._loop.time())
        if connection is None:
            origin = self._origins.get(key)
            if origin is None:
                evict_at = UNLISTED if self.limit else NEVER_EVICT
                origin = self._origins[key] = _Origin(key, evict_at)
            decision = assign(self._demand(origin, fresh=fresh))
            if decision is Assignment.WAIT:
                connection = await self._wait_in_line(origin, observer, wait_limit)
            else:
                self._take_place(origin, decision)
            if connection is None:
                return await self._open(origin, open_connection, observer)
        if observer is not None:
            await self._tell_reused(connection, observer)
        if not connection.can_take():
            # Its peer left in the turns between handing it over and waking up. Nothing was sent, so
            # any request may have another one (B-15).
            connection.close()
            return await self.acquire(key, open_connection, observer, wait_limit, fresh=fresh)
        return connection

    async def _tell_reused(self, connection: HttpConnection, observer: PoolObserver) -> None:
        try:
            await observer.connection_reused()
        except BaseException:
            self.take_back_unused(connection)
            raise

    async def _open(
        self, origin: _Origin, open_connection: Open, observer: PoolObserver | None
    ) -> HttpConnection:
        """Open a connection for the place that was reserved; the place is freed on any failure."""
        connection: HttpConnection | None = None
        scope = asyncio.timeout(None)  # `close` sets it off
        try:
            self._check_open()
            async with scope:
                self._attempts.add(scope)
                if observer is not None:
                    await observer.connection_create_start()
                connection = await open_connection(origin.key, observer)
                if observer is not None:
                    await observer.connection_create_end()
            self._check_open()
        except BaseException as error:
            self._unreserve(origin)
            if connection is not None:
                connection.close()
            if isinstance(error, TimeoutError) and scope.expired():
                raise _closed_error() from error
            raise
        finally:
            self._attempts.discard(scope)
        origin.opening -= 1
        self._opening -= 1
        origin.open += 1
        origin.created += 1
        self._connections[connection] = origin
        return connection

    # --- waiting -------------------------------------------------------------------------------

    async def _wait_in_line(
        self, origin: _Origin, observer: PoolObserver | None, wait_limit: float | None
    ) -> HttpConnection | None:
        """Wait for a connection, or (None) for a place that has then been reserved."""
        waiter = _Waiter(next(self._tickets), self._loop.create_future())
        origin.waiters[waiter.ticket] = waiter
        self._waiting += 1
        if len(origin.waiters) == 1:
            heapq.heappush(self._line, (waiter.ticket, origin))
        try:
            if observer is not None:
                await observer.connection_queued_start()
            connection = await self._await_place(origin, waiter, wait_limit)
            if observer is not None:
                await observer.connection_queued_end()
        except BaseException:
            self._leave_line(origin, waiter)
            raise
        return connection

    async def _await_place(
        self, origin: _Origin, waiter: _Waiter, wait_limit: float | None
    ) -> HttpConnection | None:
        try:
            async with asyncio.timeout(seconds_or_none(wait_limit)) as limit:
                return await waiter.place
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ConnectionTimeoutError(
                f"all {self.limit_per_host or self.limit} connections were in use and "
                f"{self._waiting} requests were waiting",
                phase="pool",
                limit=wait_limit,
                elapsed=wait_limit,
                host=origin.key.authority,
            ) from error

    def _leave_line(self, origin: _Origin, waiter: _Waiter) -> None:
        place = waiter.place
        if waiter.ticket in origin.waiters:
            was_first = next(iter(origin.waiters)) == waiter.ticket
            del origin.waiters[waiter.ticket]
            self._waiting -= 1
            if was_first:
                self._queue_first(origin)
            if not self._waiting:
                self._line.clear()
            self._forget_if_unused(origin)
        elif place.done() and not place.cancelled() and place.exception() is None:
            # It was served at the very moment its task was cancelled, or its observer failed.
            self._give_back(origin, place.result())

    def _give_back(self, origin: _Origin, connection: HttpConnection | None) -> None:
        if connection is None:
            self._unreserve(origin)
        else:
            self.take_back_unused(connection)

    def take_back_unused(self, connection: HttpConnection) -> None:
        """Take back a connection on which no exchange was started since it was acquired."""
        if connection.can_take():
            self.release(connection, connection.next_deadline())
        else:
            connection.close()

    def _serve_waiters(self) -> None:
        """Hand what is free to those who wait: first come, first served among those who can be."""
        blocked: list[tuple[int, _Origin]] = []
        while self._waiting and self._has_room():
            if not self._line:
                break
            ticket, origin = heapq.heappop(self._line)
            if next(iter(origin.waiters), None) != ticket:
                continue  # that one has left
            if assign(self._demand(origin)) is Assignment.WAIT:
                blocked.append((ticket, origin))
            else:
                self._serve(origin)
        for entry in blocked:
            heapq.heappush(self._line, entry)

    def _has_room(self) -> bool:
        """Whether anybody at all can be served, limits per host aside."""
        return not self.limit or self._idle > 0 or self._total() < self.limit

    def _queue_first(self, origin: _Origin) -> None:
        if origin.waiters:
            heapq.heappush(self._line, (next(iter(origin.waiters)), origin))

    def _serve(self, origin: _Origin) -> None:
        """Give the first in line what `_serve_waiters` found to be free."""
        _, waiter = origin.waiters.popitem(last=False)
        self._waiting -= 1
        self._queue_first(origin)
        if waiter.place.done():  # cancelled, and its task has not run since
            self._forget_if_unused(origin)
            return
        connection = self.acquire_nowait(origin.key, self._loop.time())
        if connection is None:
            self._take_place(origin, assign(self._demand(origin)))
        waiter.place.set_result(connection)

    # --- ConnectionOwner -----------------------------------------------------------------------

    def release(self, connection: HttpConnection, expiry: float, /) -> None:
        """Take back a connection that can carry another exchange until `expiry`, loop time."""
        origin = self._connections.get(connection)
        if origin is None:
            connection.close()
            return
        if self.force_close or self.is_closed:
            connection.close()
            return
        origin.idle.append(connection)
        self._idle += 1
        if not expiry >= origin.evict_at:
            self._note_evictable(origin, expiry)
        if expiry < self._deadlines.next:
            self._deadlines.watch(expiry)
        if self._waiting:
            self._serve_waiters()

    def discard(self, connection: HttpConnection, /) -> None:
        """Forget a connection that is closed or closing, and let somebody else have its place."""
        origin = self._connections.get(connection)
        if origin is None:
            return
        if connection in origin.idle:
            origin.idle.remove(connection)
            self._idle -= 1
        self._remove(connection)
        if self._waiting:
            self._serve_waiters()
        self._forget_if_unused(origin)
        if self._emptied is not None and not self._connections and not self._emptied.done():
            self._emptied.set_result(None)

    def watch(self, deadline: float, /) -> None:
        """Have `check_deadlines` of all connections called at `deadline`, loop time."""
        if deadline < self._deadlines.next:
            self._deadlines.watch(deadline)

    # --- closing -------------------------------------------------------------------------------

    def connections(self) -> list[HttpConnection]:
        """Every connection there is, idle or in use."""
        return list(self._connections)

    def close(self) -> None:
        """Close all connections and turn away all who wait. May be called again."""
        self.turn_away()
        self.close_all_but(())
        self._deadlines.stop()

    def close_all_but(self, leaving: Collection[HttpConnection]) -> None:
        """Close the connections that are not `leaving`: those close by themselves."""
        for connection in list(self._connections):
            if connection not in leaving:
                connection.close()

    async def wait_until_empty(self, seconds: float) -> None:
        """Wait until the last connection is gone, `seconds` at most."""
        if self._connections:
            self._emptied = self._loop.create_future()
            await asyncio.wait([self._emptied], timeout=seconds)

    def turn_away(self) -> None:
        """Fail all who wait or connect, and whoever comes from now on. May be called again."""
        self.is_closed = True
        for origin in list(self._origins.values()):
            waiters, origin.waiters = list(origin.waiters.values()), OrderedDict()
            self._waiting -= len(waiters)
            for waiter in waiters:
                if not waiter.place.done():
                    waiter.place.set_exception(_closed_error())
            self._forget_if_unused(origin)
        self._line.clear()
        if self._attempts:
            self._loop.call_soon(self._stop_attempts)  # asyncio insists on a running loop

    def _stop_attempts(self) -> None:
        attempts, self._attempts = self._attempts, set()
        for attempt in attempts:
            attempt.reschedule(self._loop.time())

    def _check_open(self) -> None:
        if self.is_closed:
            raise _closed_error()

    # --- the books -----------------------------------------------------------------------------

    def _remove(self, connection: HttpConnection) -> None:
        """Strike a connection, which is not among the idle ones (any more), off the books."""
        origin = self._connections.pop(connection)
        origin.open -= 1
        origin.closed += 1

    def _total(self) -> int:
        return len(self._connections) + self._opening

    def _demand(self, origin: _Origin, *, fresh: bool = False) -> Demand:
        return Demand(
            origin_idle=0 if fresh else len(origin.idle),
            origin_busy=origin.busy,
            total_idle=self._idle,
            total_busy=self._total() - self._idle,
            limit=self.limit,
            limit_per_host=self.limit_per_host,
        )

    def _take_place(self, origin: _Origin, decision: Assignment) -> None:
        """Reserve the place for a new connection, having made room for it if need be."""
        # Reserved first: the one that is closed may be the last this very origin has, and an origin
        # without connections is forgotten.
        origin.opening += 1
        self._opening += 1
        if decision is Assignment.EVICT:
            self._close_first_to_expire()

    def _unreserve(self, origin: _Origin) -> None:
        origin.opening -= 1
        self._opening -= 1
        if self._waiting:
            self._serve_waiters()
        self._forget_if_unused(origin)

    def _close_first_to_expire(self) -> None:
        """Make room by closing the idle connection, of whatever origin, whose time is up first."""
        origin = self._pop_evictable()
        connection = origin.idle.popleft()
        self._idle -= 1
        if origin.idle:
            self._note_evictable(origin, origin.idle[0].next_deadline())
        self._remove(connection)
        connection.close()
        self._forget_if_unused(origin)

    def _pop_evictable(self) -> _Origin:
        """The origin whose longest idle connection expires first. There has to be one."""
        while True:
            time, _, origin = heapq.heappop(self._evictable)
            if time != origin.evict_at:
                continue  # it has another entry, or none
            origin.evict_at = UNLISTED
            if not origin.idle:
                continue
            expiry = origin.idle[0].next_deadline()
            if expiry <= time:
                return origin
            self._note_evictable(origin, expiry)  # it was used since

    def _note_evictable(self, origin: _Origin, expiry: float) -> None:
        origin.evict_at = expiry
        if len(self._evictable) > 2 * len(self._origins) + STALE_ENTRIES:
            self._drop_stale_entries()
        heapq.heappush(self._evictable, (origin.evict_at, next(self._tickets), origin))

    def _drop_stale_entries(self) -> None:
        """Forget the entries of origins that were used up since, lest they pile up."""
        kept = []
        for entry in self._evictable:
            time, _, origin = entry
            if time == origin.evict_at:
                if origin.idle:
                    kept.append(entry)
                else:
                    origin.evict_at = UNLISTED
        self._evictable = kept
        heapq.heapify(kept)

    def _forget_if_unused(self, origin: _Origin) -> None:
        if not origin.is_needed:
            self._origins.pop(origin.key, None)


def _closed_error() -> ClientConnectionError:
    return ClientConnectionError("the connector is closed; make a new session to go on")
