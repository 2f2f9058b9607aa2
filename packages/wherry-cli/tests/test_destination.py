"""Where bodies go, and what is left when they break off."""

from pathlib import Path

import pytest
from yarl import URL

import wherry
from wherry_cli._destination import Destination
from wherry_cli._errors import CommandError
from wherry_cli.demo._server import LocalServer
from wherry_codec.testing import ResponsePlan

FIELDS = {"Content-Disposition": "attachment; filename=boat.txt"}


async def deliver(destination: Destination, *pieces: bytes, breaks: bool = False) -> list[str]:
    """Write `pieces` where the body of some response goes; returns the notes."""
    notes: list[str] = []
    async with (
        LocalServer(lambda *_: ResponsePlan(200, FIELDS)) as server,
        wherry.ClientSession() as session,
        session.get(server.url) as response,
    ):
        with destination.opened(response, URL(server.url), notes.append) as write:
            for piece in pieces:
                write(piece)
            if breaks:
                raise wherry.ClientPayloadError("cut short")
    return notes


async def test_file_keeps_what_came_before_a_failure(tmp_path: Path) -> None:
    """-o FILE: half a body may be better than none, as in curl."""
    with pytest.raises(wherry.ClientPayloadError):
        await deliver(Destination(tmp_path / "f"), b"half", breaks=True)

    assert (tmp_path / "f").read_bytes() == b"half"


async def test_download_is_noted_when_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name the server suggested."""
    monkeypatch.chdir(tmp_path)

    notes = await deliver(Destination(is_download=True), b"a", b"b")

    assert notes == ["saved to 'boat.txt'"]
    assert (tmp_path / "boat.txt").read_bytes() == b"ab"


async def test_broken_download_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not noted."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(wherry.ClientPayloadError):
        await deliver(Destination(is_download=True), b"half", breaks=True)

    assert not (tmp_path / "boat.txt").exists()


async def test_refused_download_keeps_the_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cleaning up must not take what is not ours."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boat.txt").write_bytes(b"old")

    with pytest.raises(CommandError):
        await deliver(Destination(is_download=True), b"new")

    assert (tmp_path / "boat.txt").read_bytes() == b"old"


async def test_stdout_takes_pieces_as_they_come(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Raw, in order."""
    await deliver(Destination(), b"a\0", b"\xff")

    assert capsysbinary.readouterr().out == b"a\0\xff"


@pytest.mark.parametrize(
    ("destination", "expected"),
    [(Destination(), False), (Destination(Path("f")), True), (Destination(is_download=True), True)],
)
def test_destination_knows_whether_it_is_a_file(destination: Destination, expected: bool) -> None:
    """Only files get progress bars."""
    assert destination.is_file is expected
