"""Media types: what a Content-Type value says, if anything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec._media_type import UNKNOWN_MEDIA_TYPE, MediaType, parse_media_type

TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html", "text/html"),
        ("Text/HTML; Charset=UTF-8", "text/html; charset=UTF-8"),
        (' application/json ;a="b c"', 'application/json; a="b c"'),
        ("image/svg+xml;", "image/svg+xml"),
        ('text/plain; a="b/text/html"', 'text/plain; a="b/text/html"'),
    ],
)
def test_media_type_is_read(value: str, expected: str) -> None:
    """RFC 9110 §8.3.1, S-411: type and parameter names in lower case."""
    assert str(parse_media_type(value)) == expected


@pytest.mark.parametrize(
    "value",
    ["", "text", "text/", "/html", "text/html/x", "a b/c", "text/html, text/html", "é/a", ";a=b"],
)
def test_malformed_media_type_is_unknown_content(value: str) -> None:
    """S-411."""
    assert parse_media_type(value) == UNKNOWN_MEDIA_TYPE
    assert UNKNOWN_MEDIA_TYPE.essence == "application/octet-stream"


def test_parameters_of_a_media_type_cannot_be_changed() -> None:
    """It is a value and may be shared."""
    media_type = parse_media_type("a/b; c=d")

    with pytest.raises(TypeError):
        media_type.parameters["c"] = "e"  # type: ignore[index]
    assert media_type == MediaType("a", "b", {"c": "d"})


@settings(max_examples=50)
@given(TOKENS, TOKENS, st.dictionaries(TOKENS.map(str.lower), TEXTS, max_size=3))
def test_what_is_written_is_read(main: str, sub: str, parameters: dict[str, str]) -> None:
    """RFC 9110 §8.3.1."""
    media_type = MediaType(main.lower(), sub.lower(), parameters)

    assert parse_media_type(str(media_type)) == media_type


@settings(max_examples=50)
@given(st.text('\x01\r\n"\\;=/ab '))
def test_what_was_read_can_be_written(value: str) -> None:
    """Whatever a peer sent: control characters in quotes, for instance, are left out."""
    media_type = parse_media_type("a/b;" + value)

    assert parse_media_type(str(media_type)) == media_type
