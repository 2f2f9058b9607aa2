"""Read a multipart body part after part (RFC 2046 §5.1, RFC 7578), from a stream of bytes.

Decides which parts are given out, and as what. Reading a part is its own business; sockets are not
known here.
"""

import inspect
from collections.abc import AsyncIterator, Mapping
from typing import ClassVar, Self, TypeGuard

from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import quote

from ._boundary import subtype_and_boundary
from ._parser import MAX_FIELD_SIZE, MAX_HEADERS, End, MultipartParser, PartHead
from ._part import NO_LIMIT, BodyPartReader
from ._part_bytes import EventSource
from .protocols import ByteSource, MultipartResponse

MAX_CHARSET = 31
"""Bytes of a `_charset_` field; names of charsets are shorter."""


class _PartSource:
    """The data of a part as a `ByteSource`: what a nested multipart body is read from."""

    def __init__(self, part: BodyPartReader) -> None:
        self._part = part

    async def read(self, n: int, /) -> bytes:
        return await self._part.read_chunk(n)


class MultipartReader:
    """The parts of a multipart body, each a `BodyPartReader` or, for multipart parts, a reader.

    `headers` hold its Content-Type, `content` is a `ByteSource`. Asking for the next part skips
    what was not read of the one before. More than `max_parts`, if that is given, are an error; a
    nested body has its own count. Raises `ValueError` if the type is not multipart or its boundary
    is missing or longer than 70 characters.
    """

    response_wrapper_cls: ClassVar[type["MultipartResponseWrapper"]]
    multipart_reader_cls: ClassVar[type["MultipartReader"] | None] = None
    part_reader_cls: ClassVar[type[BodyPartReader]] = BodyPartReader

    def __init__(
        self,
        headers: Mapping[str, str],
        content: ByteSource,
        *,
        client_max_size: int = NO_LIMIT,
        max_field_size: int = MAX_FIELD_SIZE,
        max_headers: int = MAX_HEADERS,
        max_size_error_cls: type[Exception] = ValueError,
        max_parts: int | None = None,
    ) -> None:
        content_type = CIMultiDict(headers).get("Content-Type", "")
        self._subtype, boundary = subtype_and_boundary(content_type)
        self.headers = headers
        self._boundary = b"--" + boundary.encode("utf-8", "surrogateescape")
        self._client_max_size = client_max_size
        self._max_field_size = max_field_size
        self._max_headers = max_headers
        self._max_parts = max_parts
        self._count = 0
        self._max_size_error_cls = max_size_error_cls
        parser = MultipartParser(boundary, max_field_size=max_field_size, max_headers=max_headers)
        self._events = EventSource(content, parser)
        self._current: BodyPartReader | None = None
        self._default_charset: str | None = None
        self._is_first = True
        self._at_eof = False

    @classmethod
    def from_response(cls, response: MultipartResponse) -> "MultipartResponseWrapper":
        """A reader of the body of `response` that releases it after the last part."""
        return cls.response_wrapper_cls(response, cls(response.headers, response.content))

    def __aiter__(self) -> AsyncIterator["MultipartReader | BodyPartReader"]:
        return self

    async def __anext__(self) -> "MultipartReader | BodyPartReader":
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def at_eof(self) -> bool:
        """Whether the last part was given out and the end was seen."""
        return self._at_eof

    async def next(self) -> "MultipartReader | BodyPartReader | None":
        """The next part, None after the last.

        In form-data a first part named `_charset_` becomes the default charset and is not given
        out. Raises `ValueError` if the body is malformed.
        """
        part = await self._next_part()
        if self._is_first:
            self._is_first = False
            if self._subtype == "form-data" and _is_charset_part(part):
                self._default_charset = await _read_charset(part)
                part = await self._next_part()
        return part

    async def fetch_next_part(self) -> "MultipartReader | BodyPartReader | None":
        """The next part, also one named `_charset_`; None after the last."""
        self._is_first = False
        return await self._next_part()

    async def release(self) -> None:
        """Skip all parts that are left."""
        while await self._next_part() is not None:
            pass

    async def _next_part(self) -> "MultipartReader | BodyPartReader | None":
        if self._at_eof:
            return None
        if self._current is not None:
            await self._current.release()
            self._current = None
        match await self._events.next_event():
            case PartHead(headers):
                self._count_part()
                return self._open_part(headers)
            case End():
                self._at_eof = True
                return None
            case other:
                raise RuntimeError(f"a part was read past its end: {other}")

    def _count_part(self) -> None:
        self._count += 1
        if self._max_parts is not None and self._count > self._max_parts:
            raise ValueError(f"multipart body has more than max_parts={self._max_parts} parts")

    def _open_part(self, headers: CIMultiDictProxy[str]) -> "MultipartReader | BodyPartReader":
        content_type = headers.get("Content-Type", "").lower()
        if not content_type.startswith("multipart/"):
            self._current = self._make_part(self.part_reader_cls, headers)
            return self._current
        outer = self._make_part(BodyPartReader, headers)
        self._current = outer
        return (self.multipart_reader_cls or type(self))(
            headers,
            _PartSource(outer),
            client_max_size=self._client_max_size,
            max_field_size=self._max_field_size,
            max_headers=self._max_headers,
            max_size_error_cls=self._max_size_error_cls,
            max_parts=self._max_parts,
        )

    def _make_part(
        self, part_class: type[BodyPartReader], headers: CIMultiDictProxy[str]
    ) -> BodyPartReader:
        return part_class(
            self._boundary,
            headers,
            self._events,
            subtype=self._subtype,
            default_charset=self._default_charset,
            client_max_size=self._client_max_size,
            max_size_error_cls=self._max_size_error_cls,
        )


def _is_charset_part(
    part: "MultipartReader | BodyPartReader | None",
) -> TypeGuard[BodyPartReader]:
    return isinstance(part, BodyPartReader) and part.name == "_charset_"


async def _read_charset(part: BodyPartReader) -> str:
    """The default charset of a form (RFC 7578 §4.6)."""
    name = bytearray()
    while len(name) <= MAX_CHARSET and (piece := await part.read_chunk()):
        name += piece
    if len(name) > MAX_CHARSET:
        raise RuntimeError(
            f"the _charset_ field of a form has more than {MAX_CHARSET} bytes: {quote(bytes(name))}"
        )
    return name.decode("utf-8").strip()


class MultipartResponseWrapper:
    """The parts of a response. Releases the response after the last one."""

    def __init__(self, resp: MultipartResponse, stream: MultipartReader) -> None:
        self.resp = resp
        self.stream = stream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MultipartReader | BodyPartReader:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def at_eof(self) -> bool:
        """Whether the last part was given out and the end was seen."""
        return self.stream.at_eof()

    async def next(self) -> MultipartReader | BodyPartReader | None:
        """The next part; after the last, None, and the response is released."""
        part = await self.stream.next()
        if self.stream.at_eof():
            await self.release()
        return part

    async def release(self) -> None:
        """Give the connection of the response back."""
        released = self.resp.release()
        if inspect.isawaitable(released):
            await released


MultipartReader.response_wrapper_cls = MultipartResponseWrapper
