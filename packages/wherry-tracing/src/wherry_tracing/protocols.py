"""What tracing knows of the objects it hands on. It never calls them."""

from typing import Protocol

from multidict import MultiMapping
from yarl import URL


class ResponseShape(Protocol):
    """The part of a response that handlers can rely on; the object itself is the client's."""

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
