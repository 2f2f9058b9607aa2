"""Base classes for parts of one's own. The Protocols in `wherry.protocols` need no base class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from wherry_cookies import AbstractCookieJar, ClearCookiePredicate
from wherry_pool import AbstractResolver, ResolveResult

if TYPE_CHECKING:
    from multidict import CIMultiDict

__all__ = [
    "AbstractCookieJar",
    "AbstractResolver",
    "AbstractStreamWriter",
    "ClearCookiePredicate",
    "ResolveResult",
]


class AbstractStreamWriter(ABC):
    """What a payload may be written to: a message body on its way out (S-021).

    A payload needs `write` alone, and takes anything that has it; this is for writers that also
    frame and code what passes through, as servers and proxies have them. The session does not ask
    for such a writer.
    """

    buffer_size: int = 0
    """Bytes that were written and have not left yet."""
    output_size: int = 0
    """Bytes that were handed on: head, framing and body."""
    length: int | None = 0
    """Bytes of the body that may still be written, None if there is no bound."""

    @abstractmethod
    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Write a piece of the body; return when there is room for the next."""

    @abstractmethod
    async def write_eof(self, chunk: bytes = b"") -> None:
        """Write the last piece and end the body. Nothing may be written afterwards."""

    @abstractmethod
    async def drain(self) -> None:
        """Wait until what was written has left the buffer."""

    @abstractmethod
    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Apply a content coding to what is written from now on.

        `strategy` is one of zlib's constants; None leaves the choice to the writer.
        """

    @abstractmethod
    def enable_chunking(self) -> None:
        """Frame what is written from now on as chunks."""

    @abstractmethod
    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Write the start line and the fields, or keep them for the first piece of the body."""

    def send_headers(self) -> None:  # noqa: B027 - a hook: most writers keep nothing back
        """Send the head now if it was kept back. Does nothing unless a writer keeps heads."""
