"""Where a response body goes: standard output, a terminal, a file, a new download, an old one.

Decides when a file is opened, and what is left behind if the body breaks off. Names of downloads
are found in `_download`, whether one can be continued in `_resume`; display on a terminal is done
in `_terminal_body`.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

import wherry

from ._download import check_is_new, create_file, download_name
from ._errors import CommandError, ExitStatus
from ._resume import Partial, Step, judge
from ._terminal_body import TerminalBody

Write = Callable[[bytes], object]
"""Takes one piece of a body."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the body goes: to `path`; with `is_download` to a file named by the server, with
    `is_resumed` after what came of it before; or to standard output.
    """

    path: Path | None = None
    is_download: bool = False
    is_resumed: bool = False

    @property
    def is_file(self) -> bool:
        """Whether it goes to a file, not to standard output."""
        return self.is_download or self.path is not None

    @contextmanager
    def opened(
        self,
        response: wherry.ClientResponse,
        url: URL,
        note: Callable[[str], None],
        partial: Partial | None = None,
    ) -> Iterator[Write]:
        """Within it, what is returned takes the body of `response`, which came for `url`.

        `note` is told where a download went. `partial` is what there is of a download that goes
        on. Raises `CommandError` or `OSError` if it cannot be written, or must not.
        """
        if partial is not None:
            with _resumed(response, url, note, partial) as write:
                yield write
        elif self.is_download:
            with _downloaded(response, url, note) as write:
                yield write
        elif self.path is not None:
            with self.path.open("wb") as file:
                yield file.write
        elif sys.stdout.isatty():
            body = TerminalBody(sys.stdout, response.content_type, response.charset)
            yield body.write
            body.finish()
        else:
            yield write_stdout


@contextmanager
def _downloaded(
    response: wherry.ClientResponse, url: URL, note: Callable[[str], None]
) -> Iterator[Write]:
    disposition = response.headers.get("Content-Disposition")
    path = Path(download_name(disposition, [url, response.url]))
    file = create_file(path)
    try:
        with file:
            yield file.write
    except BaseException:
        # It is ours and worth nothing; left there, it would stand in the way of the next try.
        path.unlink(missing_ok=True)
        raise
    note(f"saved to {str(path)!r}")


@contextmanager
def _resumed(
    response: wherry.ClientResponse, url: URL, note: Callable[[str], None], partial: Partial
) -> Iterator[Write]:
    step = judge(partial, response.status, response.headers)
    path = Path(download_name(response.headers.get("Content-Disposition"), [url, response.url]))
    check_is_new(path)
    can_go_on = True
    if step is Step.FINISHED:
        yield _ignore
    else:
        if step is Step.BEGIN:
            can_go_on = partial.write_notes(response.headers, response.content_length)
        try:
            with partial.path.open("ab" if step is Step.CONTINUE else "wb") as file:
                yield file.write
        except BaseException:
            if can_go_on:
                note(f"what came is kept in {str(partial.path)!r}; the same command goes on")
            else:
                partial.remove()  # nobody could tell what it is a part of
            raise
    create_file(path).close()  # claimed, as nothing existing may be replaced
    partial.path.replace(path)
    partial.remove()
    note(f"saved to {str(path)!r}")


def _ignore(data: bytes) -> None:
    """For the body of an answer that says there is no more."""


def write_stdout(data: bytes) -> None:
    """Write to standard output at once. `CommandError` if nobody reads it any more."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _abandon_stdout()
        raise CommandError(
            ExitStatus.LOCAL_FILE, "standard output was closed before the body was complete"
        ) from None


def _abandon_stdout() -> None:
    """Keep the interpreter from flushing into the broken pipe again when it ends."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
