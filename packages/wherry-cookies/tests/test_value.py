"""Names, values and quoting."""

import copy
import pickle
import sys
from http.cookies import CookieError, SimpleCookie
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies import InvalidCookieError
from wherry_cookies._value import coded_value, is_cookie_name, octets, plain_value

printable = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@pytest.mark.parametrize("code", range(0x80))
def test_names_have_the_characters_of_s_201(code: int) -> None:
    """S-201: printable ASCII except space, quote, comma, semicolon, equals sign and backslash."""
    expected = 0x20 < code < 0x7F and chr(code) not in '",;=\\'

    assert is_cookie_name(f"a{chr(code)}b") is expected


@pytest.mark.parametrize("name", ["", "é", "a\n"])
def test_what_is_no_name(name: str) -> None:
    assert not is_cookie_name(name)


@given(printable)
def test_a_quoted_value_reads_back(value: str) -> None:
    """S-198, S-203: what is quoted for the wire is unquoted for reading."""
    coded = coded_value("a", value, quote_cookie=True)

    assert plain_value(coded) == value or not coded.startswith('"')


@given(printable)
def test_quoting_is_that_of_http_cookies(value: str) -> None:
    """S-198."""
    cookies: SimpleCookie = SimpleCookie()
    cookies["a"] = value

    assert coded_value("a", value, quote_cookie=True) == cookies["a"].coded_value


def test_without_quoting_a_value_goes_out_verbatim() -> None:
    """S-198."""
    assert coded_value("a", 'x y,"z', quote_cookie=False) == 'x y,"z'


def test_values_that_are_no_strings_are_converted() -> None:
    assert coded_value("a", 5, quote_cookie=True) == "5"


@pytest.mark.parametrize(
    ("coded", "plain"),
    [
        ("plain", "plain"),
        ('""', ""),
        ('"', '"'),
        ('"x', '"x'),
        ('x"', 'x"'),
        (r'"a\054b"', "a,b"),
        (r'"a\"b\\"', 'a"b\\'),
        (r'"\x"', "x"),
        (r'"\8"', "8"),
        (r'"\351"', "é"),
        (r'"\477"', "477"),
        ('"\\"', "\\"),
    ],
)
def test_quoted_values_are_unescaped(coded: str, plain: str) -> None:
    """S-203."""
    assert plain_value(coded) == plain


@pytest.mark.parametrize("escape", [f"\\{code:03o}" for code in (*range(0x20), 0x7F)])
def test_escapes_of_control_characters_stay_escapes(escape: str) -> None:
    """SEC-44."""
    assert plain_value(f'"a{escape}b"') == f"a{escape}b"


@pytest.mark.parametrize("quote_cookie", [True, False])
@pytest.mark.parametrize("character", ["\r", "\n", "\x00", "\x1f", "\x7f", "\t"])
def test_control_characters_of_callers_are_refused(character: str, quote_cookie: bool) -> None:
    """SEC-2: quoted or not, and the message does not show the value."""
    with pytest.raises(InvalidCookieError) as caught:
        coded_value("sid", f"s3cret{character}", quote_cookie)

    assert caught.value.cookie_name == "sid"
    assert "s3cret" not in str(caught.value)


def test_illegal_names_of_callers_are_refused() -> None:
    """SEC-2."""
    with pytest.raises(InvalidCookieError, match="'a b'") as caught:
        coded_value("a b", "c", quote_cookie=True)

    assert isinstance(caught.value, CookieError)
    assert isinstance(caught.value, ValueError)


def test_the_error_survives_pickling_and_copying() -> None:
    error = InvalidCookieError("text", "name")

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (str(twin), twin.cookie_name) == ("text", "name")


def test_octets_are_counted_as_on_the_wire() -> None:
    """An octet that was no UTF-8 arrives as a lone surrogate."""
    assert [octets(text) for text in ("abc", "é", "\udcff", "€")] == [3, 2, 1, 3]


@pytest.mark.parametrize("unit", ['"', "\\", '\\"', "\\101", "\\1", "x", "\\012"])
def test_reading_a_megabyte_takes_steps_in_proportion(unit: str) -> None:
    """SEC-47: an escape is looked at once."""
    steps = [_lines_executed(f'"{unit * (n // len(unit))}"') for n in (10_000, 100_000)]

    assert steps[1] <= 10 * steps[0] + 100
    assert len(plain_value(f'"{unit * (1_000_000 // len(unit))}"')) <= 1_000_000


def _lines_executed(coded: str) -> int:
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        plain_value(coded)
    finally:
        sys.settrace(before)
    return count
