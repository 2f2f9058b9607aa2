"""Read one part of a multipart body (RFC 2046 §5.1, RFC 7578).

Decides what the codings, the charset and the headers of a part mean for its reader. Sockets are not
known here.
"""

import asyncio
import itertools
import json
import os
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Self
from urllib.parse import parse_qsl

from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import quote
from wherry_codec.fields import parse_media_type

from ._charset import decode_text
from ._decoder import PartDecoder
from ._disposition import content_disposition_filename, parse_content_disposition
from ._parser import MultipartParser
from ._part_bytes import EventSource, PartBytes
from ._save import save
from .protocols import ByteSource

NO_LIMIT = 2**63 - 1
"""The default of `client_max_size`: a part may have any size."""

DECODED_PIECE = 262_144
"""Bytes a decoded piece has at most: a part that grows a thousandfold is never whole in memory."""

_is_digits = re.compile(r"[0-9]{1,19}").fullmatch


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
        content: ByteSource | EventSource,
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
        self._is_form_data = subtype == "form-data"
        self._default_charset = default_charset
        self._max_decompress_size = max_decompress_size
        self._client_max_size = client_max_size
        self._max_size_error_cls = max_size_error_cls
        transfer_encoding = headers.get("Content-Transfer-Encoding", "")
        self._transfer_encoding = transfer_encoding.strip(" \t").lower()
        length = None if self._is_form_data else _content_length(headers)
        self._bytes = PartBytes(content, length, client_max_size, max_size_error_cls)
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
        return self._bytes.is_at_end

    async def read(self, *, decode: bool = False) -> bytes | bytearray:
        """The rest of the data; with `decode`, its codings undone. `b""` when it was read before.

        Raises `ValueError` if the body is malformed or a coding cannot be undone, `RuntimeError`
        for an unknown coding, and the size error beyond `client_max_size`.
        """
        if self.at_eof():
            return b""
        data = bytearray()
        if not decode:
            while piece := await self._bytes.take():
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
        while data := await self._bytes.take():
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

        Of a base64 part, pieces that can be decoded each by itself, of four bytes at least; line
        breaks may be missing where they do not fit in. Raises `ValueError` if `size` is smaller
        than the boundary plus two bytes and the part has no Content-Length.
        """
        least = 1 if self._bytes.length is not None else len(self._boundary) + 2
        if size < least:
            raise ValueError(f"size must be at least {least} for this part, got {size}")
        if self._transfer_encoding == "base64":
            return await self._bytes.take_base64(size)
        return await self._bytes.take_some(size)

    async def readline(self) -> bytes:
        """The next line with its line end, `b""` at the end of the part."""
        return await self._bytes.take_line()

    async def release(self) -> None:
        """Skip the rest of the data."""
        await self._bytes.skip()

    async def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> int:
        """Write the rest of the data, decoded, to a new file at `path`, in constant memory.

        Returns the number of bytes written. Raises `FileExistsError` if anything is there, a link
        included; with `overwrite` it is replaced, once all data has arrived, but no link is
        followed. Nothing is left behind if this fails; it raises what `read(decode=True)` raises.

        `path` is for you to choose: see `safe_filename` before using the peer's `filename` in it.
        """
        async with aclosing(self.iter_decoded()) as pieces:
            return await save(pieces, path, overwrite)

    async def text(self, *, encoding: str | None = None) -> str:
        """The data decoded, as text in `encoding`, or the charset it or the form says, or UTF-8.

        Raises `ValueError` if it is no text in that charset, or nobody knows the charset.
        """
        data = await self.read(decode=True)
        charset = encoding or self.get_charset(self._default_charset or "utf-8")
        try:
            return decode_text(data, charset)
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
