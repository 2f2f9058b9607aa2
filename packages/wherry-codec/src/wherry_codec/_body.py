"""Message bodies with their framing, read and written (RFC 9112 §6, §7.1, §8).

Decides where a body that is being read is complete or cut off, and holds a body that is being
written to what its head declared. Knows nothing about heads; see `_framing` for the choice.
"""

from typing import Protocol

from multidict import CIMultiDict, CIMultiDictProxy

from ._chunk_extensions import ChunkExtensions
from ._chunked import ChunkDecoder, encode_chunk
from ._errors import (
    ContentLengthError,
    LocalProtocolError,
    RemoteProtocolError,
    TransferEncodingError,
)
from ._framing import CHUNKED, UNTIL_CLOSE
from ._limits import Limits
from ._write import write_fields
from .coding import ContentDecoder

_NEVER_IN_TRAILERS = frozenset(("content-length", "transfer-encoding", "host", "trailer"))
"""Fields a recipient needs before the body, RFC 9110 §6.5.1."""

_NO_FIELDS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())


class BodyReader(Protocol):
    """Takes the framing off a body."""

    @property
    def is_done(self) -> bool:
        """Whether the body is complete."""

    @property
    def has_pending(self) -> bool:
        """Whether `feed` may give something without more bytes."""

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The trailer fields, once done."""

    def take_extensions(self, *, of_last_chunk: bool) -> tuple[ChunkExtensions, ...]:
        """The extensions of chunks with bytes that have arrived, or of the last one; each once."""

    def feed(self, data: bytes, start: int, out: list[bytes], /) -> int:
        """Append the pieces of body in `data[start:]`; the offset of the first byte not taken."""

    def end(self) -> None:
        """Say that the connection has ended; raises `PayloadEncodingError` if too early."""


class _Plain:
    """A body that is nothing but itself."""

    has_pending = False
    trailers = _NO_FIELDS

    def take_extensions(self, *, of_last_chunk: bool) -> tuple[ChunkExtensions, ...]:
        return ()


class LengthReader(_Plain):
    """A body of a known number of bytes."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._missing = length

    @property
    def is_done(self) -> bool:
        return not self._missing

    def feed(self, data: bytes, start: int, out: list[bytes]) -> int:
        piece = data[start : start + self._missing]
        if piece:
            out.append(piece)
            self._missing -= len(piece)
        return start + len(piece)

    def end(self) -> None:
        if self._missing:
            got = self._length - self._missing
            raise ContentLengthError(
                f"connection ended after {got} of {self._length} bytes of body"
            )


class ChunkedReader:
    """A chunked body."""

    has_pending = False

    def __init__(self, limits: Limits, *, strict: bool) -> None:
        self._decoder = ChunkDecoder(limits, strict=strict, keeps_extensions=True)

    @property
    def is_done(self) -> bool:
        return self._decoder.is_done

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        return self._decoder.trailers

    def take_extensions(self, *, of_last_chunk: bool) -> tuple[ChunkExtensions, ...]:
        found = self._decoder.extensions
        count = len(found)
        if not of_last_chunk:
            count = sum(one.start < self._decoder.total for one in found)
        taken = tuple(found[:count])
        del found[:count]
        return taken

    def feed(self, data: bytes, start: int, out: list[bytes]) -> int:
        end = self._decoder.feed(data, start, out)
        self._decoder.chunk_ends.clear()
        return end

    def end(self) -> None:
        if not self._decoder.is_done:
            raise TransferEncodingError(
                f"connection ended inside a chunked body, after {self._decoder.total} bytes of it"
            )


class CloseReader(_Plain):
    """A body that runs to the end of the connection."""

    def __init__(self) -> None:
        self.is_done = False

    def feed(self, data: bytes, start: int, out: list[bytes]) -> int:
        if start < len(data):
            out.append(data[start:])
        return len(data)

    def end(self) -> None:
        self.is_done = True


class CodedReader:
    """A body in transfer codings other than chunked, undone in bounded steps."""

    def __init__(self, framed: BodyReader, decoder: ContentDecoder) -> None:
        self._framed = framed
        self._decoder = decoder
        self._failure: RemoteProtocolError | None = None
        self.is_done = False

    @property
    def has_pending(self) -> bool:
        return self._decoder.has_pending or self._failure is not None

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        return self._framed.trailers

    def take_extensions(self, *, of_last_chunk: bool) -> tuple[ChunkExtensions, ...]:
        return self._framed.take_extensions(of_last_chunk=of_last_chunk)

    def feed(self, data: bytes, start: int, out: list[bytes]) -> int:
        pieces: list[bytes] = []
        if not self.has_pending:
            try:
                start = self._framed.feed(data, start, pieces)
            except RemoteProtocolError as exc:
                # What came before the fault is undone first, and may take several steps.
                self._failure = exc
                start = len(data)
        piece = self._decoder.decode(b"".join(pieces))
        if piece:
            out.append(piece)
        if not self._decoder.has_pending:
            if self._failure is not None:
                raise self._failure
            if self._framed.is_done:
                self._decoder.finish()
                self.is_done = True
        return start

    def end(self) -> None:
        self._framed.end()
        self._decoder.finish()
        self.is_done = True


def make_reader(length: int, limits: Limits, *, strict: bool = False) -> BodyReader:
    """The reader for a length as `message_body_length` gives it."""
    if length == CHUNKED:
        return ChunkedReader(limits, strict=strict)
    if length == UNTIL_CLOSE:
        return CloseReader()
    return LengthReader(length)


class BodyWriter(Protocol):
    """Puts the framing around a body."""

    def write(self, data: bytes, /) -> bytes:
        """The bytes to send for a piece; `LocalProtocolError` if it does not fit the framing."""

    def finish(self, trailers: CIMultiDictProxy[str], /) -> bytes:
        """The bytes that end the body; `LocalProtocolError` if something is missing."""


class LengthWriter:
    """A body of a declared number of bytes; also of none."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._missing = length

    def write(self, data: bytes) -> bytes:
        if len(data) > self._missing:
            given = self._length - self._missing + len(data)
            raise LocalProtocolError(
                f"body is longer than its head allows: {self._length} bytes declared, {given} given"
            )
        self._missing -= len(data)
        return data

    def finish(self, trailers: CIMultiDictProxy[str]) -> bytes:
        if self._missing:
            given = self._length - self._missing
            raise LocalProtocolError(
                f"body is shorter than its Content-Length: {self._length} bytes declared, "
                f"{given} given; send the rest or close the connection"
            )
        _refuse_trailers(trailers)
        return b""


class SilentWriter:
    """The body of a response to HEAD: what GET would send is accepted, nothing is sent."""

    def write(self, data: bytes) -> bytes:
        return b""

    def finish(self, trailers: CIMultiDictProxy[str]) -> bytes:
        return b""


class ChunkWriter:
    """A chunked body; each piece becomes one chunk."""

    def write(self, data: bytes) -> bytes:
        return encode_chunk(data)

    def finish(self, trailers: CIMultiDictProxy[str]) -> bytes:
        for name in trailers:
            if name.lower() in _NEVER_IN_TRAILERS:
                raise LocalProtocolError(f"{name} rules the message, it cannot be a trailer field")
        return f"0\r\n{write_fields(trailers.items())}\r\n".encode("utf-8", "surrogateescape")


class CloseWriter:
    """A body that runs to the end of the connection."""

    def write(self, data: bytes) -> bytes:
        return data

    def finish(self, trailers: CIMultiDictProxy[str]) -> bytes:
        _refuse_trailers(trailers)
        return b""


def make_writer(length: int) -> BodyWriter:
    """The writer for a count of bytes, `CHUNKED` or `UNTIL_CLOSE`."""
    if length == CHUNKED:
        return ChunkWriter()
    if length == UNTIL_CLOSE:
        return CloseWriter()
    return LengthWriter(length)


def _refuse_trailers(trailers: CIMultiDictProxy[str]) -> None:
    if trailers:
        raise LocalProtocolError("trailer fields can be sent only after a chunked body")
