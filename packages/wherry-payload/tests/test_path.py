"""Files given by their path."""

import os
from pathlib import Path

import pytest

from wherry_payload import PathPayload
from wherry_payload.testing import MemorySink, check_payload


async def test_path_is_opened_for_writing_only(tmp_path: Path) -> None:
    """A path is no open file: nothing is held before and after."""
    path = tmp_path / "late.json"
    payload = PathPayload(path)
    path.write_bytes(b"{}")

    assert payload.content_type == "application/json"
    assert payload.autoclose is True
    assert payload.replayable is True
    assert await check_payload(lambda: PathPayload(path)) == b"{}"
    assert payload.decode() == "{}"


async def test_missing_path_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    """`size` looks at the file, so a sender fails before it connects."""
    with pytest.raises(FileNotFoundError):
        _ = PathPayload(tmp_path / "nothing").size


async def test_directory_is_refused(tmp_path: Path) -> None:
    """Whatever a directory is, it is no body."""
    payload = PathPayload(tmp_path)

    assert payload.size is None
    with pytest.raises(IsADirectoryError):
        await payload.write(MemorySink())


async def test_declared_size_is_what_is_sent(tmp_path: Path) -> None:
    """S-282: cut if the file has grown, an error if it has become shorter."""
    path = tmp_path / "log"
    path.write_bytes(b"12345")
    payload = PathPayload(path)
    assert payload.size == 5
    path.write_bytes(b"12345more")

    assert await payload.as_bytes() == b"12345"
    os.truncate(path, 2)
    with pytest.raises(EOFError, match="2 of 5"):
        await payload.write(MemorySink())


async def test_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    """S-281: and never the whole file."""
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 10_000)
    sink = MemorySink()

    await PathPayload(path).write(sink)

    assert all(65_536 <= len(piece) <= 1_048_576 for piece in sink.pieces)
    assert sink.data == path.read_bytes()
