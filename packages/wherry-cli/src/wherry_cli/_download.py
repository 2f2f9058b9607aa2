"""Where a download is kept: a name that a server may suggest, in a directory it may not choose.

Decides the name and that nothing existing is written to. What is written is not known here.
RFC 6266 §4.3.
"""

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from yarl import URL

from wherry_multipart import (
    content_disposition_filename,
    parse_content_disposition,
    safe_filename,
)

from ._errors import CommandError, ExitStatus

FALLBACK_NAME = "download"
"""What a download is called when neither the server nor a URL has a name for it."""


def download_name(content_disposition: str | None, urls: Iterable[URL]) -> str:
    """The name for a download: from Content-Disposition, else the first of `urls` that has one.

    Always a bare name, whatever the server sent: no directories, no leading dot, no control
    characters (RFC 6266 §4.3).
    """
    with warnings.catch_warnings():
        # A header without meaning is passed over; the user did not write it.
        warnings.simplefilter("ignore", RuntimeWarning)
        _, parameters = parse_content_disposition(content_disposition)
    suggestions = [content_disposition_filename(parameters), *(url.name for url in urls)]
    return next(filter(None, map(safe_filename, suggestions)), FALLBACK_NAME)


def create_file(path: Path) -> BinaryIO:
    """A new file at `path`, open for writing. `CommandError` if something is there already.

    A link counts as something, even if it leads nowhere.
    """
    try:
        return path.open("xb")
    except FileExistsError:
        raise _exists(path) from None


def check_is_new(path: Path) -> None:
    """Raise `CommandError` if there is something at `path`."""
    if os.path.lexists(path):
        raise _exists(path)


def _exists(path: Path) -> CommandError:
    return CommandError(
        ExitStatus.LOCAL_FILE,
        f"{str(path)!r} exists and is not overwritten; choose another name with -o",
    )
