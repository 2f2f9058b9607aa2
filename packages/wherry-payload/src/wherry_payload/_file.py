"""Bodies read from files.

Decides where a file body starts, how long it is, and that what is sent agrees with the length that
was declared. Files are read, positioned and closed in threads, one thread at a time for each file,
and never written to.
"""

import asyncio
import codecs
import io
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from ._base import LimitedSink, Payload
from ._memory import SMALL_COPY, text_encoding_and_type
from .protocols import ByteSink

PIECE = 256 * 1024
"""Bytes read at a time. A hop to a thread costs about as much as copying this many bytes twice."""


def file_name(value: object) -> str | None:
    """The base name of an open file, None if it has none or one such as `<stdin>` (S-281)."""
    name = getattr(value, "name", None)
    if isinstance(name, (bytes, os.PathLike)):
        name = os.fsdecode(name)
    if not isinstance(name, str) or (name.startswith("<") and name.endswith(">")):
        return None
    return PurePath(name).name or None


def _regular_size(fd: int) -> int | None:
    status = os.fstat(fd)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _end_of(value: io.IOBase) -> int | None:
    """Where the file ends, in bytes from its beginning, or None where only reading would tell.

    Only types whose descriptor holds what `read` returns are asked for it: a `GzipFile` has the
    descriptor of the compressed file.
    """
    if isinstance(value, io.FileIO):
        return _regular_size(value.fileno())
    if isinstance(value, (io.BufferedReader, io.BufferedRandom)):
        return _regular_size(value.fileno()) if isinstance(value.raw, io.FileIO) else None
    if isinstance(value, tempfile.SpooledTemporaryFile):
        return _end_by_seeking(value)
    return None


def _end_by_seeking(value: io.IOBase) -> int:
    here = value.tell()
    try:
        return value.seek(0, os.SEEK_END) or value.tell()
    finally:
        value.seek(here)


def _as_bytes(piece: object) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, (bytearray, memoryview)):
        return bytes(piece)
    if piece is None:
        raise BlockingIOError("the file is in non-blocking mode and has no data at the moment")
    raise TypeError(f"read() of a binary file must return bytes, got {type(piece).__name__}")


async def _copy(
    read: Callable[[int], bytes], writer: ByteSink, length: int | None, name: str | None
) -> None:
    """Write what `read` returns, `length` bytes of it exactly, or all if that is None."""
    loop = asyncio.get_running_loop()
    sent = 0
    while length is None or sent < length:
        wanted = PIECE if length is None else min(PIECE, length - sent)
        piece = await loop.run_in_executor(None, read, wanted)
        if not piece:
            break
        sent += len(piece)
        await writer.write(piece)
    if length is not None and sent < length:
        raise _cut_short(name, length, sent)


def _cut_short(name: str | None, length: int, sent: int) -> EOFError:
    return EOFError(
        f"file {name!r} ended after {sent} of {length} bytes: it became shorter while it was sent"
    )


def _room(size: int | None, writer: ByteSink) -> int | None:
    """How many bytes to read: the declared size, and no more than the writer lets pass."""
    if not isinstance(writer, LimitedSink):
        return size
    return writer.room if size is None else min(size, writer.room)


class _FilePayload(Payload):
    """What files that are given open and files that are given by path have in common."""

    def __init__(
        self,
        value: object,
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        filename = filename or file_name(value)
        super().__init__(value, headers, content_type, filename, encoding, **kwargs)
        if filename and disposition and "Content-Disposition" not in self._headers:
            self.set_content_disposition(disposition, filename=filename)


class IOBasePayload(_FilePayload):
    """The rest of an open file, from the position it has when it is first used.

    Sent again, it starts at that position again; a file that cannot seek is `consumed` once it was
    sent. The size is looked up once: no more than that is sent if the file grows, and `EOFError` is
    raised if it shrinks. `close()` closes the file in a thread, without waiting for it.
    """

    _value: io.IOBase
    _start: int | None = None
    _used = False
    _closing = False

    def __init__(self, value: io.IOBase, *args: Any, **kwargs: Any) -> None:
        super().__init__(value, *args, **kwargs)
        # One thread at a time: a cancelled read goes on in its thread while close() or another
        # write begins, and a descriptor must not be closed under it.
        self._lock = threading.Lock()
        self._must_rewind = False
        self._started = False

    @property
    def size(self) -> int | None:
        """Bytes from the start position to the end of the file, None if that cannot be known."""
        self._find_start()
        return self._size

    @property
    def consumed(self) -> bool:
        """Whether the file was closed, or was sent and cannot go back."""
        return self._value.closed or (self._started and not self.replayable)

    @property
    def replayable(self) -> bool:
        """Whether the file is open and can go back to where it started."""
        self._find_start()
        return self._start is not None and not self._value.closed

    def _find_start(self) -> None:
        """Remember the position and the size, the first time the file is used."""
        if self._used or self._value.closed:
            return
        self._used = True
        self._start = self._position()
        self._size = self._measure(self._start)

    def _position(self) -> int | None:
        try:
            return self._value.tell() if self._value.seekable() else None
        except OSError:  # a text file that is being iterated cannot tell
            return None

    def _measure(self, start: int | None) -> int | None:
        end = _end_of(self._value) if start is not None else None
        return None if end is None or start is None else max(0, end - start)

    def _begin(self) -> None:
        """Check that the body can be written from its start, and see to it that it will be."""
        if self.consumed:
            raise RuntimeError(
                f"file {self._filename!r} was closed or cannot seek, so it cannot be sent again"
            )
        self._find_start()
        self._started = True
        self._must_rewind = self._start is not None

    def _read(self, size: int) -> bytes:
        """The next piece; called in a thread."""
        with self._lock:
            if self._must_rewind:
                self._rewind()
                self._must_rewind = False
            return self._read_piece(size)

    def _rewind(self) -> None:
        if self._start is not None:
            self._value.seek(self._start)

    def _read_piece(self, size: int) -> bytes:
        return _as_bytes(self._value.read(size))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The whole body as text. Reads the file, so this may block."""
        self._begin()
        with self._lock:
            self._rewind()
            data = _as_bytes(self._value.read(-1 if self._size is None else self._size))
        return data.decode(self._encoding or encoding, errors)

    async def write(self, writer: ByteSink) -> None:
        """Read the file in threads and hand it over in pieces of up to 256 KiB.

        Raises `RuntimeError` if it cannot start again and `EOFError` if it became shorter.
        """
        self._begin()
        await _copy(self._read, writer, _room(self._size, writer), self._filename)

    async def close(self) -> None:
        """Close the file in a thread, without waiting for it."""
        if self._closing or self._value.closed:
            return
        self._closing = True
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, self._close_file).add_done_callback(_report_failure)

    def _close_file(self) -> None:
        with self._lock:
            self._value.close()


def _report_failure(closed: "asyncio.Future[None]") -> None:
    """Nobody waits for a file to close; an error goes where errors of callbacks go."""
    if not closed.cancelled() and (error := closed.exception()) is not None:
        closed.get_loop().call_exception_handler(
            {"message": "closing the file of a request body failed", "exception": error}
        )


class BufferedReaderPayload(IOBasePayload):
    """The rest of a file opened with `"rb"` or `"r+b"`."""

    _value: io.BufferedReader


class BytesIOPayload(IOBasePayload):
    """The rest of a `BytesIO`, read in the loop with a pause between pieces; it stays open."""

    _value: io.BytesIO
    _autoclose = True

    def __init__(self, value: io.BytesIO, *args: Any, **kwargs: Any) -> None:
        super().__init__(value, *args, **kwargs)

    def _measure(self, start: int | None) -> int | None:
        return max(0, self._value.getbuffer().nbytes - (start or 0))

    @property
    def in_memory(self) -> bytes | None:
        """The body, if it is small; a large one is better written in pieces."""
        if type(self).write is not BytesIOPayload.write or self._value.closed:
            return None
        size = self.size
        if size is None or size > SMALL_COPY:
            return None
        start = self._start or 0
        return bytes(self._value.getbuffer()[start : start + size])

    async def write(self, writer: ByteSink) -> None:
        """Hand over pieces of up to 256 KiB and let other tasks run between them."""
        self._begin()
        length = _room(self._size, writer)
        left = 0 if length is None else length
        while left:
            piece = self._read(min(PIECE, left))
            if not piece:
                raise _cut_short(self._filename, length or 0, (length or 0) - left)
            await writer.write(piece)
            left -= len(piece)
            if left:
                await asyncio.sleep(0)

    async def close(self) -> None:
        """Nothing: the caller's buffer stays open."""


class TextIOPayload(IOBasePayload):
    """The rest of a text file, decoded as it was opened and encoded in the payload's charset.

    Its size on the wire is not known beforehand: charsets and line ends may differ from the file's.
    The charset is `encoding`, else that of the given content type, else UTF-8.
    """

    _value: io.TextIOBase

    def __init__(
        self,
        value: io.TextIOBase,
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        encoding, content_type = text_encoding_and_type(encoding, content_type, headers)
        # One encoder for all pieces: charsets with a byte order mark or shift states need it.
        self._encoder = codecs.getincrementalencoder(encoding)()
        super().__init__(value, disposition, headers, content_type, filename, encoding, **kwargs)

    def _measure(self, start: int | None) -> int | None:
        return None

    def _rewind(self) -> None:
        super()._rewind()
        self._encoder.reset()

    def _read_piece(self, size: int) -> bytes:
        while True:
            text = self._value.read(size)
            data = self._encoder.encode(text, final=not text)
            if data or not text:
                return data

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The text. Reads the file, so this may block."""
        self._begin()
        with self._lock:
            self._rewind()
            return self._value.read()


class PathPayload(_FilePayload):
    """A file given by its path: opened when written, closed again, sendable any number of times.

    Raises `OSError` from `size` or `write` if there is no such file or it cannot be read.
    """

    _value: Path
    _autoclose = True
    _measured = False

    def __init__(self, value: Path, *args: Any, **kwargs: Any) -> None:
        super().__init__(value, *args, **kwargs)

    @property
    def size(self) -> int | None:
        """The size of the file when first asked; None if it is no regular file."""
        if not self._measured:
            status = self._value.stat()
            self._size = status.st_size if stat.S_ISREG(status.st_mode) else None
            self._measured = True
        return self._size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The content of the file as text. Reads the file, so this may block."""
        return self._value.read_bytes().decode(self._encoding or encoding, errors)

    async def write(self, writer: ByteSink) -> None:
        """Open the file, hand it over in pieces of up to 256 KiB, and close it, all in threads."""
        file = _LazyFile(self._value)
        try:
            await _copy(file.read, writer, _room(self.size, writer), self._filename)
        finally:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, file.close).add_done_callback(_report_failure)


class _LazyFile:
    """Opens with the first read. After `close` it stays closed, even if a read was under way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: io.FileIO | None = None
        self._closed = False

    def read(self, size: int) -> bytes:
        with self._lock:
            if self._closed:
                return b""
            if self._file is None:
                self._file = io.FileIO(self._path)
            return _as_bytes(self._file.read(size))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
