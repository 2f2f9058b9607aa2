"""Trying again: when it can do no harm, when it may help, and after how long.

Decides by method (RFC 9110 §9.2.2), status (§15, RFC 6585 §4, RFC 8470 §5.2), kind of failure and
Retry-After (RFC 9110 §10.2.3). The wait is "full jitter" under an exponentially growing bound, as
for `ws_reconnect()`. It does not know what the response means: a body that breaks off while it is
read is the reader's.
"""

from __future__ import annotations

import asyncio
import random as _random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wherry_codec.fields import parse_retry_after
from wherry_errors import (
    ClientConnectionError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ConnectionTimeoutError,
)

from .._reconnect import Backoff, is_permanent
from .._stages.retry import IDEMPOTENT_METHODS
from ._deadline import deadline_of, loop_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from .._middleware import Handler
    from .._request import ClientRequest
    from .._response import ClientResponse

RETRY_STATUSES: Final = frozenset({408, 425, 429, 502, 503, 504})
"""The statuses that speak of a moment, not of the request. 500 is mostly a fault that stays, so it
is left to whoever knows the server better."""


class RetryBudget:
    """How many retries there may be in all, so that they cannot double the load of a sick server.

    A bucket of tokens that begins full. A retry takes one; every call puts `ratio` of one in, and
    every second `per_second`, which keeps retries possible where calls are rare. It holds
    `reserve` at most. So in any stretch of time there are at most `reserve` retries, plus `ratio`
    of the calls, plus `per_second` times its length. One budget may be shared by several `Retry`.
    """

    def __init__(
        self, ratio: float = 0.2, *, reserve: float = 10.0, per_second: float = 0.1
    ) -> None:
        for name, value in (("ratio", ratio), ("per_second", per_second)):
            # Written so that NaN does not pass.
            if not value >= 0:
                raise ValueError(f"{name} is at least 0; got {value!r}")
        if not reserve >= 1:
            raise ValueError(f"reserve is at least 1, the price of a retry; got {reserve!r}")
        self._ratio = ratio
        self._reserve = reserve
        self._per_second = per_second
        self._tokens = reserve
        self._updated: float | None = None

    def __repr__(self) -> str:
        return f"RetryBudget({self._ratio}, reserve={self._reserve}, per_second={self._per_second})"

    def deposit(self, now: float) -> None:
        """Count a call at `now`, in seconds of a clock that never goes back."""
        self._refill(now)
        self._put(self._ratio)

    def withdraw(self, now: float) -> bool:
        """Take the price of a retry; False if there is not enough."""
        self._refill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _refill(self, now: float) -> None:
        if self._updated is not None and now > self._updated:
            self._put((now - self._updated) * self._per_second)
        self._updated = now if self._updated is None else max(now, self._updated)

    def _put(self, tokens: float) -> None:
        self._tokens = min(self._reserve, self._tokens + tokens)


@dataclass(frozen=True, slots=True)
class RetryRules:
    """What may be tried again, and how long to wait before. Knows no clock and keeps nothing."""

    backoff: Backoff
    statuses: frozenset[int]
    methods: frozenset[str]

    @property
    def attempts(self) -> int | None:
        """How many tries there are in all; None: as many as the budget and the deadline allow."""
        return self.backoff.max_attempts

    def may_repeat(self, method: str, headers: Mapping[str, str], error: Exception | None) -> bool:
        """Whether a request can do no harm when it is sent again.

        That is so for `methods`, for requests with an Idempotency-Key, which the server takes once
        (draft-ietf-httpapi-idempotency-key-header), and for those that never left: `error` says
        that there was no connection.
        """
        return method in self.methods or "Idempotency-Key" in headers or never_left(error)

    def delay(
        self, made: int, *, retry_after: str | None, jitter: float, now: float
    ) -> float | None:
        """Seconds until the next try after `made` of them; None if that was the last one.

        `jitter` is random from 0 to 1, `now` the time of day in seconds since 1970. The jitter
        comes on top of what the server asked for: otherwise all whom it sent away come back
        together.
        """
        backoff = self.backoff
        if self.attempts is not None and made >= self.attempts:
            return None
        asked = parse_retry_after(retry_after, now=now) if retry_after is not None else None
        return min(asked or 0.0, backoff.max_retry_after) + jitter * backoff.bound(made)


def never_left(error: Exception | None) -> bool:
    """Whether `error` says that no connection to the server was made."""
    return isinstance(error, (ClientConnectorError, ClientHttpProxyError, ConnectionTimeoutError))


def is_passing(error: ClientError) -> bool:
    """Whether a failed try says nothing about the next one.

    That is so for connections that could not be made, broke off or were silent for too long, and
    for a proxy that could not reach the server. It is not for certificates that are not accepted,
    for addresses that a policy or the system refuses, and for a pool that is full: there more tries
    only make the queue longer. The deadline of the whole call is no `ClientError`.
    """
    if isinstance(error, ClientHttpProxyError):
        return not is_permanent(error)
    if not isinstance(error, ClientConnectionError) or is_permanent(error):
        return False
    if isinstance(error, ConnectionTimeoutError):
        return error.phase != "pool"
    return not (
        isinstance(error, ClientConnectorError) and isinstance(error.os_error, PermissionError)
    )


class Retry:
    """Sends requests again that failed in passing: `ClientSession(middlewares=[Retry()])`.

    After `attempts` tries in all the last response is returned, or the last error raised, as it
    is; the error has a note that counts the tries. Times are in seconds. The wait before try n+1 is
    random between 0 and `initial * factor**(n - 1)`, at most `maximum`, on top of a Retry-After, of
    which at most `max_retry_after` is waited. No wait reaches beyond the call's total timeout:
    then the answer so far is the last one.

    Tried again are `methods`, the idempotent ones unless told otherwise, requests with an
    `Idempotency-Key` field, and any request for which no connection could be made; always only if
    the body can be sent again. `statuses` are those that are worth it. `budget` bounds retries to a
    share of the calls; a number is the `ratio` of a new one, None no bound. A response is released
    before the next try.

    What is around it sees one call, what is inside sees each try; the session's own retry of a dead
    connection leaves the requests to it. One instance may serve many sessions
    of one event loop, and its budget is theirs together; take one instance per service, so that a
    sick one does not use up the budget of the others.
    """

    def __init__(
        self,
        *,
        attempts: int | None = 3,
        statuses: Collection[int] = RETRY_STATUSES,
        methods: Collection[str] = IDEMPOTENT_METHODS,
        initial: float = 0.5,
        factor: float = 2.0,
        maximum: float = 30.0,
        max_retry_after: float = 60.0,
        budget: RetryBudget | float | None = 0.2,
        clock: Callable[[], float] = loop_time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
        time_of_day: Callable[[], float] = time.time,
    ) -> None:
        backoff = Backoff(
            initial=initial,
            factor=factor,
            maximum=maximum,
            max_attempts=attempts,
            max_retry_after=max_retry_after,
        )
        if isinstance(methods, str):
            raise TypeError(f"methods is a collection of methods, got {methods!r}; write a tuple")
        upper = frozenset(method.upper() for method in methods)
        self._rules = RetryRules(backoff, frozenset(statuses), upper)
        self._budget = RetryBudget(budget) if isinstance(budget, (int, float)) else budget
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._time_of_day = time_of_day

    def __repr__(self) -> str:
        backoff = self._rules.backoff
        return (
            f"Retry(attempts={backoff.max_attempts}, initial={backoff.initial}, "
            f"factor={backoff.factor}, maximum={backoff.maximum}, "
            f"max_retry_after={backoff.max_retry_after}, budget={self._budget!r})"
        )

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        """The response to `request`, after at most `attempts` requests."""
        entered = self._clock()
        deadline = deadline_of(request, entered)
        if self._budget is not None:
            self._budget.deposit(entered)
        request.is_retried_inside = True
        made = 0
        while True:
            made += 1
            try:
                response = await handler(request)
            except ClientError as error:
                delay = self._delay_after_error(request, error, made, deadline)
                if delay is None:
                    if made > 1:
                        error.add_note(f"Retry: this was try {made} of {self._rules.attempts}")
                    raise
            else:
                delay = self._delay_after_response(request, response, made, deadline)
                if delay is None:
                    return response
                # Awaited, because a body that is still being sent cannot be sent anew.
                await response.release()
            await self._sleep(delay)

    def _delay_after_error(
        self, request: ClientRequest, error: ClientError, made: int, deadline: float
    ) -> float | None:
        if not is_passing(error):
            return None
        headers = error.headers if isinstance(error, ClientHttpProxyError) else None
        return self._delay(request, error, headers, made, deadline)

    def _delay_after_response(
        self, request: ClientRequest, response: ClientResponse, made: int, deadline: float
    ) -> float | None:
        if response.status not in self._rules.statuses:
            return None
        return self._delay(request, None, response.headers, made, deadline)

    def _delay(
        self,
        request: ClientRequest,
        error: ClientError | None,
        answered: Mapping[str, str] | None,
        made: int,
        deadline: float,
    ) -> float | None:
        """Seconds to wait before the next try, or None if this was the last."""
        body = request.payload
        if body is not None and not body.replayable:
            return None
        if not self._rules.may_repeat(request.method, request.headers, error):
            return None
        delay = self._rules.delay(
            made,
            retry_after=None if answered is None else answered.get("Retry-After"),
            jitter=self._random(),
            now=self._time_of_day(),
        )
        now = self._clock()
        if delay is None or now + delay >= deadline:
            return None
        # Last of all, so that only a retry that is made is paid for.
        if self._budget is not None and not self._budget.withdraw(now):
            return None
        return delay
