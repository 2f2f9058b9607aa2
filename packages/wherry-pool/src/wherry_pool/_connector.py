"""A pool plus a way to dial: what all connectors have in common.

It adds time limits and the names users know to what `_pool` decides, and sees to the end: that
nothing is left after `close`, and that somebody hears of a connector that was forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
import warnings
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, Self

from wherry_errors import ConnectionTimeoutError, TotalTimeoutError, warn_caller

from ._address_policy import with_policy
from ._closing import Closing
from ._connection import Connection
from ._connection_request import ConnectionRequest
from ._exchange import Exchange
from ._http11 import Http11Connection
from ._pool import ConnectionPool, OriginStats
from ._timeout import CEIL_THRESHOLD_S, NO_DEADLINE, ClientTimeout, deadline_after
from ._timings import DialTimings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from ._connection_request import WantsConnection
    from ._route import ConnectionKey
    from .protocols import AddressPolicy, Dialer, HttpConnection, PoolObserver

KEEPALIVE_TIMEOUT_S: Final = 15.0

RECEIVE_BUFFER = 64 * 1024
"""The buffer all connections of a connector receive into. Larger ones cost page faults and win
nothing: heads and small bodies fit, long bodies are received into their own memory."""

LEAST_TURNS: Final = 4
"""How many turns of the loop closing takes at least: attempts to connect need a few to notice."""

CLOSING_TURNS: Final = 50
"""How many turns aborted transports get to say that they are gone. asyncio needs two, TLS one more;
the rest is for other loops."""

HTTP_SCHEMES = frozenset({"", "http", "https", "ws", "wss"})

_log = logging.getLogger("wherry.client")


class Unset(Enum):
    """The default of an argument for which None means something."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "<unset>"


UNSET: Final = Unset.UNSET


class BaseConnector:
    """A pool of connections that a `Dialer` makes.

    `keepalive_timeout` is how long an idle connection is kept, in seconds. `limit` bounds all
    connections, `limit_per_host` those in use for one key; 0 means no bound. With `force_close`
    every connection carries one request. Deadlines further away than `timeout_ceil_threshold`
    seconds are looked at on whole seconds, together. `address_policy` may refuse addresses, besides
    the one a request has. `enable_cleanup_closed` changes nothing: transports are aborted, so none
    lingers. Needs a running loop, or `loop`.

    Errors: `ValueError` for `force_close` with a `keepalive_timeout`, `RuntimeError` without loop.
    """

    allowed_protocol_schema_set: frozenset[str] = HTTP_SCHEMES
    """URL schemes a session may ask this connector for."""

    def __init__(
        self,
        dialer: Dialer,
        *,
        keepalive_timeout: float | Literal[Unset.UNSET] | None = UNSET,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = CEIL_THRESHOLD_S,
        address_policy: AddressPolicy | None = None,
        ssl_shutdown_timeout: float = 0.0,
    ) -> None:
        if force_close and keepalive_timeout not in (None, UNSET):
            raise ValueError("keepalive_timeout cannot be set if force_close is True")
        if keepalive_timeout is None or keepalive_timeout is UNSET:
            keepalive_timeout = KEEPALIVE_TIMEOUT_S
        if enable_cleanup_closed and is_cleanup_needless(sys.version_info[:3]):
            warn_caller(
                "enable_cleanup_closed is ignored: this Python no longer leaks TLS transports"
            )
        self._is_closed = False
        self._loop = loop or asyncio.get_running_loop()
        self._dialer = dialer
        self._keepalive_timeout = keepalive_timeout
        self._timeout_ceil_threshold = timeout_ceil_threshold
        self._address_policy = address_policy
        self._ssl_shutdown_timeout = ssl_shutdown_timeout
        self._buffer = memoryview(bytearray(RECEIVE_BUFFER))
        self._pool = ConnectionPool(
            self._loop,
            limit=limit,
            limit_per_host=limit_per_host,
            force_close=force_close,
            ceil_threshold=timeout_ceil_threshold,
        )
        self._closing: asyncio.Task[None] | None = None
        self._source_traceback = traceback.extract_stack() if self._loop.get_debug() else None
        # The pool's own method, so that the hot path does not pay for a detour.
        self.acquire_nowait: Callable[[ConnectionKey, float], HttpConnection | None] = (
            self._pool.acquire_nowait
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pool!r}>"

    def __del__(self) -> None:
        # getattr: a constructor that failed leaves no attribute behind.
        if getattr(self, "_is_closed", True) or not self._pool.stats():
            return
        warnings.warn(f"Unclosed connector {self!r}", ResourceWarning, source=self, stacklevel=2)
        context: dict[str, object] = {
            "connector": self,
            "connections": [repr(key) for key in self._pool.stats()],
            "message": "Unclosed connector",
        }
        if self._source_traceback is not None:
            context["source_traceback"] = self._source_traceback
        if not self._loop.is_closed():
            self._pool.close()
            self._loop.call_exception_handler(context)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed

    @property
    def force_close(self) -> bool:
        """Whether every connection is closed after one request."""
        return self._pool.force_close

    @property
    def limit(self) -> int:
        """Bound on all connections; 0 is none."""
        return self._pool.limit

    @property
    def limit_per_host(self) -> int:
        """Bound on the connections in use per key; 0 is none."""
        return self._pool.limit_per_host

    @property
    def timeout_ceil_threshold(self) -> float:
        """From how many seconds on deadlines end on whole ones."""
        return self._timeout_ceil_threshold

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop it belongs to."""
        return self._loop

    def stats(self) -> dict[ConnectionKey, OriginStats]:
        """Connections per origin: in use, idle, waiting, created, reused, closed."""
        return self._pool.stats()

    # --- acquiring -----------------------------------------------------------------------------

    async def acquire(
        self,
        key: ConnectionKey,
        timeout: ClientTimeout,
        *,
        started: float,
        deadline: float = NO_DEADLINE,
        observer: PoolObserver | None = None,
        fresh: bool = False,
    ) -> HttpConnection:
        """A connection for `key`, waited for or newly made if need be.

        With `fresh` no idle connection is taken: one was just found to be dead.

        `started` and `deadline` are the loop times at which the call began and must be over.
        Raises `ConnectionTimeoutError`, `TotalTimeoutError` or another `ClientError`.
        """
        begun = self._loop.time()
        connect_by = deadline_after(begun, timeout.connect, timeout.ceil_threshold)
        until = min(connect_by, deadline)

        async def open_connection(
            key: ConnectionKey, observer: PoolObserver | None
        ) -> HttpConnection:
            traces = [] if observer is None else [observer]
            return await self._create_connection(ConnectionRequest(key), traces, timeout)

        try:
            async with asyncio.timeout_at(until if until < NO_DEADLINE else None) as limit:
                return await self._pool.acquire(
                    key, open_connection, observer, timeout.pool, fresh=fresh
                )
        except TimeoutError as error:
            if not limit.expired():
                raise
            if deadline <= connect_by:
                raise TotalTimeoutError(
                    f"still waiting for a connection; {self._usage()}",
                    phase="total",
                    limit=timeout.total,
                    elapsed=self._loop.time() - started,
                    host=key.authority,
                ) from error
            raise ConnectionTimeoutError(
                self._usage(),
                phase="connect",
                limit=timeout.connect,
                elapsed=self._loop.time() - begun,
                host=key.authority,
            ) from error

    async def connect(
        self, req: WantsConnection, traces: Sequence[PoolObserver], timeout: ClientTimeout
    ) -> Connection:
        """A connection for `req`, to be released or closed by the caller (S-119, S-129).

        `traces` has the observer to tell, or nobody. `timeout.total` is the caller's to watch. An
        exchange that is started on the result's `protocol` gives the connection back by itself.
        """
        key, loop = req.connection_key, self._loop
        found = await self.acquire(
            key, timeout, started=loop.time(), observer=only_observer(traces)
        )
        # It stands for the one the caller may start, and is never started itself.
        exchange = Exchange("", b"", loop.create_future(), key.authority)
        connection = Connection(found, exchange)
        uses = _uses(found)

        def give_back() -> None:
            if not exchange.is_over and _uses(found) == uses:
                exchange.end()
                self._pool.take_back_unused(found)

        connection.add_callback(give_back)
        return connection

    def _usage(self) -> str:
        in_use = sum(stats.in_use for stats in self._pool.stats().values())
        return f"the pool had {in_use} of {self.limit or 'unlimited'} connections in use"

    async def _create_connection(
        self, req: ConnectionRequest, traces: Sequence[PoolObserver], timeout: ClientTimeout
    ) -> HttpConnection:
        """A new connection, never an idle one. Subclasses may replace or wrap this (S-115).

        `traces` has the observer of the request that waits for it, or nobody. The result belongs
        to this connector's pool: take it from here, or make an `HttpConnection` whose owner is
        the pool. Cancelling must leave no socket open.
        """
        return await self._open(req.connection_key, timeout.sock_connect, only_observer(traces))

    async def _open(
        self, key: ConnectionKey, attempt_timeout: float | None, observer: PoolObserver | None
    ) -> HttpConnection:
        def make_protocol() -> Http11Connection:
            return Http11Connection(
                self._pool, self._loop, self._buffer, self._keepalive_timeout, key.authority
            )

        timings = DialTimings()
        transport = await self._dialer.dial(
            with_policy(key, self._address_policy),
            make_protocol,
            attempt_timeout=attempt_timeout,
            observer=observer,
            timings=timings,
        )
        connection = transport.get_protocol()
        if not isinstance(connection, Http11Connection):
            transport.abort()
            raise TypeError(
                f"{type(self._dialer).__name__}.dial() must attach a protocol made by the factory "
                f"it was given, got {type(connection).__name__}"
            )
        connection.dial_timings = timings
        return connection

    # --- closing -------------------------------------------------------------------------------

    def close(self, *, abort_ssl: bool = False) -> Closing:
        """Close all connections, idle and busy; await the result until they are gone.

        Idle TLS connections get `ssl_shutdown_timeout` seconds for the closing handshake, unless
        that is 0 or `abort_ssl` is set; all others are dropped at once. May be called again.
        """
        self._start_closing(abort_ssl=abort_ssl)
        return Closing(self._closing)

    def _start_closing(self, *, abort_ssl: bool = False) -> None:
        """Turn everybody away, in this turn; the rest goes on as a task."""
        if self._is_closed:
            return
        self._is_closed = True
        open_connections = self._pool.connections()
        grace = 0.0 if abort_ssl else self._ssl_shutdown_timeout
        self._pool.turn_away()
        if self._loop.is_closed():
            self._pool.close()
            return
        if grace > 0:
            self._pool.close_all_but(_bid_farewell(open_connections))
        else:
            self._pool.close()
        self._closing = self._loop.create_task(self._close(open_connections, grace))

    async def _close(self, connections: list[HttpConnection], grace: float) -> None:
        if grace > 0:
            await self._pool.wait_until_empty(grace)
            self._pool.close()
        try:
            await self._dialer.close()
        except Exception:
            _log.debug("cannot close the dialer of %r", self, exc_info=True)
        for turn in range(CLOSING_TURNS):
            await asyncio.sleep(0)
            if turn >= LEAST_TURNS and not any(map(_has_transport, connections)):
                break
        await self._finish_closing()

    async def _finish_closing(self) -> None:
        """What is to be closed after the connections."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        exc_traceback: TracebackType | None = None,
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        warn_caller("'with connector:' is deprecated; write 'async with connector:'")
        return self

    def __exit__(self, *exc: object) -> None:
        self._start_closing()


def is_cleanup_needless(version: tuple[int, ...]) -> bool:
    """Whether this Python closes TLS transports whose peer never answers (3.12.8, 3.13.1)."""
    return version >= (3, 13, 1) or (3, 12, 8) <= version < (3, 13)


def only_observer(traces: Sequence[PoolObserver]) -> PoolObserver | None:
    """The one observer of `traces`, or None. Raises `ValueError` if there are several."""
    if len(traces) > 1:
        raise ValueError(f"traces must hold one observer at most, got {len(traces)}")
    return traces[0] if traces else None


def _bid_farewell(connections: list[HttpConnection]) -> set[HttpConnection]:
    """Begin the closing handshake on idle TLS connections; those on which it was begun."""
    leaving: set[HttpConnection] = set()
    for connection in connections:
        if isinstance(connection, Http11Connection) and connection.can_take():
            transport = connection.transport
            if transport is not None and transport.get_extra_info("sslcontext") is not None:
                transport.close()
                leaving.add(connection)
    return leaving


def _uses(connection: HttpConnection) -> int:
    return connection.uses if isinstance(connection, Http11Connection) else 0


def _has_transport(connection: HttpConnection) -> bool:
    return isinstance(connection, Http11Connection) and connection.transport is not None
