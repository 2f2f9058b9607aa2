"""WebSockets one after the other: connect, hand out, wait, connect again.

Decides when another attempt has a chance and how long to wait before it: full jitter under an
exponentially growing bound, and what a server asks for in Retry-After (RFC 9110 §10.2.3, RFC 6585
§4). It does not know how a connection is made, and keeps nothing of one for the next: what was
subscribed or half received is the caller's.
"""

from __future__ import annotations

import asyncio
import random as _random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from wherry_codec.fields import parse_retry_after
from wherry_errors import (
    ClientConnectorCertificateError,
    ClientError,
    ClientResponseError,
    InvalidURL,
    NonHttpUrlClientError,
    RedirectClientError,
    ServerFingerprintMismatch,
    WebSocketError,
)
from wherry_websocket import WSCloseCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

TEMPORARY_STATUSES: Final = frozenset({408, 425, 429})
"""The 4xx statuses that ask for another try (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4)."""

PERMANENT_SERVER_STATUSES: Final = frozenset({501, 505})
"""The 5xx statuses about what a server can do, not about how it fares (RFC 9110 §15.6)."""

RETRY_AFTER_STATUSES: Final = frozenset({429, 503})
"""The statuses whose Retry-After says when to come back (RFC 6585 §4, RFC 9110 §15.6.4)."""

PERMANENT_CLOSE_CODES: Final = frozenset(
    {
        WSCloseCode.PROTOCOL_ERROR,
        WSCloseCode.UNSUPPORTED_DATA,
        WSCloseCode.INVALID_TEXT,
        WSCloseCode.POLICY_VIOLATION,
        WSCloseCode.MESSAGE_TOO_BIG,
        WSCloseCode.MANDATORY_EXTENSION,
    }
)
"""The close codes by which one side says that the other does not keep the rules (RFC 6455 §7.4.1);
that will be so next time as well.
"""

_PERMANENT: Final = (
    ClientConnectorCertificateError,
    InvalidURL,
    NonHttpUrlClientError,
    RedirectClientError,
    ServerFingerprintMismatch,
)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long `ws_reconnect()` waits between attempts, and how many it makes. Times in seconds.

    The wait before attempt n of a row is random between 0 and `initial * factor**(n - 1)`, at most
    `maximum`: "full jitter", which spreads the clients of a server that went down. A connection
    that lived for `stable_after` begins a new row. After `max_attempts` failures in a row (None:
    no limit; a connection that ended before `stable_after` counts) the last one is raised. A
    server's Retry-After comes on top of the wait, up to `max_retry_after` of it.
    """

    initial: float = 1.0
    factor: float = 2.0
    maximum: float = 60.0
    stable_after: float = 30.0
    max_attempts: int | None = None
    max_retry_after: float = 600.0

    def __post_init__(self) -> None:
        """Raise ValueError for values that make no sense."""
        for name in ("initial", "maximum", "stable_after", "max_retry_after"):
            # Written so that NaN does not pass.
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is at least 0 s; got {getattr(self, name)!r}")
        if not self.factor >= 1:
            raise ValueError(f"factor is at least 1; got {self.factor!r}")
        if self.max_attempts is not None and self.max_attempts < 1:
            raise ValueError(f"max_attempts is at least 1, or None; got {self.max_attempts!r}")

    def bound(self, failures: int) -> float:
        """The longest wait after so many failures in a row; 0 counts like 1."""
        try:
            return min(self.maximum, self.initial * self.factor ** max(failures - 1, 0))
        except OverflowError:
            return self.maximum if self.initial else 0.0


DEFAULT_BACKOFF: Final = Backoff()


class Reconnectable(Protocol):
    """What is needed of an open WebSocket."""

    @property
    def close_code(self) -> int | None:
        """How it ended; `None` while it is open."""
        ...

    def exception(self) -> BaseException | None:
        """What it failed with, or `None`."""
        ...

    async def close(self) -> object:
        """The closing handshake. Does nothing if it has ended."""
        ...


W = TypeVar("W", bound=Reconnectable)


def is_permanent(failure: BaseException) -> bool:
    """Whether another attempt would only fail in the same way.

    Permanent are: a status that says so (for the opening handshake or a proxy's CONNECT), a URL or
    a redirect that leads nowhere, a certificate that is not accepted, a close code that says that
    one side breaks the rules. Everything else of the network may be better next time.
    """
    if isinstance(failure, ClientResponseError):
        return _is_permanent_status(failure.status)
    if isinstance(failure, WebSocketError):
        return failure.code in PERMANENT_CLOSE_CODES
    return isinstance(failure, _PERMANENT)


def _is_permanent_status(status: int) -> bool:
    # 101 with bad fields and 200 come from servers that speak something else at this target.
    if status < 500:
        return status not in TEMPORARY_STATUSES
    return status in PERMANENT_SERVER_STATUSES


def next_delay(
    failure: BaseException, failures: int, backoff: Backoff, *, jitter: float, now: float
) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    `failures` counts those in a row, `failure` included; 0 after a connection that was stable.
    `jitter` is random from 0 to 1. `now` is the time of day in seconds since 1970, for a
    Retry-After with a date.
    """
    if is_permanent(failure):
        return None
    if backoff.max_attempts is not None and failures >= backoff.max_attempts:
        return None
    asked = min(_retry_after(failure, now), backoff.max_retry_after)
    # Jitter on top of what was asked for: otherwise all who were sent away come back together.
    return asked + jitter * backoff.bound(failures)


def _retry_after(failure: BaseException, now: float) -> float:
    if not isinstance(failure, ClientResponseError) or failure.headers is None:
        return 0.0
    if failure.status not in RETRY_AFTER_STATUSES:
        return 0.0
    value = failure.headers.get("Retry-After")
    return 0.0 if value is None else parse_retry_after(value, now=now) or 0.0


def end_of(socket: Reconnectable) -> BaseException:
    """Why a closed WebSocket ended, as an error: its own, or a `WebSocketError` with its code."""
    failure = socket.exception()
    if failure is not None:
        return failure
    code = WSCloseCode.ABNORMAL_CLOSURE if socket.close_code is None else socket.close_code
    return WebSocketError(code, f"the WebSocket ended with close code {int(code)}")


async def reconnect(
    connect: Callable[[], Awaitable[W]],
    backoff: Backoff = DEFAULT_BACKOFF,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    random: Callable[[], float] = _random.random,
    time_of_day: Callable[[], float] = time.time,
) -> AsyncGenerator[W, None]:
    """Open WebSockets without end, each after the one before was closed.

    The first attempt is made at once. Whoever iterates keeps a WebSocket until the next one is
    asked for; then, and when the generator is closed, it is closed with code 1000. Raises the
    failure that ends the row (see `is_permanent` and `Backoff.max_attempts`), and at once whatever
    `connect` raises beside `ClientError` and `TimeoutError`, such as a wrong argument.

    `clock` gives seconds for the length of a connection's life, `random` numbers from 0 to 1.
    """
    failures = 0
    while True:
        failures += 1
        try:
            socket = await connect()
        except (ClientError, TimeoutError) as error:
            failure: BaseException = error
        else:
            began = clock()
            try:
                yield socket
            finally:
                lived = clock() - began
                await socket.close()
            failure = end_of(socket)
            if lived >= backoff.stable_after:
                failures = 0
        delay = next_delay(failure, failures, backoff, jitter=random(), now=time_of_day())
        if delay is None:
            raise failure
        await sleep(delay)
