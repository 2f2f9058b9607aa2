"""A guard for URLs that come from others: it refuses those that lead into one's own network.

Server-side request forgery (CWE-918, SEC-48, SEC-49). What a host resolves to is judged by the
dialer, for each address right before it is connected to, so nothing can be swapped in between. The
guard decides, and sees to it that it is asked: on every hop, as middlewares are, and for
connections of its own, as an address policy is a part of the pool's key.
"""

from __future__ import annotations

import errno
import re
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final, NamedTuple

from wherry_errors import ClientConnectorError
from wherry_pool import NamedPipeConnector, UnixConnector

from ._addresses import carried, parse_address, special_purpose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Self

    from wherry_pool.protocols import AddressPolicy

    from .._middleware import Handler
    from .._request import ClientRequest
    from .._response import ClientResponse
    from ._addresses import Address, Network

    NetworkOrHost = Network | str

LOOKED_UP_HERE: Final = frozenset({"socks4", "socks5"})
"""Proxies that are given an address, which is found out, and judged, on this side."""

_is_host = re.compile(r"(?:\*\.)?(?:[a-z0-9_\-]+\.)*[a-z0-9_\-]*[a-z_\-][a-z0-9_\-]*").fullmatch


class _Rules(NamedTuple):
    """Networks, and host names in lower case; `*.example.com` is for all below `example.com`."""

    networks: tuple[Network, ...]
    hosts: frozenset[str]

    @classmethod
    def of(cls, argument: str, entries: Iterable[NetworkOrHost]) -> Self:
        if isinstance(entries, str):
            raise TypeError(f"{argument} is a collection of networks and hosts; write a tuple")
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in entries:
            if isinstance(entry, str) and _is_host(name := _folded(entry)):
                hosts.add(name)
                continue
            try:
                networks.append(ip_network(entry))
            except ValueError as error:
                raise ValueError(
                    f"{argument}: {error}; give a network or a host name in ASCII"
                ) from error
        return cls(tuple(networks), frozenset(hosts))

    def has_host(self, host: str) -> bool:
        name = _folded(host)
        if name in self.hosts:
            return True
        labels = name.split(".")
        return any("*." + ".".join(labels[n:]) in self.hosts for n in range(1, len(labels)))

    def network_of(self, address: Address) -> Network | None:
        """The network that `address` lies in, or one it hands packets on to."""
        faces: tuple[Address, ...] = (address, *carried(address))
        for network in self.networks:
            if any(face.version == network.version and face in network for face in faces):
                return network
        return None

    def spares(self, address: Address) -> bool:
        """Whether all that `address` leads to lies in these networks."""
        faces: tuple[Address, ...] = carried(address) or (address,)
        return any(_is_in(address, network) for network in self.networks) or all(
            any(_is_in(face, network) for network in self.networks) for face in faces
        )


def _is_in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _folded(host: str) -> str:
    return host.lower().rstrip(".")


class _Both(NamedTuple):
    """Two policies, for a request that had one already: an address has to please both."""

    first: AddressPolicy
    second: AddressPolicy

    def check(self, host: str, address: str, port: int, /) -> None:
        self.first.check(host, address, port)
        self.second.check(host, address, port)


class SsrfGuard:
    """Refuses requests into one's own network: `ClientSession(middlewares=[…, SsrfGuard()])`.

    Refused are loopback, private, link-local, carrier-grade NAT, multicast, reserved and
    documentation addresses, those of cloud metadata services, all of IPv6 that is not global
    unicast, and what leads to any of them: IPv4-mapped, NAT64, 6to4, Teredo, ISATAP. The address
    that counts is the one connected to, whatever the name resolved to before; each hop of a
    redirect and each address of a host is judged. A host with allowed and refused addresses is
    connected to at the allowed ones.

    `allow` has networks that are not refused, and hosts (`"db.internal"`, `"*.internal"`) whose
    addresses are not; `deny` has more networks and hosts to refuse, and wins. A network whose NAT64
    prefix is its own belongs there. `hosts`, `ports` and `schemes`, if given, are the only ones.

    A refusal is a `ClientConnectorError` whose `os_error` is a `PermissionError` that names the
    address and the reason. Literal addresses, hosts, ports and schemes are refused before anything
    is looked up.

    An HTTP proxy, or a `socks4a` or `socks5h` one, looks up the name itself; such requests are
    refused unless `allow_proxies` is set, and then only hosts, ports, schemes and literal addresses
    are judged. So are Unix sockets and named pipes always: they go where they go, whatever the URL.
    A dialer or connector of one's own has to ask `ConnectionKey.address_policy`
    (`wherry_pool.testing.check_dialer_asks_policy`).

    Put it last, so that nothing changes the request after it; also where responses are answered
    from elsewhere, as a request that is not sent is not judged. It keeps no state: one instance may
    serve any number of sessions, and requests with the same instance share connections, with
    others never. It is an `AddressPolicy` as well, for `TCPConnector(address_policy=…)`.
    """

    def __init__(
        self,
        *,
        allow: Iterable[NetworkOrHost] = (),
        deny: Iterable[NetworkOrHost] = (),
        hosts: Iterable[str] | None = None,
        ports: Collection[int] | None = None,
        schemes: Collection[str] = ("http", "https", "ws", "wss"),
        allow_proxies: bool = False,
    ) -> None:
        if isinstance(schemes, str):
            raise TypeError(f"schemes is a collection of schemes, got {schemes!r}; write a tuple")
        self._allow = _Rules.of("allow", allow)
        self._deny = _Rules.of("deny", deny)
        self._only = None if hosts is None else _Rules.of("hosts", hosts)
        self._ports = None if ports is None else frozenset(ports)
        self._schemes = frozenset(schemes)
        self._allow_proxies = allow_proxies

    def __repr__(self) -> str:
        return (
            f"<SsrfGuard: {len(self._allow.networks) + len(self._allow.hosts)} allowed, "
            f"{len(self._deny.networks) + len(self._deny.hosts)} denied, "
            f"allow_proxies={self._allow_proxies}>"
        )

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        """The response to `request`, from an address that is not refused."""
        self._guard(request)
        return await handler(request)

    def check(self, host: str, address: str, port: int, /) -> None:
        """Return if `address` may be connected to for `host`; else raise `PermissionError`."""
        reason = self.refusal(host, address, port)
        if reason is not None:
            raise PermissionError(errno.EACCES, reason)

    def refusal(self, host: str, address: str, port: int) -> str | None:
        """Why `address`, numeric, is not connected to for `host` and `port`; None if it is."""
        reason = self._host_refusal(host, port)
        if reason is not None:
            return reason
        parsed = parse_address(address)
        if parsed is None:
            return f"{address[:100]!r} is no numeric address"
        denied = self._deny.network_of(parsed)
        if denied is not None:
            return f"{address} is not allowed for {host}: {denied} is denied"
        if self._allow.has_host(host) or self._allow.spares(parsed):
            return None
        kind = special_purpose(parsed)
        return None if kind is None else f"{address} is not allowed for {host}: {kind}"

    def _host_refusal(self, host: str, port: int) -> str | None:
        if self._ports is not None and port not in self._ports:
            return f"port {port} is not allowed"
        if self._deny.has_host(host):
            return f"the host {host} is denied"
        if self._only is None or self._only.has_host(host):
            return None
        address = parse_address(host)
        if address is not None and self._only.network_of(address) is not None:
            return None
        return f"the host {host} is not among those that are allowed"

    def _guard(self, request: ClientRequest) -> None:
        """Refuse `request`, or have the dialer ask."""
        reason = self._request_refusal(request)
        if reason is not None:
            refused = PermissionError(errno.EACCES, reason)
            raise ClientConnectorError(request.connection_key, refused) from refused
        proxy = request.proxy
        if proxy is not None and proxy.scheme not in LOOKED_UP_HERE:
            return  # nobody here learns the address, so the dialer would refuse to be asked
        policy = request.address_policy
        if policy is None:
            request.address_policy = self
        elif not self._is_part_of(policy):
            request.address_policy = _Both(policy, self)

    def _is_part_of(self, policy: AddressPolicy) -> bool:
        # A retry brings the same request again.
        if isinstance(policy, _Both):
            return self._is_part_of(policy.first) or self._is_part_of(policy.second)
        return policy is self

    def _request_refusal(self, request: ClientRequest) -> str | None:
        scheme, host, port = request.url.scheme, request.host, request.port or 0
        if scheme not in self._schemes:
            return f"the scheme {scheme} is not allowed"
        is_literal = parse_address(host) is not None
        reason = self.refusal(host, host, port) if is_literal else self._host_refusal(host, port)
        if reason is not None:
            return reason
        if isinstance(
            getattr(request.session, "connector", None), (UnixConnector, NamedPipeConnector)
        ):
            return "a Unix socket or named pipe leads to one place whatever the URL says"
        proxy = request.proxy
        if proxy is None or self._allow_proxies or proxy.scheme in LOOKED_UP_HERE:
            return None
        return (
            f"the {proxy.scheme} proxy looks up the name, so nobody here can check its address; "
            "use a socks5 proxy, no proxy, or allow_proxies=True if the proxy checks"
        )
