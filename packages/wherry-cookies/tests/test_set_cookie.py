"""The set-cookie-string."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies import SetCookie, parse_set_cookie
from wherry_cookies._date import LAST_MOMENT
from wherry_cookies._set_cookie import Fault, parse_max_age, read_set_cookie

names = st.text("abcXYZ019[]{}@/:!#$%&'*+-.^_`|~()<>?", min_size=1, max_size=8)
values = st.text(
    st.characters(exclude_characters=";", exclude_categories=["Cc", "Cs"]), max_size=20
).map(lambda value: value.strip(" \t"))


def test_fields_of_the_corpus_say_what_they_say(corpus: Callable[[str], Any]) -> None:
    """RFC 6265 §5.2, S-201 to S-206, SEC-44, SEC-45."""
    wrong = []
    for case in corpus("set_cookie.json"):
        expected = case["cookie"] and SetCookie(**case["cookie"])
        if parse_set_cookie(case["field"]) != expected:
            wrong.append(case)

    assert wrong == []


@given(names, values)
def test_name_and_value_come_back_byte_for_byte(name: str, value: str) -> None:
    """§5.4 step 4, C-05."""
    cookie = parse_set_cookie(f"{name}={value}; Path=/")

    assert cookie == SetCookie(name, value, path="/")


@given(st.text() | st.text('ab=; "\\,\t\x00'))
def test_no_field_raises_or_smuggles(field: str) -> None:
    """SEC-44: whatever comes, a value holds no control character and no semicolon."""
    cookie = parse_set_cookie(field)

    if cookie is not None:
        text = cookie.name + cookie.coded_value
        assert not any(character < " " or character in ";\x7f" for character in text)


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("a=\x00", Fault.CONTROL_CHARACTER),
        ("a=b\tc", Fault.CONTROL_CHARACTER),
        ("a; b=c", Fault.NO_EQUALS_SIGN),
        ("=b", Fault.ILLEGAL_NAME),
        ("a b=c", Fault.ILLEGAL_NAME),
    ],
)
def test_a_field_without_cookie_says_why(field: str, fault: Fault) -> None:
    assert read_set_cookie(field) is fault


@given(st.integers())
def test_max_age_is_capped_at_both_ends(seconds: int) -> None:
    """§5.2.2, S-190, SEC-45."""
    assert parse_max_age(str(seconds)) == min(max(seconds, 0), LAST_MOMENT)


def test_max_age_of_a_hundred_thousand_digits_is_capped() -> None:
    """SEC-45: the interpreter refuses int() of more than 4300 digits."""
    assert parse_max_age("9" * 100_000) == LAST_MOMENT


@pytest.mark.parametrize(
    "unit", ['"', "\\", '"\\', ";", "a=", "; Path=/", "=", " ", '\\"', "; expires=1", "1 "]
)
def test_work_grows_no_faster_than_the_field(unit: str) -> None:
    """SEC-47: ten times the field, at most ten times the lines executed, up to 1 MB."""
    short, long = 10_000, 100_000
    steps = [_lines_executed("a=" + unit * (n // len(unit))) for n in (short, long)]

    assert steps[1] <= 10 * steps[0] + 100
    megabyte = parse_set_cookie("a=" + unit * (1_000_000 // len(unit)))
    assert megabyte is not None
    assert sum(len(str(value)) for value in asdict(megabyte).values()) <= 1_000_300


def _lines_executed(field: str) -> int:
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse_set_cookie(field)
    finally:
        sys.settrace(before)
    return count
