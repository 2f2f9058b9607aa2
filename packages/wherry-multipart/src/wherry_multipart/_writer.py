"""Write a multipart body (RFC 2046 §5.1, RFC 7578).

Decides the frame around the parts and the length of the whole. What a part holds is its payload's
business; parts are handed on as they come, a file is never copied into memory.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from wherry_codec import write_fields
from wherry_payload import (
    ByteSink,
    JsonPayload,
    LookupError,  # noqa: A004 - the payload registry's, not the builtin
    Payload,
    StringPayload,
    content_disposition_header,
    get_payload,
)

from ._boundary import check_boundary, multipart_content_type, new_boundary
from ._coded_sink import CodedSink, check_codings, code_whole

GATHER = 64 * 1024
"""Bytes up to which small parts and the frame between them are joined into one write."""

_log = logging.getLogger("wherry.internal")


class Part(NamedTuple):
    """One part: its payload, and the codings applied to it while writing (`""` for none)."""

    payload: Payload
    encoding: str
    te_encoding: str

    @property
    def size(self) -> int | None:
        """Bytes of the data as written, None if not known beforehand."""
        return None if self.is_coded else self.payload.size

    @property
    def is_coded(self) -> bool:
        """Whether the payload's bytes change on their way out."""
        return bool(self.encoding or self.te_encoding)

    @property
    def in_memory(self) -> bytes | None:
        """The data as written if it is at hand and small enough to be copied."""
        data = None if self.is_coded else self.payload.in_memory
        return data if data is not None and len(data) <= GATHER else None


class MultipartWriter(Payload):
    """A body made of parts, each a payload with its own headers.

    Written part after part, any number of times if every part can. Its `size` is known if the size
    of every part is. In `form-data`, parts have a `Content-Disposition` with a name, and no
    codings.

    Raises `ValueError` for a boundary that is not 1 to 70 characters of ASCII without controls.
    """

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        boundary = new_boundary() if boundary is None else boundary
        check_boundary(boundary)
        super().__init__(None, content_type=multipart_content_type(subtype, boundary))
        self._boundary = boundary
        self._is_form_data = subtype.lower() == "form-data"
        self._parts: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Nothing: the block only shows where the parts are added."""

    def __iter__(self) -> Iterator[tuple[Payload, str, str]]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __bool__(self) -> bool:
        return True

    @property
    def boundary(self) -> str:
        """The boundary, without the dashes."""
        return self._boundary

    def append(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part made from anything the payload registry knows, and return its payload.

        `headers` replace those of the payload. Raises `TypeError` if no payload class fits.
        """
        if isinstance(obj, Payload):
            if headers:
                obj.headers.update(headers)
            return self.append_payload(obj)
        disposition = None if self._is_form_data else "attachment"
        try:
            payload = get_payload(obj, headers=headers, disposition=disposition)
        except LookupError as exc:
            raise TypeError(f"a part cannot be made from {type(obj).__name__}: {exc}") from exc
        return self.append_payload(payload)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a payload as a part, and return it.

        Raises `RuntimeError` for a coding that is not known, and in form-data `ValueError` for any
        coding and for a Content-Length.
        """
        if payload is self:
            raise ValueError("a multipart body cannot be a part of itself")
        part = self._form_part(payload) if self._is_form_data else self._coded_part(payload)
        self._parts.append(part)
        return payload

    def append_json(self, obj: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """Add a part of JSON."""
        return self.append_payload(JsonPayload(obj, dumps=json.dumps, headers=headers))

    def append_form(
        self,
        obj: Mapping[str, str] | list[tuple[str, str]] | tuple[tuple[str, str], ...],
        headers: Mapping[str, str] | None = None,
    ) -> Payload:
        """Add a part of urlencoded pairs."""
        text = urlencode(list(obj.items()) if isinstance(obj, Mapping) else obj, doseq=True)
        content_type = "application/x-www-form-urlencoded"
        return self.append_payload(StringPayload(text, headers, content_type))

    def _form_part(self, payload: Payload) -> Part:
        """RFC 7578: §4.2 wants a name, §4.7 and §4.8 allow no codings and no other fields."""
        for name in ("Content-Encoding", "Content-Transfer-Encoding", "Content-Length"):
            if name in payload.headers:
                raise ValueError(f"a part of form-data must not have {name}; remove that header")
        if "Content-Disposition" not in payload.headers:
            params = {"name": f"section-{len(self._parts)}"}
            if payload.filename:
                params["filename"] = payload.filename
            payload.headers["Content-Disposition"] = content_disposition_header("form-data", params)
        return Part(payload, "", "")

    def _coded_part(self, payload: Payload) -> Part:
        headers = payload.headers
        codings = check_codings(
            headers.get("Content-Encoding", ""), headers.get("Content-Transfer-Encoding", "")
        )
        part = Part(payload, *codings)
        self._set_length(part)
        return part

    @staticmethod
    def _set_length(part: Part) -> None:
        """Content-Length tells the size of the data as written, or is not there."""
        size = part.size
        if size is not None:
            part.payload.headers["Content-Length"] = str(size)
        elif part.is_coded:
            part.payload.headers.pop("Content-Length", None)

    def _head(self, part: Part) -> bytes:
        """The delimiter, the fields, and the empty line before the data of a part.

        Raises `ValueError` for control characters in a field, `TypeError` if one is no text.
        """
        if not self._is_form_data:
            self._set_length(part)
        fields = write_fields(part.payload.headers.items())
        text = f"--{self._boundary}\r\n{fields}\r\n"
        return text.encode("utf-8", "surrogateescape")

    @property
    def _end(self) -> bytes:
        return f"--{self._boundary}--\r\n".encode("ascii")

    @property
    def size(self) -> int | None:
        """Bytes of the whole body if every part's size is known and none is coded, else None."""
        total = len(self._end)
        for part in self._parts:
            size = part.size
            if size is None:
                return None
            total += len(self._head(part)) + size + 2
        return total

    @property
    def consumed(self) -> bool:
        """Whether any part cannot be written any more."""
        return any(part.payload.consumed for part in self._parts)

    @property
    def replayable(self) -> bool:
        """Whether every part can be written more than once."""
        return all(part.payload.replayable for part in self._parts)

    @property
    def in_memory(self) -> bytes | None:
        """The whole body if all parts are in memory and it is small, else None."""
        if type(self).write is not MultipartWriter.write:
            return None
        out = bytearray()
        for part in self._parts:
            data = part.in_memory
            if data is None or len(out) + len(data) > GATHER:
                return None
            out += self._head(part) + data + b"\r\n"
        return bytes(out + self._end)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The whole body as text, without waiting. Reads files, so this may block.

        Raises `TypeError` if a part cannot be had without waiting.
        """
        return self._collect(encoding, errors).decode(encoding, errors)

    def _collect(self, encoding: str, errors: str) -> bytes:
        out = bytearray()
        for part in self._parts:
            data = _data_of(part.payload, encoding, errors)
            out += self._head(part) + code_whole(data, part.encoding, part.te_encoding) + b"\r\n"
        return bytes(out + self._end)

    async def write(self, writer: ByteSink, close_boundary: bool = True) -> None:
        """Write all parts and, with `close_boundary`, the closing delimiter.

        Small parts in memory are joined with the frame around them; any other part is passed on
        piece by piece. Raises `RuntimeError` if a part was already sent and cannot start again.
        """
        self._check_not_consumed()
        pending = bytearray()
        for part in self._parts:
            pending += self._head(part)
            data = part.in_memory
            if data is None or len(pending) + len(data) > GATHER:
                await writer.write(bytes(pending))
                pending.clear()
                await self._write_data(part, writer)
            else:
                pending += data
            pending += b"\r\n"
        if close_boundary:
            pending += self._end
        if pending:
            await writer.write(bytes(pending))

    def _check_not_consumed(self) -> None:
        """Before the first byte: a body is sent whole or not at all."""
        for number, part in enumerate(self._parts):
            if part.payload.consumed:
                raise RuntimeError(
                    f"part {number} ({type(part.payload).__name__}) was already sent and cannot "
                    "start again; make a new body"
                )

    @staticmethod
    async def _write_data(part: Part, writer: ByteSink) -> None:
        if not part.is_coded:
            await part.payload.write(writer)
            return
        coded = CodedSink(writer, part.encoding, part.te_encoding)
        await part.payload.write(coded)
        await coded.finish()

    async def close(self) -> None:
        """Close every part. One that fails is logged and does not keep the others open."""
        for number, part in enumerate(self._parts):
            try:
                await part.payload.close()
            except Exception as exc:
                _log.error("closing part %d of a multipart body failed: %s", number, exc)


def _data_of(payload: Payload, encoding: str, errors: str) -> bytes:
    """The bytes of a payload, without waiting."""
    if isinstance(payload, MultipartWriter):
        return payload._collect(encoding, errors)  # noqa: SLF001 - the same class
    data = payload.in_memory
    if data is not None:
        return data
    charset = payload.encoding or encoding
    return payload.decode(charset, errors).encode(charset, errors)
