"""Not more requests to one origin than it likes.

`TokenBucket` is the arithmetic: the generic cell rate algorithm (ITU-T I.371), which remembers one
point in time instead of counting tokens. `RateLimit` lets requests wait in front of it. RFC 6585
§4 and RFC 9110 §10.2.3 for servers that say themselves when to come back.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from wherry_codec.fields import parse_retry_after

from .._reconnect import RETRY_AFTER_STATUSES
from ._deadline import loop_time, within_total

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from .._middleware import Handler
    from .._request import ClientRequest
    from .._response import ClientResponse

TICK_S: Final = 1e-8
"""Waits shorter than this are over: a clock might not be able to advance by so little."""

FIRST_SWEEP: Final = 64
"""How many origins are remembered before the idle ones are looked for."""


class TokenBucket:
    """Lets `rate` things a second happen in the long run, and up to `burst` at once.

    In any stretch of `t` seconds at most `burst + rate * t` do. `now` is in seconds, of a
    clock that never goes back.
    """

    __slots__ = ("_due", "_interval", "_paused_until", "_slack")

    def __init__(self, rate: float, burst: int = 1) -> None:
        # Written so that NaN does not pass.
        if not 0 < rate < math.inf:
            raise ValueError(f"rate is a number above 0; got {rate!r}")
        if burst < 1:
            raise ValueError(f"burst is at least 1; got {burst!r}")
        self._interval = 1 / rate
        self._slack = (burst - 1) * self._interval
        self._due = -math.inf
        self._paused_until = -math.inf

    def delay(self, now: float) -> float:
        """Seconds until the next token; 0 if there is one."""
        delay = max(self._due - self._slack, self._paused_until) - now
        return delay if delay > TICK_S else 0.0

    def take(self, now: float) -> None:
        """Take a token, which `delay(now)` has said is there."""
        self._due = max(self._due, now) + self._interval

    def pause(self, until: float) -> None:
        """Give no token before `until`. A longer pause stays."""
        self._paused_until = max(self._paused_until, until)

    def is_full(self, now: float) -> bool:
        """Whether it is as good as new."""
        return now >= self._due and now >= self._paused_until


class Origin(NamedTuple):
    """Who is not to be troubled. A WebSocket's handshake counts like any request."""

    is_ssl: bool
    host: str
    port: int | None


class _Lane:
    """The way to one origin."""

    def __init__(self, bucket: TokenBucket, max_concurrent: int | None) -> None:
        self.bucket = bucket
        self.users = 0
        """How many requests wait here or are on their way."""
        # asyncio's lock and semaphore serve in the order of arrival, and whoever is cancelled is
        # taken out of the row.
        self.turn = asyncio.Lock()
        self.places = None if max_concurrent is None else asyncio.Semaphore(max_concurrent)


class RateLimit:
    """Lets at most `rate` requests per `per` seconds go to each origin, after a burst of `burst`.

    Those that have to wait do so in the order they came; one that is cancelled, or whose total
    timeout ends, which raises `TotalTimeoutError`, has taken nothing from those behind it. Redirect
    hops and retries inside count. `max_concurrent` bounds the requests per origin that wait for
    their response head; for whole responses there is the connector's `limit_per_host`.

    After a 429 or 503 with Retry-After nothing goes to that origin for the time it asks for, at
    most `max_retry_after` seconds; 0 switches that off. The response is the caller's all the same.

    Origins whose bucket is full again are forgotten, so memory is bounded by how many are asked
    within the time that takes. One instance may serve many sessions of one event loop; the rate is
    theirs together. Put it inside `Retry`, so that every try counts.
    """

    def __init__(
        self,
        rate: float,
        *,
        per: float = 1.0,
        burst: int = 1,
        max_concurrent: int | None = None,
        max_retry_after: float = 60.0,
        clock: Callable[[], float] = loop_time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        time_of_day: Callable[[], float] = time.time,
    ) -> None:
        if not 0 < per < math.inf:
            raise ValueError(f"per is a number of seconds above 0; got {per!r}")
        if max_concurrent is not None and max_concurrent < 1:
            raise ValueError(f"max_concurrent is at least 1, or None; got {max_concurrent!r}")
        if not max_retry_after >= 0:
            raise ValueError(f"max_retry_after is at least 0 s; got {max_retry_after!r}")
        self._rate = rate / per
        self._burst = burst
        self._max_concurrent = max_concurrent
        self._max_retry_after = max_retry_after
        self._clock = clock
        self._sleep = sleep
        self._time_of_day = time_of_day
        self._lanes: dict[Origin, _Lane] = {}
        self._sweep_at = FIRST_SWEEP
        TokenBucket(self._rate, burst)  # raises for what makes no sense

    def __repr__(self) -> str:
        return (
            f"RateLimit({self._rate:g}/s, burst={self._burst}, "
            f"max_concurrent={self._max_concurrent}, origins={len(self._lanes)})"
        )

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        """The response to `request`, sent when it is its turn."""
        async with self._lane_of(request) as lane, AsyncExitStack() as place:
            async with within_total(request, loop_time(), "its turn under the rate limit"):
                if lane.places is not None:
                    await place.enter_async_context(lane.places)
                await self._wait(lane)
            # No await from here to the handler: the token that was taken is used.
            response = await handler(request)
            self._heed(lane.bucket, response)
            return response

    async def _wait(self, lane: _Lane) -> None:
        """Return with a token. Only the first in the row sleeps, so only it has to be woken."""
        async with lane.turn:
            while (delay := lane.bucket.delay(self._clock())) > 0:
                await self._sleep(delay)
            lane.bucket.take(self._clock())

    def _heed(self, bucket: TokenBucket, response: ClientResponse) -> None:
        if response.status not in RETRY_AFTER_STATUSES:
            return
        asked = parse_retry_after(response.headers.get("Retry-After", ""), now=self._time_of_day())
        if asked is not None:
            bucket.pause(self._clock() + min(asked, self._max_retry_after))

    @asynccontextmanager
    async def _lane_of(self, request: ClientRequest) -> AsyncIterator[_Lane]:
        """The lane that `request` has to take; it is not forgotten inside the block."""
        key = request.connection_key
        origin = Origin(key.is_ssl, key.host.rstrip("."), key.port)
        lane = self._lanes.get(origin)
        if lane is None:
            self._sweep()
            bucket = TokenBucket(self._rate, self._burst)
            lane = self._lanes[origin] = _Lane(bucket, self._max_concurrent)
        lane.users += 1
        try:
            yield lane
        finally:
            lane.users -= 1

    def _sweep(self) -> None:
        """Forget the idle, each time the lanes have doubled: a look at each costs O(1) a lane."""
        if len(self._lanes) < self._sweep_at:
            return
        now = self._clock()
        self._lanes = {
            origin: lane
            for origin, lane in self._lanes.items()
            if lane.users or not lane.bucket.is_full(now)
        }
        self._sweep_at = max(FIRST_SWEEP, 2 * len(self._lanes))
