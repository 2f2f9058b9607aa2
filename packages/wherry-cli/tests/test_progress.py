"""Bars, and the file that moves them."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from wherry import FormData
from wherry_cli._progress import Bars, CountingFile


def bars_on(*, is_terminal: bool, is_shown: bool = True) -> str:
    """What a console is sent while a bar moves to its end."""
    file = StringIO()
    console = Console(file=file, force_terminal=is_terminal, width=120)
    with Bars(console, is_shown=is_shown) as bars:
        advance = bars.add("up [b]boat[/b]", 2000)
        advance(1000)
        advance(2000)
    return file.getvalue()


def test_bar_is_shown_on_a_terminal() -> None:
    """With the name as it is, and the amount."""
    screen = bars_on(is_terminal=True)

    assert "up [b]boat[/b]" in screen
    assert "2.0/2.0 kB" in screen


@pytest.mark.parametrize(("is_terminal", "is_shown"), [(False, True), (True, False)])
def test_no_bar_elsewhere(is_terminal: bool, is_shown: bool) -> None:
    """Neither in files, nor when not wanted."""
    assert bars_on(is_terminal=is_terminal, is_shown=is_shown) == ""


def test_bar_may_be_moved_after_the_end() -> None:
    """A thread may still be reading a file while the answer is shown already."""
    console = Console(file=StringIO(), force_terminal=True)
    with Bars(console) as bars:
        advance = bars.add("up", None)
        bars.stop()
        advance(1)


def test_counting_file_tells_its_position(tmp_path: Path) -> None:
    """After every read; going back counts back, as when a body is sent again."""
    (tmp_path / "f").write_bytes(b"0123456789")
    positions: list[int] = []

    with CountingFile(tmp_path / "f", positions.append) as file:
        read = [file.read(4), file.read(100), file.read(100)]
        file.seek(0)
        read.append(file.read())

    assert read == [b"0123", b"456789", b"", b"0123456789"]
    assert positions == [4, 10, 10, 10]


def test_counting_file_keeps_the_content_length(tmp_path: Path) -> None:
    """A form with one has a size, so nothing has to be sent chunked (S-390)."""
    (tmp_path / "f").write_bytes(b"0123456789")

    with CountingFile(tmp_path / "f", lambda position: None) as file:
        body = FormData({"file": file})()
        size = body.size

    assert size is not None
    assert size > 10
