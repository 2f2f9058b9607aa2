"""What tracing knows of the objects it hands on. It never calls them."""

from typing import Protocol

from multidict import MultiMapping
from yarl import URL


class ResponseShape(Protocol):
    """The part of a response that handlers can rely on; the object itself is the client's."""

    @property
    def version(self) -> tuple[int, int] | None:
        """Major and minor HTTP version; None if the client does not know it."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def reason(self) -> str | None:
        """The reason phrase, None if the status line has none."""

    @property
    def method(self) -> str:
        """The method of the request that was answered, upper case."""

    @property
    def url(self) -> URL:
        """The URL that was answered."""

    @property
    def headers(self) -> MultiMapping[str]:
        """The header fields of the response."""


class TimingsShape(Protocol):
    """How long the parts of a request took, in seconds, as some responses know it of themselves."""

    @property
    def queue(self) -> float:
        """Waiting for a place in the pool."""

    @property
    def dns(self) -> float:
        """Resolving the name."""

    @property
    def connect(self) -> float:
        """Until the connection was accepted."""

    @property
    def tls(self) -> float:
        """The handshakes of TLS."""

    @property
    def send(self) -> float:
        """From the first byte of the request to the last."""

    @property
    def first_byte(self) -> float:
        """From there to the first byte of the response."""

    @property
    def body(self) -> float | None:
        """From there to the last byte; None while it has not come."""
