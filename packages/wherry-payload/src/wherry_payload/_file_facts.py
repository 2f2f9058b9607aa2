"""What is known of an open file without reading it: its name, and where it ends.

Knows no payload. Asks a descriptor only where its content is what `read` returns.
"""

import io
import os
import stat
import tempfile
from pathlib import PurePath


def file_name(value: object) -> str | None:
    """The base name of an open file, None if it has none or one such as `<stdin>` (S-281)."""
    name = getattr(value, "name", None)
    if isinstance(name, (bytes, os.PathLike)):
        name = os.fsdecode(name)
    if not isinstance(name, str) or (name.startswith("<") and name.endswith(">")):
        return None
    return PurePath(name).name or None


def regular_size(status: os.stat_result) -> int | None:
    """Bytes of a regular file; None for pipes, devices, folders."""
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def end_of(value: io.IOBase) -> int | None:
    """Where the file ends, in bytes from its beginning, or None where only reading would tell.

    Only types whose descriptor holds what `read` returns are asked for it: a `GzipFile` has the
    descriptor of the compressed file.
    """
    if isinstance(value, io.FileIO):
        return regular_size(os.fstat(value.fileno()))
    if isinstance(value, (io.BufferedReader, io.BufferedRandom)):
        return regular_size(os.fstat(value.fileno())) if isinstance(value.raw, io.FileIO) else None
    if isinstance(value, tempfile.SpooledTemporaryFile):
        return end_by_seeking(value)
    return None


def end_by_seeking(value: io.IOBase) -> int:
    """Where the file ends, found by going there and back."""
    here = value.tell()
    try:
        return value.seek(0, os.SEEK_END) or value.tell()
    finally:
        value.seek(here)
