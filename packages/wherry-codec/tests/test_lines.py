"""Lines as they arrive. What concerns leniency and limits in heads is in test_head_slow."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import DEFAULT_LIMITS, InvalidHeader, Limits, LineTooLong
from wherry_codec._lines import HeadLines


def test_bytes_after_the_empty_line_are_not_taken() -> None:
    """RFC 9112 §2.1."""
    lines = HeadLines(DEFAULT_LIMITS, strict=True)

    assert lines.feed(b"xxA: b\r\n\r\nrest", 2) == 10
    assert lines.is_done
    assert lines.names_and_values() == [(b"A", b"b")]


def test_finished_section_takes_nothing() -> None:
    """Feeding on is harmless."""
    lines = HeadLines(DEFAULT_LIMITS, strict=True)
    lines.feed(b"\r\n")

    assert lines.feed(b"A: b\r\n") == 0


def test_start_line_is_handed_over_as_soon_as_it_is_whole() -> None:
    """So that its owner can refuse it before the rest has come."""
    seen: list[bytes] = []
    lines = HeadLines(DEFAULT_LIMITS, strict=False, take_start_line=seen.append)

    lines.feed(b"\r\n\nstart here\nA: b")

    assert seen == [b"start here"]
    assert not lines.is_done


def test_folded_fields_are_remembered() -> None:
    """The fields that rule framing are refused when folded."""
    lines = HeadLines(DEFAULT_LIMITS, strict=False)
    lines.feed(b"A: b\nC: d\n e\n\n")

    assert [lines.is_folded(index) for index in range(2)] == [False, True]


def test_line_that_may_still_end_is_not_too_long() -> None:
    """S-054: a CR at the end of what has arrived may be half of a line end."""
    lines = HeadLines(Limits(max_field_size=4), strict=True)

    lines.feed(b"A: bcd\r")
    lines.feed(b"\n\r\n")

    assert lines.is_done


def test_name_without_end_is_limited() -> None:
    """S-054, S-056: before a colon has come, all of it counts."""
    lines = HeadLines(Limits(max_field_size=4), strict=True)

    lines.feed(b"Name")
    with pytest.raises(LineTooLong, match="got at least 5"):
        lines.feed(b"s")


def test_strict_section_names_the_missing_cr() -> None:
    """S-039."""
    with pytest.raises(InvalidHeader, match="LF instead of CRLF"):
        HeadLines(DEFAULT_LIMITS, strict=True).feed(b"A: b\n")


@settings(max_examples=40)
@given(st.lists(st.integers(1, 40), max_size=20))
def test_memory_held_is_one_unfinished_line(sizes: list[int]) -> None:
    """SEC-11: nothing but complete fields and the line under way is kept."""
    lines = HeadLines(DEFAULT_LIMITS, strict=True)
    for size in sizes:
        lines.feed(b"A: " + b"x" * size + b"\r\n")

    assert not lines._partial
    assert sum(map(len, lines.fields)) == sum(sizes) + 3 * len(sizes)
