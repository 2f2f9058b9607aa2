"""What a new connection is asked for: the shape `_create_connection` and `connect` get (S-115)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from yarl import URL

if TYPE_CHECKING:
    from ._route import ConnectionKey
    from .protocols import ProxyCredentials


class WantsConnection(Protocol):
    """Anything with a pool key: a `ConnectionRequest`, a session's request."""

    @property
    def connection_key(self) -> ConnectionKey:
        """Where to, and what must not be shared across."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectionRequest:
    """The part of a request that decides about its connection, under the names of a request.

    Where the connection is made for several requests, one after the other, it says what they have
    in common: the origin, never a path or a header field.
    """

    connection_key: ConnectionKey
    """The pool's key: all that the properties below say, in one."""

    @property
    def host(self) -> str:
        """The host, in IDNA form and lower case, or an address without brackets."""
        return self.connection_key.host

    @property
    def port(self) -> int | None:
        """The port."""
        return self.connection_key.port

    @property
    def ssl(self) -> object:
        """True, False, an `ssl.SSLContext` or a `Fingerprint`, as the request has it."""
        return self.connection_key.ssl

    @property
    def server_hostname(self) -> str | None:
        """The name the certificate has to have, if it is not the host's."""
        return self.connection_key.server_hostname

    @property
    def proxy(self) -> URL | None:
        """The proxy the connection goes through."""
        return self.connection_key.proxy

    @property
    def proxy_auth(self) -> ProxyCredentials | None:
        """User name and password for the proxy."""
        return self.connection_key.proxy_auth

    @property
    def url(self) -> URL:
        """The origin: scheme `http` or `https`, host and port."""
        key = self.connection_key
        return URL.build(scheme="https" if key.is_ssl else "http", host=key.host, port=key.port)

    def is_ssl(self) -> bool:
        """Whether TLS is spoken with the host."""
        return self.connection_key.is_ssl
