"""Keeping what arrives in a file."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wherry_multipart import _save
from wherry_multipart._save import PIECE, save


async def arriving(*pieces: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if error is not None:
        raise error


def files(folder: Path) -> dict[str, bytes]:
    """What is in the folder."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("pieces", [(), (b"a", b"", b"bc"), (bytes(PIECE - 1), b"ab", b"c")])
async def test_new_file_holds_what_came(
    tmp_path: Path, pieces: tuple[bytes, ...], overwrite: bool
) -> None:
    """All of it, in order, and nothing else is left in the folder."""
    path = tmp_path / "x"

    size = await save(arriving(*pieces), path, overwrite)

    assert files(tmp_path) == {"x": b"".join(pieces)}
    assert size == len(b"".join(pieces))


async def test_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    """SEC-52: unless told."""
    path = tmp_path / "x"
    path.write_bytes(b"precious")

    with pytest.raises(FileExistsError):
        await save(arriving(b"new"), path, overwrite=False)
    assert path.read_bytes() == b"precious"
    await save(arriving(b"new"), path, overwrite=True)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("is_dangling", [False, True])
@pytest.mark.parametrize("overwrite", [False, True])
async def test_link_is_not_followed(tmp_path: Path, overwrite: bool, is_dangling: bool) -> None:
    """SEC-52: what it points to is neither made nor changed; overwriting replaces the link."""
    target, path = tmp_path / "target", tmp_path / "x"
    if not is_dangling:
        target.write_bytes(b"precious")
    path.symlink_to(target)

    if overwrite:
        await save(arriving(b"new"), path, overwrite)
        assert not path.is_symlink()
        assert path.read_bytes() == b"new"
    else:
        with pytest.raises(FileExistsError):
            await save(arriving(b"new"), path, overwrite)
        assert path.is_symlink()
    assert target.exists() is not is_dangling
    assert is_dangling or target.read_bytes() == b"precious"


@pytest.mark.parametrize("overwrite", [False, True])
async def test_nothing_is_left_of_what_breaks_off(tmp_path: Path, overwrite: bool) -> None:
    """SEC-52: and a file that was to be replaced stays."""
    path = tmp_path / "x"
    if overwrite:
        path.write_bytes(b"old")

    pieces = arriving(bytes(2 * PIECE), error=ConnectionResetError())
    with pytest.raises(ConnectionResetError):
        await save(pieces, path, overwrite)

    assert files(tmp_path) == ({"x": b"old"} if overwrite else {})


async def test_nothing_is_left_after_cancellation(tmp_path: Path) -> None:
    """Wherever it waits."""
    has_begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield bytes(PIECE)
        has_begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(save(endless(), tmp_path / "x", overwrite=False))
    await has_begun.wait()
    assert files(tmp_path) == {"x": bytes(PIECE)}
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path) == {}


async def test_file_is_not_made_after_cancellation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the thread that opens it comes late."""
    is_opening, go_on = threading.Event(), threading.Event()
    made = _save._NewFile.open

    def slow(file: _save._NewFile) -> None:
        is_opening.set()
        go_on.wait()
        made(file)

    monkeypatch.setattr(_save._NewFile, "open", slow)
    task = asyncio.create_task(save(arriving(b"x"), tmp_path / "x", overwrite=False))
    await asyncio.to_thread(is_opening.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()

    assert files(tmp_path) == {}


async def test_folder_is_no_place_for_a_file(tmp_path: Path) -> None:
    """The error of the operating system says so, and nothing is left."""
    (tmp_path / "x").mkdir()

    with pytest.raises(IsADirectoryError):
        await save(arriving(b"new"), tmp_path / "x", overwrite=True)
    assert files(tmp_path) == {}


async def test_files_are_written_off_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In threads."""
    threads = set()
    written = _save._NewFile.write

    def watched(file: _save._NewFile, data: bytearray) -> None:
        threads.add(threading.get_ident())
        written(file, data)

    monkeypatch.setattr(_save._NewFile, "write", watched)
    await save(arriving(b"x"), tmp_path / "x", overwrite=False)

    assert threads
    assert threading.get_ident() not in threads
