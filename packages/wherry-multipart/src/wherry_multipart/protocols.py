"""What reading a multipart body needs from others. Protocols only."""

from collections.abc import Mapping
from typing import Protocol


class ByteSource(Protocol):
    """A stream of bytes that arrives by and by, such as the content of a response."""

    async def read(self, n: int, /) -> bytes:
        """At least one and at most `n` bytes, waiting for the first; `b""` only at the end."""
        ...


class MultipartResponse(Protocol):
    """What `MultipartReader.from_response` needs of a response."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields; Content-Type is looked at."""
        ...

    @property
    def content(self) -> ByteSource:
        """The body."""
        ...

    def release(self) -> object:
        """Give the connection back. If this returns an awaitable, it is awaited."""
        ...
