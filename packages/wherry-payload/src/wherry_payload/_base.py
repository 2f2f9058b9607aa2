"""The base of every request body.

Decides the Content-Type, holds the headers a body brings along, and gives each subclass that can
`write` the rest: writing no more than a length, and collecting everything. Knows no file, no loop.
"""

import mimetypes
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from multidict import CIMultiDict

from ._disposition import QuoteFields, content_disposition_header
from .protocols import ByteSink


class LimitedSink:
    """Passes the first `room` bytes on to another sink and drops the rest.

    `room` is what may still pass, in bytes; a writer that can stop early may look at it.
    """

    def __init__(self, sink: ByteSink, room: int) -> None:
        self._sink = sink
        self.room = room

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Pass on as much of `data` as there is room for."""
        view = memoryview(data).cast("B")
        if view.nbytes <= self.room:
            self.room -= view.nbytes
            await self._sink.write(data)
        elif self.room:
            view, self.room = view[: self.room], 0
            await self._sink.write(view)


class _Collector:
    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self.data += data


class Payload(ABC):
    """A request body: its bytes, its size if known, and the headers it brings.

    The content type is the one given, else guessed from `filename`, else the class's default;
    `headers` come last and replace it. A subclass needs `write` only. It says in `consumed` when
    the body cannot be written any more, and in `replayable` whether it can be written twice.

    Keywords a class does not know are ignored, so that one call can serve all classes of a registry
    (`disposition=` means something to files only).
    """

    _default_content_type = "application/octet-stream"
    _size: int | None = None
    _consumed = False
    _autoclose = False

    def __init__(
        self,
        value: Any,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        # Any: each subclass narrows it, and subclasses outside this package hold what they like.
        self._value: Any = value
        self._filename = filename
        self._encoding = encoding
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._headers["Content-Type"] = content_type or self._guess_content_type()
        if headers:
            self._headers.update(headers)

    def _guess_content_type(self) -> str:
        guess = mimetypes.guess_type(self._filename)[0] if self._filename else None
        return guess or self._default_content_type

    def __repr__(self) -> str:
        return f"<{type(self).__name__} size={self.size} content_type={self.content_type!r}>"

    @property
    def size(self) -> int | None:
        """Bytes on the wire, or None when that is not known before they are written."""
        return self._size

    @property
    def filename(self) -> str | None:
        """The file name given or found, without directories."""
        return self._filename

    @property
    def headers(self) -> CIMultiDict[str]:
        """The fields this body brings. They may be changed; they are checked when written."""
        return self._headers

    @property
    def encoding(self) -> str | None:
        """The charset of a text body, None for bytes."""
        return self._encoding

    @property
    def content_type(self) -> str:
        """The Content-Type among `headers`, with its parameters."""
        return self._headers.get("Content-Type", self._default_content_type)

    @property
    def consumed(self) -> bool:
        """Whether the body cannot be written any more: it was sent and cannot start again."""
        return self._consumed

    @property
    def replayable(self) -> bool:
        """Whether the body can be written more than once, each time whole and from its start.

        A body that can be sent once is not replayable even before it was sent; `consumed` tells
        whether that has happened.
        """
        return not self.consumed

    @property
    def autoclose(self) -> bool:
        """Whether there is nothing to close: True for bodies in memory and for iterators."""
        return self._autoclose

    @property
    def in_memory(self) -> bytes | None:
        """The whole body when it is at hand as `bytes`, else None: then it must be written."""
        return None

    def set_content_disposition(
        self,
        disptype: str,
        quote_fields: QuoteFields = True,
        _charset: str = "utf-8",
        **params: str,
    ) -> None:
        """Set the Content-Disposition header; see `content_disposition_header` for the escaping.

        Raises `ValueError` for control characters, or a type or key that is no token.
        """
        self._headers["Content-Disposition"] = content_disposition_header(
            disptype, params, quote_fields=quote_fields, charset=_charset
        )

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text, without waiting. A body with a charset of its own uses that.

        Raises `TypeError` where the body cannot be had without waiting for it.
        """
        raise TypeError(
            f"{type(self).__name__} cannot be decoded without reading it; "
            "use (await payload.as_bytes()).decode()"
        )

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The whole body as it goes on the wire. It is held in memory at once.

        `encoding` and `errors` are there for subclasses that choose their charset only here; the
        classes of this package have chosen it when they were made.
        """
        collector = _Collector()
        await self.write(collector)
        return bytes(collector.data)

    @abstractmethod
    async def write(self, writer: ByteSink) -> None:
        """Hand the whole body to `writer`, piece by piece, from its start."""

    async def write_with_length(self, writer: ByteSink, content_length: int | None) -> None:
        """Write at most `content_length` bytes (None: all) and drop the surplus."""
        if content_length is None:
            await self.write(writer)
        else:
            await self.write(LimitedSink(writer, content_length))

    async def close(self) -> None:  # noqa: B027 - most bodies have nothing to close
        """Give back what the body holds. Nothing, unless a subclass says otherwise."""
