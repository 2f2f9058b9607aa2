"""Keep what arrives in a file: a new one, or in place of another if that is wanted.

Decides what is never touched: a file that is there, and whatever a link points to. Files are
written in threads. What the file is called is the caller's business.
"""

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncIterable
from io import FileIO
from pathlib import Path

PIECE = 1024 * 1024
"""Bytes written at a time: below that, going to a thread and back takes longer than writing."""


async def save(pieces: AsyncIterable[bytes], path: str | os.PathLike[str], overwrite: bool) -> int:
    """Write `pieces` to a file at `path`, in constant memory; returns how many bytes there were.

    Without `overwrite`, `FileExistsError` is raised if anything is at `path`, even a link to
    nothing. With it, the file is replaced in one step when all pieces have come; a link is
    replaced, too, and what it points to stays as it is. If this fails, nothing is left behind.
    """
    loop = asyncio.get_running_loop()
    file = _NewFile(Path(path), overwrite)
    waiting = bytearray()
    size = 0
    try:
        await loop.run_in_executor(None, file.open)
        async for piece in pieces:
            size += len(piece)
            waiting += piece
            if len(waiting) >= PIECE:
                await loop.run_in_executor(None, file.write, waiting)
                waiting = bytearray()
        await loop.run_in_executor(None, file.write, waiting)
        await loop.run_in_executor(None, file.finish)
    except BaseException:
        await loop.run_in_executor(None, file.discard)
        raise
    return size


class _NewFile:
    """A file that is being made. Its methods are called in threads, and may overlap if cancelled.

    After `discard` nothing is written any more, even if a write was under way.
    """

    def __init__(self, path: Path, overwrite: bool) -> None:
        self._path = path
        # Beside the other one, so that taking its place is one step of the file system.
        self._made = path.with_name(f".{secrets.token_hex(8)}.part") if overwrite else path
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._is_over = False

    def open(self) -> None:
        with self._lock:
            if not self._is_over:
                self._file = FileIO(self._made, "x")  # O_EXCL: does not follow a link either

    def write(self, data: bytearray) -> None:
        with self._lock:
            view = memoryview(data)
            while len(view) and self._file is not None:
                view = view[self._file.write(view) :]

    def finish(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                if self._made != self._path:
                    self._made.replace(self._path)
                self._file = None

    def discard(self) -> None:
        with self._lock:
            self._is_over = True
            if self._file is not None:
                self._file.close()
                self._file = None
                self._made.unlink(missing_ok=True)
