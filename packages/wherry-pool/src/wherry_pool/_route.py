"""Where a connection goes, and what it must not be shared across."""

from typing import NamedTuple

from yarl import URL


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
    proxy_auth: object = None
    proxy_headers_hash: int | None = None
    server_hostname: str | None = None

    def __repr__(self) -> str:
        # Without proxy_auth and the proxy's user info: a key ends up in error texts (SEC-60).
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
