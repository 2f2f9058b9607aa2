"""The Cookie field of one request."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies import (
    InvalidCookieError,
    cookies_from_headers,
    encode_cookies,
    merge_cookie_headers,
)
from wherry_cookies._cookie import SHARED, Cookie
from wherry_cookies._cookie_header import join_cookies


def test_cookies_are_joined_in_their_order() -> None:
    """RFC 6265 §5.4 step 4, C-04."""
    cookies = [Cookie(name, value, "x.example", "/") for name, value in (("b", "1"), ("a", '"2"'))]

    assert join_cookies(cookies, 100) == ('b=1; a="2"', 0)
    assert join_cookies([], 100) == ("", 0)


def test_what_does_not_fit_is_left_out_from_the_end() -> None:
    """SEC-44: a header-length cap; the caller's own cookies do not fall under it."""
    cookies = [
        Cookie("a", "é" * 5, "x.example", "/"),
        Cookie("b", "1", "x.example", "/"),
        Cookie("own", "1" * 50, SHARED, "/"),
    ]

    assert join_cookies(cookies, 18) == ("a=ééééé; own=" + "1" * 50, 1)
    assert join_cookies(cookies, 14) == ("a=ééééé; own=" + "1" * 50, 1)
    assert join_cookies(cookies, 13) == ("own=" + "1" * 50, 2)
    assert join_cookies(cookies, 19)[1] == 0


def test_given_cookies_are_sorted_by_name_and_quoted() -> None:
    """S-197, S-198."""
    given_cookies = {"b": "x y", "a": "1"}

    assert encode_cookies(given_cookies) == 'a=1; b="x y"'
    assert encode_cookies(given_cookies, quote_cookie=False) == "a=1; b=x y"
    assert encode_cookies({}) == ""


def test_pairs_simple_cookies_and_morsels_are_taken() -> None:
    """S-181: any of the forms callers use; of equal names the last counts."""
    simple: SimpleCookie = SimpleCookie()
    simple["a"] = "x y"
    received = cookies_from_headers(["b[]={}"])

    assert encode_cookies(simple) == 'a="x y"'
    assert encode_cookies(simple, quote_cookie=False) == "a=x y"
    assert encode_cookies(cookies_from_headers(['a="x"']), quote_cookie=False) == 'a="x"'
    assert encode_cookies([("a", "1"), ("b", received["b[]"]), ("a", "2")]) == "a=2; b={}"


@pytest.mark.parametrize("cookies", [{"a b": "c"}, {"a": "b\r\nX: y"}, {"": "x"}])
def test_what_no_field_may_carry_is_refused(cookies: dict[str, str]) -> None:
    """SEC-2."""
    for quote_cookie in (True, False):
        with pytest.raises(InvalidCookieError):
            encode_cookies(cookies, quote_cookie=quote_cookie)


@pytest.mark.parametrize(
    ("fields", "merged"),
    [
        ([], ""),
        (["", ""], ""),
        (["a=1;b=2 ;", ""], "a=1;b=2 ;"),
        (["a=1; b=2", "c=3"], "a=1; b=2; c=3"),
        (["a=1; b=2", "a=3"], "b=2; a=3"),
        (["a=1", "a=2", "a=3"], "a=3"),
        (["b=1", "a=1; a=2"], "b=1; a=1; a=2"),
        (["a =1; x", "a=2; x"], "a=2; x"),
        (["A=1", "a=2"], "A=1; a=2"),
        ([";;", "a=1"], "a=1"),
    ],
)
def test_merging_lets_the_later_field_win(fields: list[str], merged: str) -> None:
    """S-199, S-200: equal names of one field all stay, a field alone is untouched."""
    assert merge_cookie_headers(*fields) == merged


pairs = st.lists(
    st.tuples(st.sampled_from("abc"), st.text("12", max_size=2)).map("=".join), max_size=4
).map("; ".join)


@given(pairs, pairs)
def test_a_merged_field_has_the_later_field_at_its_end(first: str, second: str) -> None:
    merged = merge_cookie_headers(first, second)

    assert merged.endswith(second)
    names = {pair.partition("=")[0] for pair in f"{first}; {second}".split("; ") if pair}
    assert {pair.partition("=")[0] for pair in merged.split("; ") if pair} == names
