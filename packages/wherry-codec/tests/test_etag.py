"""Entity tags: alone, in lists, and against each other."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import LocalProtocolError
from wherry_codec._etag import ETag, format_etag, parse_etag, parse_etag_list

OPAQUE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters='"'), max_size=8
)
ETAGS = st.builds(ETag, OPAQUE, st.booleans())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"xyzzy"', ETag("xyzzy")),
        ('W/"xyzzy"', ETag("xyzzy", is_weak=True)),
        ('""', ETag("")),
        (' "a,b\\" ', ETag("a,b\\")),
        ('"é"', ETag("é")),
    ],
)
def test_entity_tag_is_read(value: str, expected: ETag) -> None:
    """RFC 9110 §8.8.3, S-015: the backslash is no escape there."""
    assert parse_etag(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "xyzzy", '"', '"a', 'w/"a"', 'W/ "a"', '"a b"', '"a"b"', '"a", "b"', '"a\x7f"', "*"],
)
def test_what_is_no_entity_tag_is_none(value: str) -> None:
    """RFC 9110 §8.8.3."""
    assert parse_etag(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", "*"),
        (" * ", "*"),
        ("", []),
        ('"a", W/"b" ,"c"', [ETag("a"), ETag("b", is_weak=True), ETag("c")]),
        ('"a,b","c"', [ETag("a,b"), ETag("c")]),
        ('"a\\", "b"', [ETag("a\\"), ETag("b")]),
        (',, "a" ,\t,', [ETag("a")]),
        ('a, "b" c, "d"', [ETag("d")]),
        ('"a, "b"', [ETag("b")]),
        ("*, *", []),
    ],
)
def test_list_is_read_and_rubbish_left_out(value: str, expected: list[ETag] | Literal["*"]) -> None:
    """RFC 9110 §13.1.1, §13.1.2: a comma in a tag does not separate."""
    assert parse_etag_list(value) == expected


def test_list_may_come_on_several_lines() -> None:
    """RFC 9110 §5.3."""
    assert parse_etag_list(['"a"', 'W/"b"']) == [ETag("a"), ETag("b", is_weak=True)]


@pytest.mark.parametrize(
    ("one", "other", "strongly", "weakly"),
    [
        ('W/"1"', 'W/"1"', False, True),
        ('W/"1"', 'W/"2"', False, False),
        ('W/"1"', '"1"', False, True),
        ('"1"', '"1"', True, True),
    ],
)
def test_comparison_is_strong_or_weak(one: str, other: str, strongly: bool, weakly: bool) -> None:
    """RFC 9110 §8.8.3.2, table 3, line by line."""
    first, second = parse_etag(one), parse_etag(other)

    assert first is not None
    assert second is not None
    assert first.matches_strongly(second) is second.matches_strongly(first) is strongly
    assert first.matches_weakly(second) is second.matches_weakly(first) is weakly


@settings(max_examples=40)
@given(st.lists(ETAGS, max_size=5))
def test_what_is_written_is_read(etags: list[ETag]) -> None:
    """RFC 9110 §8.8.3."""
    lines = [format_etag(etag) for etag in etags]

    assert [parse_etag(line) for line in lines] == etags
    assert parse_etag_list(", ".join(lines)) == etags


@pytest.mark.parametrize("value", ['a"b', "a b", "a\r\nb"])
def test_tag_that_cannot_be_written_is_refused(value: str) -> None:
    """SEC-2."""
    with pytest.raises(LocalProtocolError, match="entity tag"):
        format_etag(ETag(value))
