"""What an error reads of the objects it is given, as small Protocols.

Errors stand below every other package, so they know neither the request nor the connection classes.
Whatever has these members fits: the client's own `RequestInfo` and `ConnectionKey`, or a named
tuple in a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

StrOrURL: TypeAlias = "str | URL"
"""A URL as the user wrote it, or parsed."""


class RequestInfoShape(Protocol):
    """The request an error tells about, as it was sent."""

    @property
    def url(self) -> URL:
        """The requested URL without its fragment."""

    @property
    def method(self) -> str:
        """The method, upper case."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields that were really sent, credentials included; errors print them masked."""

    @property
    def real_url(self) -> URL:
        """The requested URL with its fragment."""


class ConnectionKeyShape(Protocol):
    """The place a connection was wanted to."""

    @property
    def host(self) -> str:
        """Host name or address, without brackets."""

    @property
    def port(self) -> int | None:
        """Port, None where there is none (a Unix socket)."""

    @property
    def is_ssl(self) -> bool:
        """Whether TLS was asked for."""

    @property
    def ssl(self) -> object:
        """The `ssl` value of the request: True, False, an SSLContext or a Fingerprint."""
