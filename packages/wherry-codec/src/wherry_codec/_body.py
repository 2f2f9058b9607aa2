"""Message bodies with their framing, read and written (RFC 9112 §6, §7.1, §8).

Decides where a body that is being read is complete or cut off, and holds a body that is being
written to what its head declared. Knows nothing about heads; see `_framing` for the choice.
"""

from typing import Protocol

from multidict import CIMultiDict, CIMultiDictProxy

from ._chunked import ChunkDecoder, encode_chunk
from ._errors import ContentLengthError, LocalProtocolError, TransferEncodingError
from ._framing import CHUNKED, UNTIL_CLOSE
from ._limits import Limits
from ._write import write_fields

_NEVER_IN_TRAILERS = frozenset(("content-length", "transfer-encoding", "host", "trailer"))
"""Fields a recipient needs before the body, RFC 9110 §6.5.1."""

_NO_FIELDS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())


class BodyReader(Protocol):
    """Takes the framing off a body."""

    @property
    def is_done(self) -> bool:
        """Whether the body is complete."""

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The trailer fields, once done."""

    def feed(self, data: bytes, start: int, out: list[bytes], /) -> int:
        """Append the pieces of body in `data[start:]`; the offset of the first byte not taken."""

    def end(self) -> None:
        """Say that the connection has ended; raises `PayloadEncodingError` if too early."""


class LengthReader:
    """A body of a known number of bytes."""

    trailers = _NO_FIELDS

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

    def __init__(self, limits: Limits) -> None:
        self._decoder = ChunkDecoder(limits)

    @property
    def is_done(self) -> bool:
        return self._decoder.is_done

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        return self._decoder.trailers

    def feed(self, data: bytes, start: int, out: list[bytes]) -> int:
        end = self._decoder.feed(data, start, out)
        self._decoder.chunk_ends.clear()
        return end

    def end(self) -> None:
        if not self._decoder.is_done:
            raise TransferEncodingError(
                f"connection ended inside a chunked body, after {self._decoder.total} bytes of it"
            )


class CloseReader:
    """A body that runs to the end of the connection."""

    trailers = _NO_FIELDS

    def __init__(self) -> None:
        self.is_done = False

    def feed(self, data: bytes, start: int, out: list[bytes]) -> int:
        if start < len(data):
            out.append(data[start:])
        return len(data)

    def end(self) -> None:
        self.is_done = True


def make_reader(length: int, limits: Limits) -> BodyReader:
    """The reader for a length as `message_body_length` gives it."""
    if length == CHUNKED:
        return ChunkedReader(limits)
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
