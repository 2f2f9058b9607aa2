"""Cookie dates."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._date import LAST_MOMENT, format_http_date, parse_cookie_date


def test_dates_of_the_corpus_name_their_moments(corpus: Callable[[str], Any]) -> None:
    """RFC 6265 §5.1.1, S-191, SEC-45."""
    cases = corpus("dates.json")

    wrong = [case for case in cases if parse_cookie_date(case["date"]) != case["moment"]]

    assert wrong == []


@given(st.integers(0, LAST_MOMENT))
def test_a_written_date_reads_back(moment: int) -> None:
    """IMF-fixdate, RFC 9110 §5.6.7, is one of the forms §5.1.1 reads."""
    assert parse_cookie_date(format_http_date(moment)) == moment


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (784111777.9, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1e300, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_moments_outside_the_calendar_give_its_ends(moment: float, text: str) -> None:
    assert format_http_date(moment) == text


@given(st.text() | st.text("0123456789: JanFebMr-,"))
def test_any_text_is_a_date_or_none(text: str) -> None:
    """§5.1.1 never fails otherwise."""
    moment = parse_cookie_date(text)

    assert moment is None or -11644473600 <= moment <= LAST_MOMENT


@given(st.permutations(["6", "Nov", "1994", "08:49:37", "Sun", "GMT"]))
def test_tokens_may_come_in_any_order(tokens: list[str]) -> None:
    """§5.1.1 step 2."""
    assert parse_cookie_date(" ".join(tokens)) == 784111777
