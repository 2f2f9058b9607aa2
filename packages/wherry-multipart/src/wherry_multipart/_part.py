"""Read one part of a multipart body (RFC 2046 §5.1, RFC 7578).

Decides what the codings, the charset, the length and the limits of a part mean for its reader.
Where parts begin and end is decided by the parser; sockets are not known here.
"""

import asyncio
import itertools
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Self
from urllib.parse import parse_qsl

from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import quote
from wherry_codec.fields import parse_media_type
from wherry_payload import ByteSink, Order, Payload, content_disposition_header, payload_type

from ._decoder import PartDecoder
from ._disposition import content_disposition_filename, parse_content_disposition
from ._parser import Event, MultipartParser, PartData, PartEnd
from .protocols import ByteSource

NO_LIMIT = 2**63 - 1
"""The default of `client_max_size`: a part may have any size."""

DECODED_PIECE = 262_144
"""Bytes a decoded piece has at most: a part that grows a thousandfold is never whole in memory."""

READ_SIZE = 65_536
"""Bytes asked from the source at a time."""

_is_digits = re.compile(r"[0-9]{1,19}").fullmatch
_find_significant = re.compile(rb"[A-Za-z0-9+/=]").finditer


class EventSource:
    """The events of a parser, fed from a stream."""

    def __init__(self, source: ByteSource, parser: MultipartParser) -> None:
        self._source = source
        self._parser = parser

    async def next_event(self) -> Event:
        """The next event, reading as much as it takes. Raises what the parser raises."""
        while (event := self._parser.next_event()) is None:
            data = await self._source.read(READ_SIZE)
            if data:
                self._parser.feed(data)
            else:
                self._parser.feed_eof()
        return event


class BodyPartReader:
    """One part: its headers, and its data read in whole, in pieces or in lines.

    Data is read once. `client_max_size` is how many bytes may be read, both as they were sent and
    decoded; beyond that `max_size_error_cls(client_max_size)` is raised.
    """

    chunk_size = 8192

    def __init__(
        self,
        boundary: bytes,
        headers: CIMultiDictProxy[str] | CIMultiDict[str],
        content: "ByteSource | EventSource",
        *,
        subtype: str = "mixed",
        default_charset: str | None = None,
        max_decompress_size: int = DECODED_PIECE,
        client_max_size: int = NO_LIMIT,
        max_size_error_cls: type[Exception] = ValueError,
    ) -> None:
        if not isinstance(content, EventSource):
            name = boundary.removeprefix(b"--").decode("utf-8", "surrogateescape")
            content = EventSource(content, MultipartParser(name, inside_part=True))
        self.headers = headers
        self._boundary = boundary
        self._events = content
        self._is_form_data = subtype == "form-data"
        self._default_charset = default_charset
        self._max_decompress_size = max_decompress_size
        self._client_max_size = client_max_size
        self._max_size_error_cls = max_size_error_cls
        self._length = None if self._is_form_data else _content_length(headers)
        self._unread: deque[bytes] = deque()
        self._received = 0
        self._has_ended = False
        self._disposition: dict[str, str] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes | bytearray:
        data = await self.next()
        if data is None:
            raise StopAsyncIteration
        return data

    async def next(self) -> bytes | bytearray | None:
        """The whole data, or None if it was read."""
        return None if self.at_eof() else await self.read()

    def at_eof(self) -> bool:
        """Whether all data was read."""
        return self._has_ended and not self._unread

    async def _receive(self) -> bytes:
        """The next bytes of the part from the stream, `b""` at its end."""
        if self._has_ended:
            return b""
        match await self._events.next_event():
            case PartData(data):
                self._received += len(data)
                if self._length is not None and self._received > self._length:
                    raise self._wrong_length()
                return data
            case PartEnd():
                self._has_ended = True
                if self._length not in (None, self._received):
                    raise self._wrong_length()
                return b""
            case other:
                raise RuntimeError(f"the part is over, the reader has moved on: {other}")

    def _wrong_length(self) -> ValueError:
        return ValueError(
            f"part has other than the {self._length} bytes of its Content-Length: "
            f"{self._received} received"
        )

    async def _take(self) -> bytes:
        """The next bytes of the part, `b""` at its end; within the limit."""
        if self._unread:
            return self._unread.popleft()
        data = await self._receive()
        if self._received > self._client_max_size:
            raise self._max_size_error_cls(self._client_max_size)
        return data

    async def read(self, *, decode: bool = False) -> bytes | bytearray:
        """The rest of the data; with `decode`, its codings undone. `b""` when it was read before.

        Raises `ValueError` if the body is malformed or a coding cannot be undone, `RuntimeError`
        for an unknown coding, and the size error beyond `client_max_size`.
        """
        if self.at_eof():
            return b""
        data = bytearray()
        if not decode:
            while piece := await self._take():
                data += piece
            return data
        async with aclosing(self.iter_decoded()) as pieces:
            async for piece in pieces:
                data += piece
        return data

    async def iter_decoded(self) -> AsyncGenerator[bytes, None]:
        """The rest of the data with its codings undone, as it arrives.

        Pieces have at most `max_decompress_size` bytes. Raises what `read(decode=True)` raises.
        """
        decoder = self._decoder()
        size = 0
        while data := await self._take():
            for piece in decoder.feed(data):
                size += len(piece)
                self._check_size(size)
                yield piece
                await asyncio.sleep(0)
        for piece in decoder.finish():
            self._check_size(size + len(piece))
            yield piece

    def _check_size(self, size: int) -> None:
        if size > self._client_max_size:
            raise self._max_size_error_cls(self._client_max_size)

    async def read_chunk(self, size: int = chunk_size) -> bytes:
        """At most `size` bytes, `b""` at the end.

        Of a base64 part, pieces that can be decoded each by itself; such a piece is longer than
        `size` if it is mostly line breaks. Raises `ValueError` if `size` is smaller than the
        boundary plus two bytes and the part has no Content-Length.
        """
        least = 1 if self._length is not None else len(self._boundary) + 2
        if size < least:
            raise ValueError(f"size must be at least {least} for this part, got {size}")
        data = await self._take()
        if self._transfer_encoding == "base64":
            data = await self._whole_groups(data, size)
        elif len(data) > size:
            self._unread.appendleft(data[size:])
            data = data[:size]
        return data

    async def _whole_groups(self, data: bytes, size: int) -> bytes:
        """`data`, and more if need be, cut behind a group of four base64 characters."""
        gathered = bytearray(data)
        while (cut := _group_end(gathered, size)) == 0 and (more := await self._take()):
            gathered += more
        cut = cut or len(gathered)
        if cut < len(gathered):
            self._unread.appendleft(bytes(gathered[cut:]))
        return bytes(gathered[:cut])

    async def readline(self) -> bytes:
        """The next line with its line end, `b""` at the end of the part."""
        line = bytearray()
        while piece := await self._take():
            newline = piece.find(b"\n") + 1
            if newline:
                if newline < len(piece):
                    self._unread.appendleft(piece[newline:])
                line += piece[:newline]
                break
            line += piece
        return bytes(line)

    async def release(self) -> None:
        """Skip the rest of the data."""
        self._unread.clear()
        while await self._receive():
            pass

    async def text(self, *, encoding: str | None = None) -> str:
        """The data decoded, as text in `encoding`, or the charset it or the form says, or UTF-8.

        Raises `ValueError` if it is no text in that charset, or nobody knows the charset.
        """
        data = await self.read(decode=True)
        charset = encoding or self.get_charset(self._default_charset or "utf-8")
        try:
            return data.decode(charset)
        except LookupError as exc:
            raise ValueError(f"unknown charset of a part: {quote(charset)}") from exc

    async def json(self, *, encoding: str | None = None) -> Any:
        """The data decoded, as JSON; None if it is empty."""
        text = await self.text(encoding=encoding)
        return json.loads(text) if text else None

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """The data decoded, as urlencoded pairs; `ValueError` if it is no text in the charset."""
        charset = encoding or self.get_charset(self._default_charset or "utf-8")
        text = await self.text(encoding=charset)
        return parse_qsl(text.rstrip(), keep_blank_values=True, encoding=charset)

    def decode(self, data: bytes | bytearray | memoryview) -> bytes:
        """`data`, which is all of the part's, with its codings undone.

        Content-Encoding is left alone in form-data. Raises `RuntimeError` for an unknown coding,
        `ValueError` if one cannot be undone, and the size error beyond `client_max_size`.
        """
        decoder = self._decoder()
        out = bytearray()
        for piece in itertools.chain(decoder.feed(bytes(data)), decoder.finish()):
            out += piece
            self._check_size(len(out))
        return bytes(out)

    async def decode_iter(
        self, data: bytes | bytearray | memoryview
    ) -> AsyncGenerator[bytes, None]:
        """`decode(data)` in pieces of at most `max_decompress_size`; other tasks run in between."""
        decoder = self._decoder()
        size = 0
        for piece in itertools.chain(decoder.feed(bytes(data)), decoder.finish()):
            size += len(piece)
            self._check_size(size)
            yield piece
            await asyncio.sleep(0)

    def _decoder(self) -> PartDecoder:
        coding = "" if self._is_form_data else self.headers.get("Content-Encoding", "")
        return PartDecoder(self._transfer_encoding, coding, self._max_decompress_size)

    @property
    def _transfer_encoding(self) -> str:
        return self.headers.get("Content-Transfer-Encoding", "").strip(" \t").lower()

    def get_charset(self, default: str) -> str:
        """The charset of the part's Content-Type, or `default`."""
        media_type = parse_media_type(self.headers.get("Content-Type", ""))
        return media_type.parameters.get("charset") or default

    @property
    def name(self) -> str | None:
        """The name of the form field, from Content-Disposition."""
        return content_disposition_filename(self._disposition_params(), "name")

    @property
    def filename(self) -> str | None:
        """The file name from Content-Disposition, as sent; see `safe_filename` before using it."""
        return content_disposition_filename(self._disposition_params())

    def _disposition_params(self) -> dict[str, str]:
        if self._disposition is None:
            header = self.headers.get("Content-Disposition")
            _, self._disposition = parse_content_disposition(header)
        return self._disposition


def _content_length(headers: Mapping[str, str]) -> int | None:
    value = headers.get("Content-Length")
    if value is None:
        return None
    if not _is_digits(value):
        raise ValueError(f"Content-Length of a part is not a decimal number: {quote(value)}")
    return int(value)


def _group_end(data: bytearray, size: int) -> int:
    """Behind the last whole group of four base64 characters within `size`, or else the first."""
    end = 0
    for number, match in enumerate(_find_significant(data), 1):
        if number % 4 == 0:
            if match.end() > size and end:
                break
            end = match.end()
    return end


@payload_type(BodyPartReader, order=Order.try_first)
class BodyPartReaderPayload(Payload):
    """A part that was received, as a body to send: decoded, as it arrives, and once.

    It keeps the part's content type, name and file name.
    """

    _value: BodyPartReader
    _autoclose = True

    def __init__(
        self,
        value: BodyPartReader,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        content_type = content_type or value.headers.get("Content-Type")
        super().__init__(value, headers, content_type, **kwargs)
        named = {"name": value.name, "filename": value.filename}
        params = {key: text for key, text in named.items() if text is not None}
        if params and "Content-Disposition" not in self.headers:
            header = content_disposition_header("attachment", params)
            self.headers["Content-Disposition"] = header

    @property
    def replayable(self) -> bool:
        """False: the part arrives once."""
        return False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Raises `TypeError`: the part has not arrived."""
        raise TypeError("a part that is read from a stream cannot be decoded; await part.text()")

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Raises `TypeError`: the part can be read once, and that is for sending it."""
        raise TypeError("a part that is read from a stream cannot be kept; await part.read()")

    async def write(self, writer: ByteSink) -> None:
        """Hand over the decoded data as it arrives. `RuntimeError` if that was done before."""
        if self._consumed:
            raise RuntimeError("the part was already sent and cannot be read again")
        self._consumed = True
        async with aclosing(self._value.iter_decoded()) as pieces:
            async for piece in pieces:
                await writer.write(piece)
