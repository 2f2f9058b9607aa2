"""Request bodies on their way out: who provides them, and the sink they write to.

The sink keeps the promise the head made: exactly Content-Length bytes, or well-formed chunks.
RFC 9112 §6.2 and §7.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wherry_codec import LAST_CHUNK, encode_chunk
from wherry_errors import ClientConnectionError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._progress import Progress

Buffer = bytes | bytearray | memoryview


class ByteSink(Protocol):
    """Where a request body goes."""

    async def write(self, data: Buffer, /) -> None:
        """Send `data`; returns when there is room for more."""
        ...


class RequestBody(Protocol):
    """A request body that does not lie in memory as one `bytes` object."""

    @property
    def size(self) -> int | None:
        """Its length in bytes, or None if it is not known before it was written."""
        ...

    async def write(self, sink: ByteSink, /) -> None:
        """Write all of it. May be cancelled at any await."""
        ...


class BodyWriter:
    """The sink of one request: frames what it is given and waits while the transport is full."""

    def __init__(
        self,
        write: Callable[[Buffer], None],
        drain: Callable[[], Awaitable[None]],
        content_length: int | None,
        progress: Progress | None = None,
    ) -> None:
        self._write = write
        self._drain = drain
        self._content_length = content_length
        self._left = content_length
        self._progress = progress
        self._sent = 0

    async def write(self, data: Buffer, /) -> None:
        """Send `data` as it is (surplus over Content-Length is dropped, S-031) or as one chunk."""
        data = _kept(data)
        size = len(data)
        if not size:
            return
        if self._left is None:
            self._write(encode_chunk(data))
        else:
            if size > self._left:
                data = memoryview(data)[: self._left]
                size = self._left
            self._left -= size
            if size:
                self._write(data)
        await self._drain()
        if size and self._progress is not None:
            self._sent += size
            self._progress.tell(self._sent)

    def finish(self) -> None:
        """End the body; `ClientConnectionError` if fewer bytes came than were announced (S-032)."""
        if self._left is None:
            self._write(LAST_CHUNK)
        elif self._left:
            raise ClientConnectionError(
                f"request body ended after {(self._content_length or 0) - self._left} bytes, but "
                f"Content-Length announced {self._content_length}; the connection was closed"
            )


def _kept(data: Buffer) -> bytes | memoryview:
    """`data` as something that nobody will change, in single bytes.

    From Python 3.12 on, transports keep what they cannot send at once instead of copying it; the
    caller gets its buffer back when `write` returns.
    """
    if isinstance(data, memoryview) and type(data.obj) is bytes and data.contiguous:
        return data.cast("B")
    return data if type(data) is bytes else bytes(data)
