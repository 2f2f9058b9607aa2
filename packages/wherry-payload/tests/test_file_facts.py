"""What is known of an open file without reading it."""

import gzip
import io
import os
import tempfile
from pathlib import Path

import pytest

from wherry_payload import file_name, get_payload


@pytest.mark.parametrize("name", ["/a/b.txt", b"/a/b.txt", Path("/a/b.txt"), "b.txt"])
def test_file_name_is_the_base_name(name: object) -> None:
    """S-281: of whatever `.name` is."""
    file = io.BytesIO()
    file.name = name

    assert file_name(file) == "b.txt"


def test_object_without_a_name_has_no_file_name() -> None:
    """S-281."""
    assert file_name(io.BytesIO()) is None


def test_end_of_a_pipe_is_unknown() -> None:
    """S-281: its descriptor says nothing about what will come."""
    read_end, write_end = os.pipe()
    os.close(write_end)
    with (
        os.fdopen(read_end, "rb", buffering=0) as raw,
        io.BufferedReader(io.BytesIO(b"a")) as other,
    ):
        assert get_payload(raw).size is None
        assert get_payload(other).size is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [("<stdin>", None), (5, None), ("/a/b.txt", "b.txt"), (b"/a/b", "b"), ("", None), ("/", None)],
)
def test_names_that_are_no_file_names_are_ignored(name: object, expected: str | None) -> None:
    """S-281: unless it looks like `<...>`."""
    file = io.BytesIO()
    file.name = name

    assert get_payload(file).filename == expected


def test_size_of_compressed_files_is_not_that_of_the_descriptor(tmp_path: Path) -> None:
    """S-281: a GzipFile has the descriptor of something else."""
    path = tmp_path / "x.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"x" * 1000)

    with gzip.open(path) as file:
        assert get_payload(file).size is None


def test_size_of_a_spooled_file_is_known() -> None:
    """S-281: in memory and rolled over to disk."""
    for max_size in (0, 2):
        with tempfile.SpooledTemporaryFile(max_size=max_size) as file:
            file.write(b"abc")
            file.seek(1)

            assert get_payload(file).size == 2
            assert file.tell() == 1
