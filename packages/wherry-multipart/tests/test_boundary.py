"""Multipart boundaries."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart._boundary import (
    check_boundary,
    multipart_content_type,
    new_boundary,
    subtype_and_boundary,
)

BOUNDARY = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=70)


def test_new_boundaries_are_32_hex_digits_and_differ() -> None:
    """S-306, SEC-5."""
    made = {new_boundary() for _ in range(1000)}

    assert len(made) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", boundary) for boundary in made)


@pytest.mark.parametrize("bad", ["", "x" * 71, "é", "a\r\nb", "a\x00", "a\x7f", "a ", " "])
def test_bad_boundaries_are_refused(bad: str) -> None:
    """S-306, SEC-2, RFC 2046 §5.1.1."""
    with pytest.raises(ValueError, match="boundary must"):
        check_boundary(bad)


def test_boundary_is_quoted_when_it_is_no_token() -> None:
    """S-306."""
    assert multipart_content_type("mixed", "a-b") == "multipart/mixed; boundary=a-b"
    assert multipart_content_type("mixed", 'a:"') == 'multipart/mixed; boundary="a:\\""'


@pytest.mark.parametrize("bad", ["", "a b", "a\r\nX: y", "a;b"])
def test_subtype_must_be_a_token(bad: str) -> None:
    """SEC-2: the subtype cannot bring in a header line."""
    with pytest.raises(ValueError, match="token"):
        multipart_content_type(bad, "b")


@given(boundary=BOUNDARY.filter(lambda text: not text.endswith(" ")))
def test_any_boundary_comes_back(boundary: str) -> None:
    """S-306, S-315: what is written is read."""
    check_boundary(boundary)

    content_type = multipart_content_type("related", boundary)

    assert subtype_and_boundary(content_type) == ("related", boundary)


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("text/plain; boundary=a", "not multipart"),
        ("", "not multipart"),
        ("multipartmixed; boundary=a", "not multipart"),
        ("multipart/mixed", "no boundary"),
        ("multipart/mixed; boundary=", "no boundary"),
        ('multipart/mixed; boundary=""', "no boundary"),
        ("multipart/mixed; boundary=" + "a" * 71, "71 characters"),
    ],
)
def test_content_types_that_cannot_be_read(content_type: str, message: str) -> None:
    """S-315: `ValueError` says why."""
    with pytest.raises(ValueError, match=message):
        subtype_and_boundary(content_type)


def test_types_are_read_in_any_case() -> None:
    """RFC 9110 §8.3.1: types and parameter names in any case, boundaries as they are."""
    assert subtype_and_boundary("Multipart/Mixed; Boundary=aB") == ("mixed", "aB")
