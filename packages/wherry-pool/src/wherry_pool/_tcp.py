"""Connections over TCP: resolve, connect by Happy Eyeballs (RFC 8305), then TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING, cast

import aiohappyeyeballs
from aiohappyeyeballs import AddrInfoType, SocketFactoryType

from wherry_errors import ServerFingerprintMismatch

from ._resolver_cache import CachingResolver
from ._timeout import seconds_or_none
from ._tls import SSLSetting, check_fingerprint, check_setting, context_for
from ._translate import attempt_timed_out, because, connect_failed, resolve_failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._route import ConnectionKey
    from .protocols import PoolObserver, Resolver, ResolveResult

__all__ = ["AddrInfoType", "SocketFactoryType", "TcpDialer"]


class TcpDialer:
    """Dials the host and port of the route.

    `resolver` is asked for every name that is no address; it may be a `CachingResolver`. `ssl` is
    the setting used where the route says no more than True. Times are in seconds.
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

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
    ) -> asyncio.Transport:
        """Connect to one of the host's addresses, TLS included (S-149…S-151)."""
        addresses = await self._addresses(route, observer)
        if not addresses:
            raise connect_failed(
                route, OSError(None, f"{route.host} has no address of the wanted family")
            )
        while True:
            peer: list[object] = []
            try:
                async with asyncio.timeout(seconds_or_none(attempt_timeout)) as limit:
                    return await self._attempt(route, protocol_factory, addresses, peer)
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
            if not peer or not _remove(addresses, peer[0]):
                raise failure

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
    ) -> asyncio.Transport:
        """One round: the first address that accepts, then TLS. `peer` gets its address."""
        loop = asyncio.get_running_loop()
        setting = check_setting(route.ssl)
        context = context_for(setting, self._ssl) if route.is_ssl else None
        name = (route.server_hostname or route.host.rstrip(".")) if route.is_ssl else None
        sock = await aiohappyeyeballs.start_connection(
            addr_infos=addresses,
            local_addr_infos=self._local_addresses(),
            happy_eyeballs_delay=self._happy_eyeballs_delay,
            interleave=self._interleave,
            socket_factory=self._socket_factory,
            loop=loop,
        )
        if route.is_ssl:
            peer.append(_peer_of(sock))
        transport, _ = await loop.create_connection(
            protocol_factory, sock=sock, ssl=context, server_hostname=name
        )
        check_fingerprint(transport, route, setting, self._ssl)
        return transport

    async def _addresses(
        self, route: ConnectionKey, observer: PoolObserver | None
    ) -> list[AddrInfoType]:
        host, port = route.host, route.port or 0
        family = address_family(host)
        try:
            if family is not None:
                return [_addr_info(family, socket.IPPROTO_TCP, host, port)]
            results = await self._resolve(_one_trailing_dot(host), port, observer)
            return [
                _addr_info(result["family"], result["proto"], result["host"], result["port"])
                for result in results
                if self._family in (socket.AF_UNSPEC, result["family"])
            ]
        except OSError as error:  # also of a zone that names no interface
            raise resolve_failed(route, error) from error

    async def _resolve(
        self, host: str, port: int, observer: PoolObserver | None
    ) -> list[ResolveResult]:
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
        return [_addr_info(family, socket.IPPROTO_TCP, host, port)]


def address_family(host: str) -> int | None:
    """`AF_INET` or `AF_INET6` if `host` is a canonical IP address, None if it is a name (S-135)."""
    try:
        version = ipaddress.ip_address(host.partition("%")[0]).version
    except ValueError:
        return None
    return socket.AF_INET6 if version == 6 else socket.AF_INET


def _addr_info(family: int, proto: int, host: str, port: int) -> AddrInfoType:
    address: tuple[object, ...] = (host, port)
    if family == socket.AF_INET6:
        bare, _, zone = host.partition("%")
        scope = 0
        if zone:
            scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
        address = (bare, port, 0, scope)
    # aiohappyeyeballs types families as plain ints or enums; both work.
    return cast("AddrInfoType", (family, socket.SOCK_STREAM, proto, "", address))


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
