"""What the pool asks of others, and what others may ask of a connection.

All are structural: nothing needs to inherit from them. `wherry_pool.testing` has a fake and a
conformance check for each.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Protocol, TypedDict

from ._request_body import ByteSink, RequestBody
from ._route import AddressPolicy, ConnectionKey, ProxyCredentials

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from ._exchange import Exchange
    from ._timings import DialTimings
    from ._upgrade import UpgradedConnection

__all__ = [
    "AddressPolicy",
    "ByteSink",
    "ConnectionOwner",
    "Dialer",
    "HttpConnection",
    "PoolObserver",
    "ProxyCredentials",
    "RequestBody",
    "ResolveResult",
    "Resolver",
]


class ResolveResult(TypedDict):
    """One address of a host, as a resolver returns it."""

    hostname: str
    """The name that was asked for."""
    host: str
    """The numeric address."""
    port: int
    family: int
    proto: int
    flags: int


class Resolver(Protocol):
    """Turns a host name into addresses."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of `host`, at least one; `OSError` if there is none.

        `family` is `AF_INET`, `AF_INET6` or `AF_UNSPEC`. Cancelling must leave nothing running
        that others do not wait for.
        """
        ...

    async def close(self) -> None:
        """Let go of threads and sockets. `resolve` is not called afterwards."""
        ...


class PoolObserver(Protocol):
    """Is told what happens while a request gets its connection. Plain values only.

    Each method is awaited, so an observer can slow a request down, and what it raises fails the
    request; the connection or the place it was about to get goes back first.
    """

    async def connection_queued_start(self) -> None:
        """The request begins to wait for a place in the pool."""

    async def connection_queued_end(self) -> None:
        """The wait for a place is over."""

    async def connection_create_start(self) -> None:
        """A new connection is about to be made."""

    async def connection_create_end(self) -> None:
        """The new connection is ready, TLS included."""

    async def tls_handshake_start(self, host: str) -> None:
        """The TLS handshake with `host` is about to begin."""

    async def tls_handshake_end(self, host: str) -> None:
        """The TLS handshake with `host` has succeeded."""

    async def connection_reused(self) -> None:
        """An idle connection was taken."""

    async def dns_cache_hit(self, host: str) -> None:
        """The addresses of `host` were known, or are being looked up for another request."""

    async def dns_cache_miss(self, host: str) -> None:
        """The addresses of `host` were not known."""

    async def dns_resolve_start(self, host: str) -> None:
        """The resolver is about to be asked for `host`."""

    async def dns_resolve_end(self, host: str) -> None:
        """The resolver has answered."""


class Dialer(Protocol):
    """Makes the transport of a new connection: TCP, a Unix socket, a tunnel through a proxy.

    A dialer around a dialer is how tunnels and TLS in TLS are built.
    """

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
        timings: DialTimings | None = None,
    ) -> asyncio.Transport:
        """A connected transport (TLS done) with a protocol from `protocol_factory` attached.

        `attempt_timeout` bounds one round of connecting, in seconds. `timings`, if given, gets the
        time each part took added. Raises a
        `wherry_errors.ClientConnectorError` or another `ClientError`. The caller bounds the whole
        by cancelling: after a cancellation no socket may be left open.
        """
        ...

    async def close(self) -> None:
        """Let go of what outlives one `dial`, such as a resolver the dialer made itself."""
        ...


class HttpConnection(Protocol):
    """A connection that carries exchanges. HTTP/1.1 carries one at a time."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, to be asked for its socket or certificate; None once it is gone."""
        ...

    def can_take(self) -> bool:
        """Whether another exchange may start now."""
        ...

    def is_idle(self) -> bool:
        """Whether no exchange is under way."""
        ...

    def has_expired(self, now: float) -> bool:
        """Whether it has been idle for longer than it may, at loop time `now`."""
        ...

    def next_deadline(self) -> float:
        """The earliest loop time at which `check_deadlines` will have something to do."""
        ...

    def check_deadlines(self, now: float) -> None:
        """Fail the exchange, or close the idle connection, whose time is up."""
        ...

    def start(self, exchange: Exchange, /) -> None:
        """Send the request of `exchange`; its `waiter` is resolved when the response head is there.

        The connection gives itself back to its owner when the exchange is over. Raises
        `ClientConnectionResetError`, with nothing sent, if the connection is gone already.
        """
        ...

    def release(self, exchange: Exchange, /) -> None:
        """The caller wants no more of the response of `exchange`. Never waits; may be repeated."""
        ...

    def abort(self, exchange: Exchange, /) -> None:
        """Give `exchange` up wherever it stands; nothing of it may reach another one.

        If it was never started, the connection that was acquired for it is given up. Does nothing
        if the exchange is over.
        """
        ...

    def take_over(self, exchange: Exchange, /) -> UpgradedConnection:
        """After a 101, or a 2xx to CONNECT: the bare connection. It still counts as in use."""
        ...

    def close(self) -> None:
        """Drop the connection and fail what is under way. May be called again."""
        ...


class ConnectionOwner(Protocol):
    """Whom a connection tells that it is free or gone. Called from callbacks: must not wait."""

    def release(self, connection: HttpConnection, expiry: float, /) -> None:
        """The exchange is over and the connection can take another one until `expiry`."""

    def discard(self, connection: HttpConnection, /) -> None:
        """The connection is closed, or about to be. May be called more than once."""

    def watch(self, deadline: float, /) -> None:
        """See to it that `check_deadlines` is called at loop time `deadline`, or soon after."""
