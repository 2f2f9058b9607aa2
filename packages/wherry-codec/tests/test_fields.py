"""Field values taken apart: well-formed, malformed and hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_codec import LocalProtocolError
from wherry_codec.fields import (
    UNKNOWN_MEDIA_TYPE,
    MediaType,
    connection_options,
    is_token,
    parse_media_type,
    parse_parameters,
    quote_string,
    split_list,
    unquote_string,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        (" a ,\tb,c", ["a", "b", "c"]),
        (",a,, ,b,", ["a", "b"]),
        ('"a,b", c', ['"a,b"', "c"]),
        (r'a="b\",c", d', [r'a="b\",c"', "d"]),
        ('a="b, c', ['a="b, c']),
        ('"\\', ['"\\']),
        ("a b, c;d=e", ["a b", "c;d=e"]),
    ],
)
def test_list_is_split_at_commas_outside_quotes(value: str, expected: list[str]) -> None:
    """RFC 9110 §5.6.1.2: empty elements do not count."""
    assert split_list(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a=b", {"a": "b"}),
        (" A = b ; c=D;", {"a": "b", "c": "D"}),
        (r'a="b;c\"d"; e=f', {"a": 'b;c"d', "e": "f"}),
        ("a=b;a=c", {"a": "b"}),
        ("a;b=c", {"b": "c"}),
        ("a=;b=c", {"b": "c"}),
        ("=a;b c=d;e=f", {"e": "f"}),
        ("boundary=a/b=c", {"boundary": "a/b=c"}),
        ('a="b', {}),
        ('a=b"c', {}),
        ("a=b\x00c", {}),
        ('a=""', {"a": ""}),
    ],
)
def test_parameters_are_read_and_rubbish_left_out(text: str, expected: dict[str, str]) -> None:
    """RFC 9110 §5.6.6."""
    assert parse_parameters(text) == expected


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


def test_connection_options_come_from_all_lines() -> None:
    """S-064, RFC 9110 §7.6.1."""
    assert connection_options(["Keep-Alive, x", "CLOSE"]) == {"keep-alive", "x", "close"}
    assert connection_options([]) == frozenset()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_quoting_round_trip(text: str) -> None:
    """RFC 9110 §5.6.4."""
    quoted = quote_string(text)

    assert unquote_string(quoted) == text
    assert split_list(f"{quoted}, b") == [quoted, "b"]
    assert parse_parameters(f"a={quoted}; b=c") == {"a": text, "b": "c"}


@pytest.mark.parametrize("text", ["", "a", '"a', 'a"', '"a"b"', '"a\\"'])
def test_what_is_no_quoted_string_stays(text: str) -> None:
    """Peers do not always quote."""
    assert unquote_string(text) == text


def test_control_characters_cannot_be_quoted() -> None:
    """SEC-2."""
    with pytest.raises(LocalProtocolError, match="control character"):
        quote_string("a\nb")


@pytest.mark.parametrize(("text", "expected"), [("a-b", True), ("", False), ("a b", False)])
def test_token(text: str, expected: bool) -> None:
    """RFC 9110 §5.6.2."""
    assert is_token(text) is expected


HOSTILE = [",", '"', "\\", ";", " ", "=", "a", '",', '\\"', '"a\\', 'a="b;', ", ", ";=", "\t\\"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_of_anything_is_read_in_linear_time(piece: str) -> None:
    """SEC-51: quadratic work on this size would take hours, and the suite has a time limit."""
    value = piece * (1_000_000 // len(piece))

    split_list(value)
    parse_parameters(value)
    parse_media_type("a/b;" + value)
    parse_media_type(value)
    unquote_string(f'"{value}')
    connection_options([value])


@given(st.text())
def test_nothing_a_peer_sends_raises(value: str) -> None:
    """A malformed value has a safe outcome."""
    assert all(element == element.strip(" \t") != "" for element in split_list(value))
    assert all(is_token(name) for name in parse_parameters(value))
    assert is_token(parse_media_type(value).type)
