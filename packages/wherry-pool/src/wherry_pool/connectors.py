"""Connectors: what a session is given to get its connections from.

Each is a `BaseConnector` with a dialer of its own: TCP, a Unix socket, a named pipe.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import weakref
from typing import TYPE_CHECKING, Literal

from wherry_errors import warn_caller

from ._async_resolver import new_default_resolver
from ._connector import (
    HTTP_SCHEMES,
    KEEPALIVE_TIMEOUT_S,
    UNSET,
    BaseConnector,
    Unset,
    only_observer,
)
from ._local import NamedPipeDialer, UnixDialer
from ._proxy import ProxyDialer
from ._resolver_cache import CachingResolver
from ._tcp import TcpDialer
from ._timeout import CEIL_THRESHOLD_S
from ._tls import SSLSetting, merge_ssl_arguments

if TYPE_CHECKING:
    import ssl as ssl_module
    from collections.abc import Sequence

    from ._addr_info import SocketFactoryType
    from .protocols import AddressPolicy, Dialer, PoolObserver, Resolver, ResolveResult

__all__ = [
    "KEEPALIVE_TIMEOUT_S",
    "BaseConnector",
    "NamedPipeConnector",
    "TCPConnector",
    "UnixConnector",
]


class TCPConnector(BaseConnector):
    """Connections over TCP, with TLS for https and wss.

    `ssl` is True, False, an `ssl.SSLContext` or a `Fingerprint`; `verify_ssl`, `ssl_context` and
    `fingerprint` are its deprecated forms. `resolver` is closed by whoever made it; without one a
    `DefaultResolver` is made. Answers are remembered for `ttl_dns_cache` seconds (None: for ever),
    and for `stale_dns_on_failure` more if the resolver fails then. `local_addr` is the address
    sockets are bound to. `ssl_shutdown_timeout`, deprecated, is how long `close` waits for the
    closing handshake of TLS.
    """

    allowed_protocol_schema_set: frozenset[str] = HTTP_SCHEMES | {"tcp"}

    def __init__(
        self,
        *,
        verify_ssl: bool = True,
        fingerprint: bytes | None = None,
        use_dns_cache: bool = True,
        ttl_dns_cache: float | None = 10,
        dns_cache_max_size: int = 1000,
        stale_dns_on_failure: float = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        ssl_context: ssl_module.SSLContext | None = None,
        ssl: SSLSetting | None = True,
        local_addr: tuple[str, int] | None = None,
        resolver: Resolver | None = None,
        keepalive_timeout: float | Literal[Unset.UNSET] | None = UNSET,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = CEIL_THRESHOLD_S,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: SocketFactoryType | None = None,
        ssl_shutdown_timeout: float | Literal[Unset.UNSET] | None = UNSET,
        address_policy: AddressPolicy | None = None,
    ) -> None:
        setting = merge_ssl_arguments(
            ssl, verify_ssl=verify_ssl, ssl_context=ssl_context, fingerprint=fingerprint
        )
        if ssl_shutdown_timeout is UNSET:
            ssl_shutdown_timeout = 0.0
        else:
            warn_caller("ssl_shutdown_timeout is deprecated; leave it out")
        loop = loop or asyncio.get_running_loop()
        self._family = family
        self._own_resolver: Resolver | None = None
        if resolver is None:
            resolver = self._own_resolver = new_default_resolver(loop)
        self._dns_cache: CachingResolver | None = None
        if use_dns_cache:
            self._dns_cache = resolver = CachingResolver(
                resolver, ttl_dns_cache, dns_cache_max_size, stale_dns_on_failure
            )
        self._tcp = TcpDialer(
            resolver,
            ssl=setting,
            family=family,
            local_addr=local_addr,
            happy_eyeballs_delay=happy_eyeballs_delay,
            interleave=interleave,
            socket_factory=socket_factory,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
            look_up=_LookUp(self),
        )
        super().__init__(
            ProxyDialer(
                self._tcp,
                ssl=setting,
                ssl_shutdown_timeout=ssl_shutdown_timeout,
                resolve=self._tcp.addresses,
            ),
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            enable_cleanup_closed=enable_cleanup_closed,
            loop=loop,
            timeout_ceil_threshold=timeout_ceil_threshold,
            address_policy=address_policy,
            ssl_shutdown_timeout=ssl_shutdown_timeout or 0.0,
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

    async def _resolve_host(
        self, host: str, port: int, traces: Sequence[PoolObserver] | None = None
    ) -> list[ResolveResult]:
        """The addresses of `host`, for a new connection.

        Subclasses may replace or wrap this (S-115). It is called for hosts that are addresses too,
        and for those of proxies. `traces` has the observer of the request that waits, or nobody.
        Raises `OSError` if there is no address.
        """
        return await self._tcp.look_up(host, port, only_observer(traces or ()))

    async def _finish_closing(self) -> None:
        if self._own_resolver is not None:
            await self._own_resolver.close()


class _LookUp:
    """Calls `_resolve_host` of a connector, without keeping the connector alive."""

    def __init__(self, connector: TCPConnector) -> None:
        self._connector = weakref.ref(connector)

    async def __call__(
        self, host: str, port: int, observer: PoolObserver | None
    ) -> list[ResolveResult]:
        connector = self._connector()
        if connector is None:
            raise OSError(None, "the connector is gone")
        traces = [] if observer is None else [observer]
        # The very method that subclasses replace.
        return await connector._resolve_host(host, port, traces)  # noqa: SLF001


class _PathConnector(BaseConnector):
    """A connector whose every connection goes to one path of this machine."""

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | Literal[Unset.UNSET] | None = UNSET,
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

    allowed_protocol_schema_set: frozenset[str] = HTTP_SCHEMES | {"unix"}

    def _make_dialer(self, path: str, loop: asyncio.AbstractEventLoop) -> Dialer:
        # Whoever listens at the path may be a proxy.
        return ProxyDialer(UnixDialer(path))


class NamedPipeConnector(_PathConnector):
    """Connections over the Windows named pipe at `path`. Needs the proactor event loop."""

    allowed_protocol_schema_set: frozenset[str] = HTTP_SCHEMES | {"npipe"}

    def _make_dialer(self, path: str, loop: asyncio.AbstractEventLoop) -> Dialer:
        if not hasattr(loop, "create_pipe_connection"):
            raise RuntimeError(
                "named pipes need the proactor event loop of Windows, "
                f"got {type(loop).__name__} on {sys.platform}"
            )
        return NamedPipeDialer(path)
