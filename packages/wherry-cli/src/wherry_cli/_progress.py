"""Bars for what goes up and what comes down, on standard error.

Decides what is counted and shown, and shows nothing where standard error is no terminal. What the
bytes are, and where they go, is not known here.
"""

import io
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

Advance = Callable[[int], None]
"""Called with the number of bytes moved so far, from any thread."""


class CountingFile(io.FileIO):
    """A file open for reading that tells its position after every read.

    A `FileIO`, so that a request body made of it knows its size and can start again; the position
    goes back then.
    """

    def __init__(self, path: Path, on_position: Advance) -> None:
        # As text: a form takes the file name from there.
        super().__init__(str(path))
        self._on_position = on_position
        self._position = 0  # counted, because a pipe cannot tell

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes; all that is left if `size` is negative."""
        data = super().read(-1 if size is None else size) or b""
        self._position += len(data)
        self._on_position(self._position)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another position, and count from there."""
        self._position = super().seek(offset, whence)
        return self._position


class Bars:
    """Progress bars, one for each transfer. Shown as soon as there is one, gone after `with`.

    `is_shown=False`, or a console that is no terminal, makes all of it do nothing.
    """

    def __init__(self, console: Console, *, is_shown: bool = True) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not (is_shown and console.is_terminal),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bars away, because something else is shown now. They can still be moved."""
        # Asked first, because older versions of rich print an empty line for bars never shown.
        if self._progress.live.is_started:
            self._progress.stop()

    def add(self, description: str, total: int | None) -> Advance:
        """A bar for `total` bytes, None if that is not known. Call what is returned to move it."""
        task: TaskID = self._progress.add_task(description, total=total)
        self._progress.start()

        def advance(completed: int) -> None:
            self._progress.update(task, completed=completed)

        return advance
