"""The chunked transfer coding (RFC 9112 §7.1), both ways.

Decides where chunks and their coding end. Framing, so it is strict: sizes are hexadecimal digits
only, lines end with CRLF, and what does not fit is refused at once instead of waited out. The one
leniency is white space around a size, which old servers pad with. Chunk extensions are handed on to
whoever asks, and understood in `_chunk_extensions`.
"""

import os
import re
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy

from . import _abnf
from ._chunk_extensions import EXTENSIONS, ChunkExtensions
from ._errors import LineTooLong, RemoteProtocolError, TransferEncodingError, quote
from ._limits import DEFAULT_LIMITS, Limits
from ._lines import HeadLines, line_end_size
from ._native import TakeChunks, find_speedups
from ._ruling import MAX_LENGTH

LAST_CHUNK = b"0\r\n\r\n"
"""What ends a chunked body without trailer fields."""

# chunk-size [ chunk-ext ], RFC 9112 §7.1
_match_strict_size = re.compile(rb"([0-9A-Fa-f]++)(" + EXTENSIONS + rb")").fullmatch
_match_size = re.compile(
    _abnf.OWS + rb"([0-9A-Fa-f]++)" + _abnf.OWS + rb"(;" + _abnf.FIELD_TEXT + rb")?"
).fullmatch

_SIZE, _DATA, _DATA_END, _TRAILERS, _DONE, _FAILED = range(6)

_REMEMBERED_LINES: Final = 1024
_REMEMBERED_SIZE: Final = 6
_sizes: dict[bytes, int] = {}
"""Size lines met before, without extensions, at most `_REMEMBERED_LINES` of `_REMEMBERED_SIZE`
bytes: a look-up takes a third of the time that matching and converting takes."""


def encode_chunk(data: bytes | memoryview) -> bytes:
    """`data` as one chunk; no data is no chunk, since an empty one would end the body."""
    # join, not %: that copies long data three times over.
    return b"".join((b"%x\r\n" % len(data), data, b"\r\n")) if data else b""


def take_chunks_plainly(
    data: bytes,
    start: int,
    total: int,
    max_line_size: int,
    out: list[bytes],
    ends: list[int],
    /,
) -> tuple[int, int, int]:
    """Take chunks from `data[start:]`, which begins with a size line.

    Appends their data to `out`, and to `ends` what `total` is then. Stops where it likes before
    the last chunk or anything unusual, but after the data that is there of a chunk that goes on
    later. Returns where it stopped, the new total, and how much of that chunk is missing, or 0.

    This is the hot loop. It takes chunks with a size line that is known; the C twin any plain one.
    """
    missing = 0
    if max_line_size < _REMEMBERED_SIZE:
        return start, total, missing  # known from others, who may have longer lines
    find, size_of, goes_on_with = data.find, _sizes.get, data.startswith
    take, mark = out.append, ends.append
    last_line = b""
    while (line_end := find(b"\r\n", start)) >= 0:
        line = data[start:line_end]
        size = size_of(line)
        if not size:
            break
        first = line_end + 2
        end = first + size
        if line == last_line:
            # A second chunk of the same size announces a run: bodies are often cut evenly.
            # Then one comparison covers the end of this chunk and the size line of the next.
            between = b"\r\n" + line + b"\r\n"
            step = size + len(between)
            while goes_on_with(between, end):
                take(data[first:end])
                total += size
                mark(total)
                first += step
                end += step
            start = first - len(line) - 2
        if end > len(data):
            if first < len(data):
                take(data[first:])
                total += len(data) - first
            missing = end - len(data)
            start = len(data)
            break
        if data[end : end + 2] != b"\r\n":
            break
        take(data[first:end])
        total += size
        mark(total)
        start = end + 2
        last_line = line
    return start, total, missing


_speedups = find_speedups(os.environ)
take_chunks: TakeChunks = take_chunks_plainly if _speedups is None else _speedups.take_chunks
"""The twin that runs."""


class ChunkDecoder:
    """Undoes the chunked coding of one body, fed in pieces of any size.

    Call `feed` with what arrives until `is_done`. After an error it refuses further bytes. Chunk
    extensions are checked, and skipped unless `keeps_extensions`.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        strict: bool = False,
        keeps_extensions: bool = False,
    ) -> None:
        self._limits = limits
        self._keeps_extensions = keeps_extensions
        self._match_size = _match_strict_size if strict else _match_size
        self._state = _SIZE
        self._missing = 0  # of the chunk's data, or of the CRLF after it
        self._line = bytearray()
        self._trailer_lines: HeadLines | None = None
        self.total: int = 0
        """Bytes of body decoded so far."""
        self.chunk_ends: list[int] = []
        """`total` at the end of each finished chunk. Grows until the owner clears it."""
        self.extensions: list[ChunkExtensions] = []
        """Of each chunk that has some, the last one included; empty unless they are kept. Each is
        shorter than a size line may be. Grows until the owner clears it."""

    @property
    def is_done(self) -> bool:
        """Whether the last chunk and the trailer section have been taken."""
        return self._state == _DONE

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The trailer fields; complete when done, empty before."""
        fields: CIMultiDict[str] = CIMultiDict()
        if self._trailer_lines is not None and self.is_done:
            for name, value in self._trailer_lines.names_and_values():
                fields.add(name.decode("ascii"), value.decode("utf-8", "surrogateescape"))
        return CIMultiDictProxy(fields)

    def feed(self, data: bytes, start: int, out: list[bytes]) -> int:
        """Decode `data[start:]`; append the pieces of body, none of them empty, to `out`.

        Returns the offset of the first byte not taken: `len(data)`, unless `is_done` became true.
        Raises `TransferEncodingError`, or for the trailer section `InvalidHeader`; `LineTooLong`
        for both. Pieces decoded before the error are in `out` then.
        """
        if self._state == _FAILED:
            raise TransferEncodingError("the chunked coding was broken before; nothing can follow")
        try:
            while start < len(data) and self._state != _DONE:
                if self._state == _SIZE:
                    start = self._feed_whole_chunks(data, start, out)
                    if self._state == _SIZE:
                        start = self._feed_size_line(data, start)
                elif self._state == _DATA:
                    start = self._feed_data(data, start, out)
                elif self._state == _DATA_END:
                    start = self._feed_data_end(data, start)
                else:
                    start = self._feed_trailers(data, start)
        except RemoteProtocolError:
            self._state = _FAILED
            raise
        return start

    def _feed_whole_chunks(self, data: bytes, start: int, out: list[bytes]) -> int:
        if self._line:
            return start
        start, self.total, self._missing = take_chunks(
            data, start, self.total, self._limits.max_line_size, out, self.chunk_ends
        )
        if self._missing:
            self._state = _DATA
        return start

    def _feed_size_line(self, data: bytes, start: int) -> int:
        newline = data.find(b"\n", start)
        end = newline + 1 if newline >= 0 else len(data)
        self._line += data[start:end]
        limit = self._limits.max_line_size
        size = len(self._line) - line_end_size(self._line)
        if size > limit:
            raise LineTooLong("a chunk size line", limit, size)
        if newline < 0:
            return end
        line = bytes(self._line)
        self._line.clear()
        if not line.endswith(b"\r\n"):
            raise TransferEncodingError(f"chunk size line ends without CRLF: {quote(line)}")
        self._missing = self._read_size(line[:-2])
        self._state = _DATA if self._missing else _TRAILERS
        return end

    def _read_size(self, line: bytes) -> int:
        match = self._match_size(line)
        if match is None:
            raise TransferEncodingError(f"chunk size is not a hexadecimal number: {quote(line)}")
        spelled, extensions = match.groups()
        digits = spelled.lstrip(b"0")
        size = int(digits or b"0", 16) if len(digits) <= 16 else MAX_LENGTH + 1
        if size > MAX_LENGTH:
            raise TransferEncodingError(f"chunk size is over {MAX_LENGTH}: {quote(line)}")
        if extensions and self._keeps_extensions:
            self.extensions.append(ChunkExtensions(self.total, extensions))
        if len(line) <= _REMEMBERED_SIZE and line.isalnum() and len(_sizes) < _REMEMBERED_LINES:
            _sizes[line] = size
        return size

    def _feed_data(self, data: bytes, start: int, out: list[bytes]) -> int:
        end = start + self._missing
        if end > len(data):
            out.append(data[start:])
            self.total += len(data) - start
            self._missing = end - len(data)
            return len(data)
        out.append(data[start:end])
        self.total += self._missing
        self.chunk_ends.append(self.total)
        if data.startswith(b"\r\n", end):
            self._state = _SIZE
            return end + 2
        self._state, self._missing = _DATA_END, 2
        return end

    def _feed_data_end(self, data: bytes, start: int) -> int:
        expected = b"\r\n"[-self._missing :]
        got = data[start : start + self._missing]
        if not expected.startswith(got):
            raise TransferEncodingError(f"chunk data is not followed by CRLF but by {got!r}")
        self._missing -= len(got)
        if not self._missing:
            self._state = _SIZE
        return start + len(got)

    def _feed_trailers(self, data: bytes, start: int) -> int:
        if self._trailer_lines is None:
            if data.startswith(b"\r\n", start):
                self._state = _DONE
                return start + 2
            # Strict whatever the head was: a line end judged differently here moves the end of
            # the body, and software that sends trailers is young enough to know the grammar.
            self._trailer_lines = HeadLines(self._limits, strict=True)
        start = self._trailer_lines.feed(data, start)
        if self._trailer_lines.is_done:
            self._state = _DONE
        return start
