"""Bodies read from open files.

Decides where a file body starts, how long it is, and whether it can start again. Files are read,
positioned and closed in threads, one thread at a time for each file, and never written to.
"""

import asyncio
import functools
import io
import threading
from collections.abc import Mapping

from ._base import Payload
from ._copy import PIECE, as_bytes, copy, cut_short, report_failure, room
from ._file_facts import end_by_seeking, end_of, file_name
from ._memory import SMALL_COPY
from .protocols import ByteSink


class FilePayload(Payload):
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


class IOBasePayload(FilePayload):
    """The rest of an open file, from the position it has when it is first used.

    Sent again, it starts at that position again; a file that cannot seek is `consumed` once it was
    sent. The size is looked up once: no more than that is sent if the file grows, and `EOFError` is
    raised if it shrinks. `close()` closes the file in a thread, without waiting for it.
    """

    _value: io.IOBase
    _start: int | None = None
    _used = False
    _closing = False

    def __init__(
        self,
        value: io.IOBase,
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(value, disposition, headers, content_type, filename, encoding, **kwargs)
        # One thread at a time: a cancelled read goes on in its thread while close() or another
        # write begins, and a descriptor must not be closed under it.
        self._lock = threading.Lock()
        self._writes = 0  # how many have begun
        self._rewound_for = 0
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
        end = end_of(self._value) if start is not None else None
        return None if end is None or start is None else max(0, end - start)

    def _begin(self) -> int:
        """Check that the body can be written from its start; gives the write a number."""
        if self.consumed:
            raise RuntimeError(
                f"file {self._filename!r} was closed or cannot seek, so it cannot be sent again"
            )
        self._find_start()
        self._started = True
        self._writes += 1
        return self._writes

    def _read(self, write: int, size: int) -> bytes:
        """The next piece, for the write with this number; called in a thread."""
        with self._lock:
            if write != self._writes:
                # The thread of a write that was given up; it must not move the file.
                raise RuntimeError(f"file {self._filename!r} is being sent again already")
            if write != self._rewound_for:
                self._rewind()
                self._rewound_for = write
            return self._read_piece(size)

    def _rewind(self) -> None:
        if self._start is not None:
            self._value.seek(self._start)

    def _read_piece(self, size: int) -> bytes:
        return as_bytes(self._value.read(size))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The whole body as text. Reads the file, so this may block."""
        self._begin()
        with self._lock:
            self._rewind()
            data = as_bytes(self._value.read(-1 if self._size is None else self._size))
        return data.decode(self._encoding or encoding, errors)

    async def write(self, writer: ByteSink) -> None:
        """Read the file in threads and hand it over in pieces of up to 1 MiB.

        Raises `RuntimeError` if it cannot start again and `EOFError` if it became shorter.
        """
        read = functools.partial(self._read, self._begin())
        await copy(read, writer, room(self._size, writer), self._filename)

    async def close(self) -> None:
        """Close the file in a thread, without waiting for it."""
        if self._closing or self._value.closed:
            return
        self._closing = True
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, self._close_file).add_done_callback(report_failure)

    def _close_file(self) -> None:
        with self._lock:
            self._value.close()


class BufferedReaderPayload(IOBasePayload):
    """The rest of a file opened with `"rb"` or `"r+b"`. A pipe is sent as it arrives."""

    _value: io.BufferedReader

    def _read_piece(self, size: int) -> bytes:
        # read() of a pipe would wait until there are `size` bytes, or the other side closes.
        return as_bytes(self._value.read1(size) if self._size is None else self._value.read(size))


class BytesIOPayload(IOBasePayload):
    """The rest of a `BytesIO`, read in the loop with a pause between pieces; it stays open."""

    _value: io.BytesIO
    _autoclose = True

    def __init__(
        self,
        value: io.BytesIO,
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(value, disposition, headers, content_type, filename, encoding, **kwargs)

    def _measure(self, start: int | None) -> int | None:
        # Not by getbuffer(), which copies the whole content if it is shared with a `bytes`.
        return max(0, end_by_seeking(self._value) - (start or 0))

    @property
    def in_memory(self) -> bytes | None:
        """The body, if it is small; a large one is better written in pieces."""
        if type(self).write is not BytesIOPayload.write or self._value.closed:
            return None
        size = self.size
        if size is None or size > SMALL_COPY:
            return None
        here = self._value.tell()
        self._rewind()
        try:
            return self._value.read(size)
        finally:
            self._value.seek(here)

    async def write(self, writer: ByteSink) -> None:
        """Hand over pieces of up to 1 MiB and let other tasks run between them."""
        read = functools.partial(self._read, self._begin())
        length = room(self._size, writer)
        left = 0 if length is None else length
        while left:
            piece = read(min(PIECE, left))
            if not piece:
                raise cut_short(self._filename, length or 0, (length or 0) - left)
            await writer.write(piece)
            left -= len(piece)
            if left:
                await asyncio.sleep(0)

    async def close(self) -> None:
        """Nothing: the caller's buffer stays open."""
