"""Content-Range: ranges that can be used, and those that must not be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec._content_range import ContentRange, parse_content_range


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes 42-1233/1234", ContentRange("bytes", 42, 1233, 1234)),
        ("bytes 42-1233/*", ContentRange("bytes", 42, 1233, None)),
        ("bytes */1234", ContentRange("bytes", None, None, 1234)),
        (" Bytes 0-0/1\t", ContentRange("bytes", 0, 0, 1)),
        ("seconds 1-2/3", ContentRange("seconds", 1, 2, 3)),
    ],
)
def test_range_is_read(value: str, expected: ContentRange) -> None:
    """RFC 9110 §14.4, whose examples three of these are."""
    assert parse_content_range(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "bytes",
        "bytes */*",
        "bytes 5-4/10",
        "bytes 0-10/10",
        "bytes=0-1/2",
        "bytes 0-1",
        "bytes 0-/2",
        "bytes -1/2",
        "bytes 0 - 1/2",
        "bytes  0-1/2",
        "bytes +0-1/2",
        "bytes 0-1/2, bytes 0-1/2",
        "bytes 0-1/1_0",
        "bytes \u0660-\u0661/\u0662",
        f"bytes 0-1/{'9' * 20}",
        "b@tes 0-1/2",
    ],
)
def test_malformed_or_contradictory_range_is_none(value: str) -> None:
    """RFC 9110 §14.4: it must not be combined with anything."""
    assert parse_content_range(value) is None


def test_size_counts_both_ends() -> None:
    """RFC 9110 §14.4; none where no range was served."""
    assert ContentRange("bytes", 42, 42, None).size == 1
    assert ContentRange("bytes", None, None, 7).size == 0


@settings(max_examples=50)
@given(st.integers(0, 2**60), st.integers(1, 2**60), st.integers(0, 2**60) | st.none())
def test_what_is_written_is_read(first: int, size: int, behind: int | None) -> None:
    """RFC 9110 §14.4."""
    length = None if behind is None else first + size + behind
    text = f"bytes {first}-{first + size - 1}/{'*' if length is None else length}"

    found = parse_content_range(text)

    assert found == ContentRange("bytes", first, first + size - 1, length)
    assert found.size == size
