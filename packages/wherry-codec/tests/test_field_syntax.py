"""Lists, parameters and quoted strings: well-formed, malformed and in between."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import LocalProtocolError
from wherry_codec._field_syntax import (
    MAX_DELTA_SECONDS,
    connection_options,
    field_lines,
    is_token,
    parameter_value,
    parse_delta_seconds,
    parse_parameters,
    quote_string,
    split_list,
    split_parameters,
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


def test_connection_options_come_from_all_lines() -> None:
    """S-064, RFC 9110 §7.6.1."""
    assert connection_options(["Keep-Alive, x", "CLOSE"]) == {"keep-alive", "x", "close"}
    assert connection_options([]) == frozenset()
    assert connection_options("Close") == {"close"}


@settings(max_examples=40)
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("120", 120),
        ("0" * 50 + "7", 7),
        ("9999999999", MAX_DELTA_SECONDS),
        ("9" * 5000, MAX_DELTA_SECONDS),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1 ", None),
        ("٣", None),
    ],
)
def test_count_of_seconds_is_bounded(text: str, expected: int | None) -> None:
    """RFC 9111 §1.2.2: too large a number means 2**31, and is never converted digit by digit."""
    assert parse_delta_seconds(text) == expected


def test_pieces_between_semicolons_are_kept_whole() -> None:
    """RFC 9110 §5.6.6: a semicolon in a quoted string does not separate."""
    assert split_parameters('; a="b;c" ;d') == [' a="b;c" ', "d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a ", "a"),
        ('"a\\"b"', 'a"b'),
        ("", ""),
        ('a"b', None),
        ("a\x7f", None),
        ('"a', None),
        ('"a\x01"', None),
        ('"a\tb"', "a\tb"),
    ],
)
def test_parameter_value_is_unquoted_or_refused(text: str, expected: str | None) -> None:
    """RFC 9110 §5.6.6."""
    assert parameter_value(text) == expected


def test_field_comes_on_one_line_or_on_several() -> None:
    """RFC 9110 §5.2: a text is one line, not an iterable of characters."""
    assert list(field_lines("a, b")) == ["a, b"]
    assert list(field_lines(["a", "b"])) == ["a", "b"]
