"""Connections by way of a proxy: plain, through a tunnel of CONNECT, through SOCKS.

A dialer around a dialer. Decides whom to connect to, what to ask for and with which credentials,
and words what goes wrong. The bytes are those of `_connect` and `_socks`; `_tunnel` carries them.

RFC 9110 §9.3.6 (CONNECT), §11.7.2 (Proxy-Authorization); RFC 1928, RFC 1929 (SOCKS5).
"""

from __future__ import annotations

import asyncio
import base64
import errno
import warnings
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from wherry_codec import DEFAULT_LIMITS, Limits, LocalProtocolError, RemoteProtocolError
from wherry_errors import (
    ClientConnectionError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSSLError,
    InvalidURL,
)

from ._addr_info import AddrInfoType
from ._connect import ConnectHandshake
from ._route import ConnectionKey
from ._socks import SocksError, SocksHandshake, Steps, socks4_steps, socks5_steps
from ._tcp import address_family, tell_end_of_tls
from ._timeout import seconds_or_none
from ._timings import DialTimings
from ._tls import SSLSetting, check_fingerprint, check_setting, context_for, fingerprint_for
from ._translate import because, connect_failed
from ._tunnel import Conversation, Handshake, attach, secure

if TYPE_CHECKING:
    from yarl import URL

    from .protocols import Dialer, PoolObserver, ProxyCredentials

DEFAULT_PORTS: Final = {
    "": 80,
    "http": 80,
    "https": 443,
    "socks4": 1080,
    "socks4a": 1080,
    "socks5": 1080,
    "socks5h": 1080,
}
"""The schemes of a proxy's URL and their ports. No scheme means http."""

HTTP_SCHEMES: Final = frozenset({"", "http", "https"})
LOCALLY_RESOLVED: Final = frozenset({"socks4", "socks5"})
"""Schemes that send the proxy an address; to the others the name is sent as it is."""

AddressSource = Callable[
    [ConnectionKey, "PoolObserver | None", "DialTimings | None"], Awaitable[Sequence[AddrInfoType]]
]
"""Finds the addresses of a route's host, as `TcpDialer.addresses` does."""

_Connect = Callable[
    [ConnectionKey, Callable[[], asyncio.BaseProtocol]], Awaitable[asyncio.Transport]
]


class ProxyDialer:
    """Dials by way of the proxy a route names, and as `inner` does if it names none.

    `inner` makes the connection to the proxy, TLS with an https proxy included. `ssl` is the
    setting for the target where the route says no more than True; `ssl_shutdown_timeout`, in
    seconds, is how long a closed transport waits for the farewell of its TLS peer. `resolve` looks
    up the target's name for socks4 and socks5; http, https, socks4a and socks5h proxies get the
    name itself, and nothing is looked up here but the proxy. `limits` bound the answer to CONNECT.
    """

    def __init__(
        self,
        inner: Dialer,
        *,
        ssl: SSLSetting = True,
        ssl_shutdown_timeout: float | None = None,
        resolve: AddressSource | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._inner = inner
        self._ssl = ssl
        self._ssl_shutdown_timeout = seconds_or_none(ssl_shutdown_timeout)
        self._resolve = resolve
        self._limits = limits

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
        timings: DialTimings | None = None,
    ) -> asyncio.Transport:
        """Connect to the target of `route`, or to its HTTP proxy if the target is plain (S-164).

        `attempt_timeout` bounds connecting to the proxy; what the proxy takes is bounded by the
        caller (S-168). Besides what `inner` raises: `ClientProxyConnectionError` (no connection to
        the proxy, or SOCKS refused), `ClientHttpProxyError` (an answer to CONNECT other than 200),
        `ClientResponseError` (no valid answer), `ServerDisconnectedError`, and `ValueError` for
        a proxy, a host or fields that cannot be used.
        """
        connect: _Connect = partial(
            self._inner.dial, attempt_timeout=attempt_timeout, observer=observer, timings=timings
        )
        if route.proxy is None:
            return await connect(route, protocol_factory)
        scheme = _checked_scheme(route.proxy)
        proxy_key = _proxy_key(route, route.proxy, self._ssl)
        if scheme not in LOCALLY_RESOLVED:
            _check_unresolved(route)
        if scheme in HTTP_SCHEMES and not route.is_ssl:
            return await _reach_proxy(connect, proxy_key, protocol_factory)
        trip = _Trip(
            route, proxy_key, connect, protocol_factory, timings or DialTimings(), observer
        )
        if scheme in HTTP_SCHEMES:
            return await self._through_http(trip)
        return await self._through_socks(trip, scheme, observer)

    async def close(self) -> None:
        """Close `inner`."""
        await self._inner.close()

    # --- CONNECT -------------------------------------------------------------------------------

    async def _through_http(self, trip: _Trip) -> asyncio.Transport:
        route = trip.route
        credentials = _credentials(route)
        handshake = ConnectHandshake(
            route.host,
            _port(route),
            route.proxy_headers,
            credentials.encode() if credentials is not None else None,
            self._limits,
        )
        try:
            return await self._through(trip, handshake)
        except RemoteProtocolError as error:
            raise ClientResponseError(
                handshake.request_info, (), status=400, message=str(error)
            ) from error

    # --- SOCKS ---------------------------------------------------------------------------------

    async def _through_socks(
        self, trip: _Trip, scheme: str, observer: PoolObserver | None
    ) -> asyncio.Transport:
        """By name, or by one address after the other, each over a connection of its own."""
        route = trip.route
        make_steps = _steps_maker(route, scheme)
        failure: ClientConnectorError | None = None
        for host in await self._hosts(trip, scheme, observer):
            refusal = _refusal(route, host) if scheme in LOCALLY_RESOLVED else None
            if refusal is not None:
                failure = refusal
                continue
            try:
                return await self._through(trip, SocksHandshake(make_steps(host)))
            except SocksError as error:
                failure = because(ClientProxyConnectionError(trip.proxy_key, error), error)
                if not error.concerns_address:
                    break
        raise failure or connect_failed(route, _no_address(route, scheme))

    async def _hosts(
        self, trip: _Trip, scheme: str, observer: PoolObserver | None
    ) -> Sequence[str]:
        """What to ask the proxy for: the name, or the addresses it has."""
        route = trip.route
        if scheme not in LOCALLY_RESOLVED:
            return [route.host]
        if self._resolve is None:
            if address_family(route.host) is not None:
                return [route.host]
            raise ValueError(
                f"{scheme} proxies are sent an address, and nobody looks up {route.host!r} here; "
                f"use {'socks5h' if scheme == 'socks5' else 'socks4a'}, which sends the name"
            )
        found = await self._resolve(route, observer, trip.timings)
        addresses = [str(info[4][0]) for info in found]
        if scheme == "socks4":
            return [address for address in addresses if ":" not in address]
        return addresses

    # --- both ----------------------------------------------------------------------------------

    async def _through(self, trip: _Trip, handshake: Handshake) -> asyncio.Transport:
        """Connect to the proxy, hold `handshake`, do TLS with the target if that is wanted."""
        name = f"the proxy {trip.proxy_key.authority}"
        transport = await _reach_proxy(
            trip.connect, trip.proxy_key, lambda: Conversation(handshake, name)
        )
        try:
            conversation = transport.get_protocol()
            if not isinstance(conversation, Conversation):
                raise TypeError(
                    f"{type(self._inner).__name__}.dial() must attach a protocol made by the "
                    f"factory it was given, got {type(conversation).__name__}"
                )
            begun = monotonic()
            try:
                await conversation.hold(transport)
            finally:
                trip.timings.connect += monotonic() - begun
            final = await self._secure(transport, trip) if trip.route.is_ssl else transport
            attach(final, trip.protocol_factory)
        except BaseException:
            transport.abort()
            raise
        return final

    async def _secure(self, transport: asyncio.Transport, trip: _Trip) -> asyncio.Transport:
        """TLS with the target, its certificate checked, before a byte of a request leaves."""
        route = trip.route
        setting = check_setting(route.ssl)
        context = context_for(setting, self._ssl)
        if trip.observer is not None:
            await trip.observer.tls_handshake_start(route.host)
        begun = monotonic()
        try:
            final = await secure(transport, route, context, self._ssl_shutdown_timeout)
            check_fingerprint(final, route, setting, self._ssl)
        except (TypeError, NotImplementedError) as error:
            raise _no_tls(trip.proxy_key, error) from error
        finally:
            trip.timings.tls += monotonic() - begun
        if trip.observer is not None:
            await tell_end_of_tls(trip.observer, route.host, final)
        return final


class _Trip(NamedTuple):
    """One call of `dial`."""

    route: ConnectionKey
    proxy_key: ConnectionKey
    connect: _Connect
    protocol_factory: Callable[[], asyncio.BaseProtocol]
    timings: DialTimings
    observer: PoolObserver | None


# --- where to --------------------------------------------------------------------------------


def _checked_scheme(proxy: URL) -> str:
    if proxy.scheme not in DEFAULT_PORTS:
        raise ValueError(
            f"a proxy's scheme is one of {', '.join(filter(None, DEFAULT_PORTS))}, "
            f"got {proxy.scheme!r}"
        )
    if not proxy.raw_host:
        raise InvalidURL(proxy, "the proxy URL has no host")
    return proxy.scheme


def _proxy_key(route: ConnectionKey, proxy: URL, default: SSLSetting) -> ConnectionKey:
    """Where the proxy is.

    It shares the route's TLS setting (S-169), but neither the server name (S-467) nor a pinned
    certificate, which can only be the target's: the proxy's is verified instead.
    """
    setting = check_setting(route.ssl)
    is_pinned = fingerprint_for(setting, default) is not None
    return ConnectionKey(
        host=(proxy.raw_host or "").lower(),
        port=proxy.port or DEFAULT_PORTS[proxy.scheme],
        is_ssl=proxy.scheme == "https",
        ssl=context_for() if is_pinned and proxy.scheme == "https" else setting,
    )


def _port(route: ConnectionKey) -> int:
    return route.port or (443 if route.is_ssl else 80)


def _refusal(route: ConnectionKey, address: str) -> ClientConnectorError | None:
    """What the route's policy has against an address, if anything (SEC-49)."""
    if route.address_policy is None:
        return None
    try:
        route.address_policy.check(route.host, address, _port(route))
    except OSError as error:
        return connect_failed(route, error)
    return None


def _check_unresolved(route: ConnectionKey) -> None:
    """Let the route's policy judge a host that is sent to the proxy as it is."""
    if route.address_policy is None:
        return
    if address_family(route.host) is None:
        raise connect_failed(
            route,
            OSError(
                errno.EACCES,
                "the proxy looks up the name, so nobody here can check its address; use a socks5 "
                "proxy (not socks5h), or no proxy",
            ),
        )
    refusal = _refusal(route, route.host)
    if refusal is not None:
        raise refusal


def _no_address(route: ConnectionKey, scheme: str) -> OSError:
    kind = "IPv4 address, and SOCKS4 knows no other" if scheme == "socks4" else "address"
    return OSError(errno.EADDRNOTAVAIL, f"{route.host} has no {kind}")


# --- with what -------------------------------------------------------------------------------


class _UrlCredentials(NamedTuple):
    """The user info of a proxy's URL."""

    login: str
    password: str

    def encode(self) -> str:
        """The value of Proxy-Authorization (RFC 7617 §2)."""
        if ":" in self.login:
            raise LocalProtocolError("the user name in a proxy's URL must not have a ':' in it")
        text = f"{self.login}:{self.password}"
        return "Basic " + base64.b64encode(text.encode("utf-8")).decode("ascii")


def _credentials(route: ConnectionKey) -> ProxyCredentials | None:
    """Those of the call, else those in the proxy's URL (S-462)."""
    proxy = route.proxy
    if route.proxy_auth is not None or proxy is None:
        return route.proxy_auth
    if proxy.raw_user is None and proxy.raw_password is None:
        return None
    return _UrlCredentials(proxy.user or "", proxy.password or "")


def _steps_maker(route: ConnectionKey, scheme: str) -> Callable[[str], Steps]:
    credentials, port = _credentials(route), _port(route)
    if scheme in ("socks5", "socks5h"):
        pair = None if credentials is None else (credentials.login, credentials.password)
        return lambda host: socks5_steps(host, port, pair)
    if credentials is not None and credentials.password:
        raise ValueError(f"{scheme} proxies take a user name only, no password; use socks5")
    login = "" if credentials is None else credentials.login
    return lambda host: socks4_steps(host, port, login)


# --- how it went -----------------------------------------------------------------------------


async def _reach_proxy(
    connect: _Connect,
    proxy_key: ConnectionKey,
    protocol_factory: Callable[[], asyncio.BaseProtocol],
) -> asyncio.Transport:
    """A connection to the proxy. A name without address and TLS faults keep their class (S-142)."""
    try:
        return await connect(proxy_key, protocol_factory)
    except (ClientConnectorDNSError, ClientSSLError):
        raise
    except ClientConnectorError as error:
        raise ClientProxyConnectionError(proxy_key, error.os_error) from error


def _no_tls(proxy_key: ConnectionKey, error: Exception) -> ClientConnectionError:
    """The loop has no `start_tls` for such a transport (S-169)."""
    if proxy_key.is_ssl:
        warnings.warn(
            "this event loop cannot do TLS inside TLS, which an https target needs behind an "
            "https proxy; use an http proxy, or another loop",
            RuntimeWarning,
            stacklevel=2,
        )
    return ClientConnectionError(
        "the event loop cannot do TLS on a connection to the proxy "
        f"{proxy_key.authority}: {str(error) or type(error).__name__}"
    )
