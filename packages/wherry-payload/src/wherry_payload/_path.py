"""Files given by their path: opened when the body is written, in a thread, and closed again."""

import asyncio
import io
import threading
from collections.abc import Mapping
from pathlib import Path

from ._copy import as_bytes, copy, report_failure, room
from ._file import FilePayload
from ._file_facts import regular_size
from .protocols import ByteSink


class PathPayload(FilePayload):
    """A file given by its path: opened when written, closed again, sendable any number of times.

    Raises `OSError` from `size` or `write` if there is no such file or it cannot be read.
    """

    _value: Path
    _autoclose = True
    _measured = False

    def __init__(
        self,
        value: Path,
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(value, disposition, headers, content_type, filename, encoding, **kwargs)

    @property
    def size(self) -> int | None:
        """The size of the file when first asked; None if it is no regular file."""
        if not self._measured:
            self._size = regular_size(self._value.stat())
            self._measured = True
        return self._size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The content of the file as text. Reads the file, so this may block."""
        return self._value.read_bytes().decode(self._encoding or encoding, errors)

    async def write(self, writer: ByteSink) -> None:
        """Open the file, hand it over in pieces of up to 1 MiB, and close it, all in threads."""
        file = LazyFile(self._value)
        try:
            await copy(file.read, writer, room(self.size, writer), self._filename)
        finally:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, file.close).add_done_callback(report_failure)


class LazyFile:
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
            return as_bytes(self._file.read(size))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
