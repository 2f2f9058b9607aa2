"""Where a connection goes, and what it must not be shared across."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from yarl import URL


class AddressPolicy(Protocol):
    """May refuse to have a host's addresses connected to (SEC-49)."""

    def check(self, host: str, address: str, port: int, /) -> None:
        """Return if `address`, numeric, may be connected to for `host`; else raise `OSError`.

        Called for every address right before it is tried, so nothing can change between the check
        and the connection. Not called for a proxy's addresses. Must be hashable, and the same
        answers must come from policies that compare equal: it is a part of the pool's key.
        """
        ...

    def __hash__(self) -> int: ...


class ProxyCredentials(Protocol):
    """User name and password for a proxy. Hashable and comparable: a part of the pool's key."""

    @property
    def login(self) -> str:
        """The user name."""
        ...

    @property
    def password(self) -> str:
        """The password."""
        ...

    def encode(self) -> str:
        """The value of Proxy-Authorization, `Basic …`."""
        ...

    def __hash__(self) -> int: ...


class ConnectionKey(NamedTuple):
    """The key of the pool: two requests share a connection only if all fields agree (SEC-31).

    `host` is in IDNA form and lower case; `ssl` is the value the request asked with (`True`,
    `False`, an `ssl.SSLContext` or a `Fingerprint`), so that a context never mixes with the
    default. What belongs to a connector as a whole (local address, Unix path, its own TLS
    settings) is not in the key, because connectors do not share pools.
    """

    host: str
    port: int | None
    is_ssl: bool
    ssl: object = True
    proxy: URL | None = None
    proxy_auth: ProxyCredentials | None = None
    proxy_headers_hash: int | None = None
    server_hostname: str | None = None
    proxy_headers: tuple[tuple[str, str], ...] = ()
    """The fields of a CONNECT request, besides Host and Proxy-Authorization."""
    address_policy: AddressPolicy | None = None
    """Who may refuse the addresses of the host. A connection made without it is not good enough
    for a request that has one."""

    def __repr__(self) -> str:
        # Without the proxy's credentials and fields: a key ends up in error texts (SEC-60).
        proxy = self.proxy.with_user(None) if self.proxy is not None else None
        return (
            f"ConnectionKey(host={self.host!r}, port={self.port}, is_ssl={self.is_ssl}, "
            f"ssl={self.ssl!r}, proxy={str(proxy) if proxy else None!r}, "
            f"server_hostname={self.server_hostname!r})"
        )

    @property
    def authority(self) -> str:
        """`host:port` for messages; an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"
