"""Connections over TCP: resolve, connect by Happy Eyeballs (RFC 8305), then TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, cast

import aiohappyeyeballs

from wherry_errors import ServerFingerprintMismatch

from ._address_policy import permitted
from ._resolver import NUMERIC_FLAGS
from ._resolver_cache import CachingResolver
from ._timeout import seconds_or_none
from ._timings import DialTimings
from ._tls import SSLSetting, check_fingerprint, check_setting, context_for
from ._translate import attempt_timed_out, because, connect_failed, resolve_failed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._addr_info import AddrInfoType, SocketFactoryType
    from ._route import ConnectionKey
    from .protocols import PoolObserver, Resolver, ResolveResult

    LookUp = Callable[[str, int, PoolObserver | None], Awaitable[list[ResolveResult]]]

HAS_TWO_STEP_CONNECT = sys.platform == "linux"
"""Whether connect(2), called again, tells how the first call went: success, still under way, or the
error. On the loopback interface the first call has done it all by then, which saves watching the
socket and a turn of the loop, about a tenth of what such a connection costs."""


class TcpDialer:
    """Dials the host and port of the route.

    `resolver` is asked for every name that is no address; it may be a `CachingResolver`. `ssl` is
    the setting used where the route says no more than True. Times are in seconds;
    `ssl_shutdown_timeout` is how long a transport that is closed waits for the farewell of its TLS
    peer. `look_up` is called in place of the dialer's own, which asks `resolver`, for every host,
    addresses included.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        ssl: SSLSetting = True,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        local_addr: tuple[str, int] | None = None,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: SocketFactoryType | None = None,
        ssl_shutdown_timeout: float | None = None,
        look_up: LookUp | None = None,
    ) -> None:
        self._resolver = resolver
        self._ssl = ssl
        self._family = family
        self._local_addr = local_addr
        self._happy_eyeballs_delay = happy_eyeballs_delay
        if interleave is None:
            interleave = 1 if happy_eyeballs_delay is not None else 0
        self._interleave = interleave
        self._socket_factory = socket_factory
        self._ssl_shutdown_timeout = seconds_or_none(ssl_shutdown_timeout)
        self._look_up = look_up

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
        timings: DialTimings | None = None,
    ) -> asyncio.Transport:
        """Connect to one of the host's addresses, TLS included (S-149…S-151).

        If none will do, the error is that of the last one that accepted the connection and failed
        at TLS; else the last. "Connection refused" by an address nobody serves must not hide a
        certificate that was refused.
        """
        timings = timings or DialTimings()
        addresses = await self.addresses(route, observer, timings)
        tls_failure: Exception | None = None
        while True:
            peer: list[object] = []
            try:
                async with asyncio.timeout(seconds_or_none(attempt_timeout)) as limit:
                    # Again in each round: nobody connects to what was not allowed just before.
                    addresses = permitted(route.address_policy, route.host, addresses)
                    return await self._attempt(
                        route, protocol_factory, addresses, peer, timings, observer
                    )
            except TimeoutError as error:
                if not limit.expired():
                    failure: Exception = connect_failed(route, error)
                else:
                    failure = because(attempt_timed_out(route.authority, attempt_timeout), error)
            except OSError as error:
                failure = connect_failed(route, error)
            except ServerFingerprintMismatch as error:
                failure = error
            # If an address accepted the connection, but TLS failed on it: try those that are left.
            if not peer:
                raise tls_failure or failure
            if not _remove(addresses, peer[0]):
                raise failure
            tls_failure = failure

    async def close(self) -> None:
        """Close the cache around the resolver; the resolver belongs to whoever made it."""
        if isinstance(self._resolver, CachingResolver):
            await self._resolver.close()

    async def _attempt(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        addresses: list[AddrInfoType],
        peer: list[object],
        timings: DialTimings,
        observer: PoolObserver | None,
    ) -> asyncio.Transport:
        """One round: the first address that accepts, then TLS. `peer` gets its address."""
        setting = check_setting(route.ssl)
        begun = monotonic()
        try:
            sock = await self._connect(addresses)
        finally:
            timings.connect += monotonic() - begun
        if not route.is_ssl:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_connection(protocol_factory, sock=sock)
            return transport
        peer.append(_peer_of(sock))
        if observer is not None:
            await _tell_start(observer, route.host, sock)
        begun = monotonic()
        try:
            transport = await self._secured(route, setting, protocol_factory, sock)
        finally:
            timings.tls += monotonic() - begun
        if observer is not None:
            await tell_end_of_tls(observer, route.host, transport)
        return transport

    async def _connect(self, addresses: list[AddrInfoType]) -> socket.socket:
        if len(addresses) == 1 and self._local_addr is None and self._socket_factory is None:
            return await _connect_to(addresses[0])
        return await aiohappyeyeballs.start_connection(
            addr_infos=addresses,
            local_addr_infos=self._local_addresses(),
            happy_eyeballs_delay=self._happy_eyeballs_delay,
            interleave=self._interleave,
            socket_factory=self._socket_factory,
            loop=asyncio.get_running_loop(),
        )

    async def _secured(
        self,
        route: ConnectionKey,
        setting: SSLSetting,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        sock: socket.socket,
    ) -> asyncio.Transport:
        transport, _ = await asyncio.get_running_loop().create_connection(
            protocol_factory,
            sock=sock,
            ssl=context_for(setting, self._ssl),
            server_hostname=route.server_hostname or route.host.rstrip("."),
            ssl_shutdown_timeout=self._ssl_shutdown_timeout,
        )
        check_fingerprint(transport, route, setting, self._ssl)
        return transport

    # --- addresses -----------------------------------------------------------------------------

    async def addresses(
        self,
        route: ConnectionKey,
        observer: PoolObserver | None = None,
        timings: DialTimings | None = None,
    ) -> list[AddrInfoType]:
        """Where the host of `route` may be connected to, in the order to try; at least one.

        What a dialer through a proxy that takes addresses needs as well. The policy of the route
        is not asked. Raises `ClientConnectorDNSError` if the host cannot be resolved,
        `ClientConnectorError` if it has no address of the wanted family (S-152).
        """
        begun = monotonic()
        look_up = self._look_up or self.look_up
        try:
            results = await look_up(route.host, route.port or 0, observer)
            addresses = [
                addr_info(result["family"], result["proto"], result["host"], result["port"])
                for result in results
                if self._family in (socket.AF_UNSPEC, result["family"])
                or result["hostname"] == result["host"]  # an address in the URL is an order
            ]
        except OSError as error:  # also of a zone that names no interface
            raise resolve_failed(route, error) from error
        finally:
            if timings is not None:
                timings.dns += monotonic() - begun
        if not addresses:
            missing = OSError(None, f"{route.host} has no address of the wanted family")
            raise connect_failed(route, missing)
        return addresses

    async def look_up(
        self, host: str, port: int, observer: PoolObserver | None = None
    ) -> list[ResolveResult]:
        """What the resolver says of `host`; an address stands for itself (S-135, S-141)."""
        family = address_family(host)
        if family is not None:
            return [
                {
                    "hostname": host,
                    "host": host,
                    "port": port,
                    "family": family,
                    "proto": socket.IPPROTO_TCP,
                    "flags": NUMERIC_FLAGS,
                }
            ]
        host = _one_trailing_dot(host)
        if isinstance(self._resolver, CachingResolver):
            return await self._resolver.resolve(host, port, self._family, observer)
        if observer is not None:
            await observer.dns_resolve_start(host)
        results = await self._resolver.resolve(host, port, family=self._family)
        if observer is not None:
            await observer.dns_resolve_end(host)
        return results

    def _local_addresses(self) -> list[AddrInfoType] | None:
        if self._local_addr is None:
            return None
        host, port = self._local_addr
        family = address_family(host)
        if family is None:
            raise ValueError(f"local_addr must hold an IP address, got {host!r}")
        return [addr_info(family, socket.IPPROTO_TCP, host, port)]


@lru_cache(maxsize=1024)
def address_family(host: str) -> int | None:
    """`AF_INET` or `AF_INET6` if `host` is a canonical IP address, None if it is a name (S-135)."""
    try:
        version = ipaddress.ip_address(host.partition("%")[0]).version
    except ValueError:
        return None
    return socket.AF_INET6 if version == 6 else socket.AF_INET


def addr_info(family: int, proto: int, host: str, port: int) -> AddrInfoType:
    """The numeric `host` and `port` in the shape sockets are made from.

    Raises `OSError` for a host that is no address of `family`, or whose zone names no interface. A
    name would be looked up by the loop while connecting, behind the back of any address policy.
    """
    if address_family(host) != family:
        raise OSError(None, f"the resolver returned {host[:100]!r}, which is no such address")
    address: tuple[object, ...] = (host, port)
    if family == socket.AF_INET6:
        bare, _, zone = host.partition("%")
        scope = 0
        if zone:
            scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
        address = (bare, port, 0, scope)
    # aiohappyeyeballs types families as plain ints or enums; both work.
    return cast("AddrInfoType", (family, socket.SOCK_STREAM, proto, "", address))


async def _connect_to(info: AddrInfoType) -> socket.socket:
    """The only address there is: nothing to race."""
    family, kind, proto, _, address = info
    sock = socket.socket(family, kind, proto)
    try:
        sock.setblocking(False)
        if HAS_TWO_STEP_CONNECT:
            sock.connect_ex(address)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _tell_start(observer: PoolObserver, host: str, sock: socket.socket) -> None:
    try:
        await observer.tls_handshake_start(host)
    except BaseException:
        sock.close()
        raise


async def tell_end_of_tls(observer: PoolObserver, host: str, transport: asyncio.Transport) -> None:
    """Tell that TLS with `host` is done; abort `transport` if that raises."""
    try:
        await observer.tls_handshake_end(host)
    except BaseException:
        transport.abort()
        raise


def _peer_of(sock: socket.socket) -> object:
    try:
        return sock.getpeername()
    except OSError:  # gone again already
        sock.close()
        raise


def _remove(addresses: list[AddrInfoType], peer: object) -> bool:
    """Take `peer` out of `addresses`; False if it is not there or nothing is left."""
    try:
        aiohappyeyeballs.remove_addr_infos(addresses, peer)  # type: ignore[arg-type]
    except ValueError:  # something on the way answers under another address
        return False
    return bool(addresses)


def _one_trailing_dot(host: str) -> str:
    return host.rstrip(".") + "." if host.endswith("..") else host
