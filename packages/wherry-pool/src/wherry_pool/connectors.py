"""Connectors: what a session is given to get its connections from.

A connector is a pool plus a way to dial. It adds time limits and the names users know.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Final, Self

from wherry_errors import ConnectionTimeoutError, TotalTimeoutError

from ._http11 import Http11Connection
from ._local import NamedPipeDialer, UnixDialer
from ._pool import ConnectionPool, OriginStats
from ._resolver import DefaultResolver
from ._resolver_cache import CachingResolver
from ._tcp import SocketFactoryType, TcpDialer
from ._timeout import NO_DEADLINE, ClientTimeout, deadline_after
from ._tls import SSLSetting, check_setting

if TYPE_CHECKING:
    from types import TracebackType

    from ._route import ConnectionKey
    from .protocols import Dialer, HttpConnection, PoolObserver, Resolver

KEEPALIVE_TIMEOUT_S: Final = 15.0

RECEIVE_BUFFER = 64 * 1024
"""The buffer all connections of a connector receive into. Larger ones cost page faults and win
nothing: heads and small bodies fit, long bodies are received into their own memory."""

CLOSING_TURNS: Final = 5

_UNSET_KEEPALIVE: Final = -1.0

HTTP_SCHEMES = frozenset({"", "http", "https", "ws", "wss"})


class BaseConnector:
    """A pool of connections that a `Dialer` makes.

    `keepalive_timeout` is how long an idle connection is kept, in seconds. `limit` bounds all
    connections, `limit_per_host` those in use for one key; 0 means no bound. With `force_close`
    every connection carries one request. Needs a running loop, or `loop`.

    Errors: `ValueError` for `force_close` with a `keepalive_timeout`, `RuntimeError` without loop.
    """

    allowed_protocol_schema_set: frozenset[str] = HTTP_SCHEMES
    """URL schemes a session may ask this connector for."""

    def __init__(
        self,
        dialer: Dialer,
        *,
        keepalive_timeout: float | None = _UNSET_KEEPALIVE,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if force_close and keepalive_timeout not in (None, _UNSET_KEEPALIVE):
            raise ValueError("keepalive_timeout cannot be set if force_close is True")
        if keepalive_timeout is None or keepalive_timeout == _UNSET_KEEPALIVE:
            keepalive_timeout = KEEPALIVE_TIMEOUT_S
        self._is_closed = False
        self._loop = loop or asyncio.get_running_loop()
        self._dialer = dialer
        self._keepalive_timeout = keepalive_timeout
        self._buffer = memoryview(bytearray(RECEIVE_BUFFER))
        self._pool = ConnectionPool(
            self._loop, limit=limit, limit_per_host=limit_per_host, force_close=force_close
        )
        self._source_traceback = traceback.extract_stack() if self._loop.get_debug() else None
        # The pool's own method, so that the hot path does not pay for a detour.
        self.acquire_nowait = self._pool.acquire_nowait

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
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop it belongs to."""
        return self._loop

    def stats(self) -> dict[ConnectionKey, OriginStats]:
        """Connections per origin: in use, idle, waiting, created, reused, closed."""
        return self._pool.stats()

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
            return await self._open(key, timeout.sock_connect, observer)

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

    def _usage(self) -> str:
        in_use = sum(stats.in_use for stats in self._pool.stats().values())
        return f"the pool had {in_use} of {self.limit or 'unlimited'} connections in use"

    async def _open(
        self, key: ConnectionKey, attempt_timeout: float | None, observer: PoolObserver | None
    ) -> HttpConnection:
        def make_protocol() -> Http11Connection:
            return Http11Connection(
                self._pool, self._loop, self._buffer, self._keepalive_timeout, key.authority
            )

        transport = await self._dialer.dial(
            key, make_protocol, attempt_timeout=attempt_timeout, observer=observer
        )
        connection = transport.get_protocol()
        if not isinstance(connection, Http11Connection):
            transport.abort()
            raise TypeError(
                f"{type(self._dialer).__name__}.dial() must attach a protocol made by the factory "
                f"it was given, got {type(connection).__name__}"
            )
        return connection

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close all connections, idle and busy, and wait until they are gone.

        TLS transports are always aborted, never kept open for a farewell, so `abort_ssl` changes
        nothing. May be called again.
        """
        if not self._is_closed:
            self._is_closed = True
            self._pool.close()
            await self._finish_closing()

    async def _finish_closing(self) -> None:
        await self._dialer.close()
        # Aborted transports report connection_lost in the next turn of the loop, TLS hands it on
        # in the one after, and attempts to connect take a few to notice.
        for _ in range(CLOSING_TURNS):
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        await self.close()


class TCPConnector(BaseConnector):
    """Connections over TCP, with TLS for https and wss.

    `ssl` is True, False, an `ssl.SSLContext` or a `Fingerprint`. `resolver` is closed by whoever
    made it; without one the operating system is asked. Answers are remembered for
    `ttl_dns_cache` seconds (None: for ever). `local_addr` is the address sockets are bound to.
    """

    allowed_protocol_schema_set = HTTP_SCHEMES | {"tcp"}

    def __init__(
        self,
        *,
        use_dns_cache: bool = True,
        ttl_dns_cache: float | None = 10,
        dns_cache_max_size: int = 1000,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        ssl: SSLSetting = True,
        local_addr: tuple[str, int] | None = None,
        resolver: Resolver | None = None,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: SocketFactoryType | None = None,
        keepalive_timeout: float | None = _UNSET_KEEPALIVE,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        loop = loop or asyncio.get_running_loop()
        self._family = family
        self._own_resolver: Resolver | None = None
        if resolver is None:
            resolver = self._own_resolver = DefaultResolver(loop)
        self._dns_cache: CachingResolver | None = None
        if use_dns_cache:
            resolver = CachingResolver(resolver, ttl_dns_cache, dns_cache_max_size)
            self._dns_cache = resolver
        super().__init__(
            TcpDialer(
                resolver,
                ssl=check_setting(ssl),
                family=family,
                local_addr=local_addr,
                happy_eyeballs_delay=happy_eyeballs_delay,
                interleave=interleave,
                socket_factory=socket_factory,
            ),
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )

    @property
    def family(self) -> socket.AddressFamily:
        """Which addresses are used: `AF_INET`, `AF_INET6` or `AF_UNSPEC` for both."""
        return self._family

    @property
    def use_dns_cache(self) -> bool:
        """Whether answers of the resolver are remembered."""
        return self._dns_cache is not None

    dns_cache = use_dns_cache

    def clear_dns_cache(self, host: str | None = None, port: int | None = None) -> None:
        """Forget the addresses of `host` and `port`, or of all hosts (S-140)."""
        if (host is None) is not (port is None):
            raise ValueError("give both host and port, or neither")
        if self._dns_cache is not None:
            self._dns_cache.clear(host, port)

    async def _finish_closing(self) -> None:
        await super()._finish_closing()
        if self._own_resolver is not None:
            await self._own_resolver.close()


class _PathConnector(BaseConnector):
    """A connector whose every connection goes to one path of this machine."""

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | None = _UNSET_KEEPALIVE,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        loop = loop or asyncio.get_running_loop()
        self._path = path
        super().__init__(
            self._make_dialer(path, loop),
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
        )

    def _make_dialer(self, path: str, loop: asyncio.AbstractEventLoop) -> Dialer:
        raise NotImplementedError

    @property
    def path(self) -> str:
        """The path that every connection goes to."""
        return self._path


class UnixConnector(_PathConnector):
    """Connections over the Unix socket at `path`; the URL's host only fills the Host field."""

    allowed_protocol_schema_set = HTTP_SCHEMES | {"unix"}

    def _make_dialer(self, path: str, loop: asyncio.AbstractEventLoop) -> Dialer:
        return UnixDialer(path)


class NamedPipeConnector(_PathConnector):
    """Connections over the Windows named pipe at `path`. Needs the proactor event loop."""

    allowed_protocol_schema_set = HTTP_SCHEMES | {"npipe"}

    def _make_dialer(self, path: str, loop: asyncio.AbstractEventLoop) -> Dialer:
        if not hasattr(loop, "create_pipe_connection"):
            raise RuntimeError(
                "named pipes need the proactor event loop of Windows, "
                f"got {type(loop).__name__} on {sys.platform}"
            )
        return NamedPipeDialer(path)
