"""Names for downloads, and files that are really new."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry_cli._download import FALLBACK_NAME, create_file, download_name
from wherry_cli._errors import CommandError, ExitStatus


@pytest.mark.parametrize(
    ("disposition", "url", "name"),
    [
        ('attachment; filename="boat.txt"', "http://h/other", "boat.txt"),
        ("attachment; filename*=UTF-8''b%C3%B6t.txt; filename=x", "http://h/", "böt.txt"),
        (None, "http://h/files/boat.txt?x=/y", "boat.txt"),
        (None, "http://h/a%20b", "a b"),
        ("attachment", "http://h/c", "c"),
        ('attachment; filename=".."', "http://h/c", "c"),
        ("no; sense; at all", "http://h/c", "c"),
        (None, "http://h/", FALLBACK_NAME),
        ('attachment; filename=".bashrc"', "http://h/", "bashrc"),
    ],
)
def test_name_is_taken_from_header_then_url(disposition: str | None, url: str, name: str) -> None:
    """RFC 6266 §4.3, and no warning for a header without meaning."""
    assert download_name(disposition, [URL(url)]) == name


@given(st.text(), st.text())
def test_name_is_never_a_path(filename: str, segment: str) -> None:
    """Whatever the server sends: one component, not hidden, not empty, printable."""
    quoted = filename.replace("\\", "\\\\").replace('"', '\\"')
    header = f'attachment; filename="{quoted}"'

    name = download_name(header, [URL("http://h/") / segment.replace("/", "")])

    assert Path(name).name == name
    assert not name.startswith(".")
    assert not {"/", "\\", ":", "\0", "\n", "\x1b"} & set(name)


def test_existing_file_is_not_opened(tmp_path: Path) -> None:
    """It is refused with a word about -o."""
    (tmp_path / "f").write_bytes(b"old")

    with pytest.raises(CommandError, match="-o") as caught:
        create_file(tmp_path / "f")

    assert caught.value.status is ExitStatus.LOCAL_FILE
    assert (tmp_path / "f").read_bytes() == b"old"


def test_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    """Or a download could create a file in another directory."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(CommandError):
        create_file(tmp_path / "link")

    assert not (tmp_path / "elsewhere").exists()
