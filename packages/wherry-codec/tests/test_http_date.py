"""HTTP-date: three forms, one moment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec._http_date import format_http_date, parse_http_date

MOMENT = 784_111_777
NOW = 1_700_000_000
YEAR_9999 = 253_402_300_799


@pytest.mark.parametrize(
    "value",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994",
        " sun, 06 nov 1994 08:49:37 gmt\t",
        "Mon, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_all_three_forms_mean_the_same_moment(value: str) -> None:
    """RFC 9110 §5.6.7; case and the day of the week are not looked at."""
    assert parse_http_date(value, now=NOW) == MOMENT


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Sun, 06 Nov 1994",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date_is_none(value: str) -> None:
    """RFC 9110 §5.6.7."""
    assert parse_http_date(value, now=NOW) is None


@pytest.mark.parametrize(
    ("year", "expected"), [("94", 1994), ("23", 2023), ("73", 2073), ("74", 1974)]
)
def test_two_digits_of_a_year_are_at_most_fifty_years_ahead(year: str, expected: int) -> None:
    """RFC 9110 §5.6.7; `now` is in 2023."""
    moment = parse_http_date(f"Sunday, 06-Nov-{year} 08:49:37 GMT", now=NOW)

    assert moment is not None
    assert f" {expected} " in format_http_date(moment)


def test_leap_second_is_the_next_moment() -> None:
    """RFC 9110 §5.6.7 allows 60."""
    before = parse_http_date("Sat, 31 Dec 2016 23:59:59 GMT", now=NOW)
    leap = parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now=NOW)

    assert before is not None
    assert leap == before + 1


@settings(max_examples=50)
@given(st.integers(0, YEAR_9999))
def test_what_is_written_is_read(moment: int) -> None:
    """RFC 9110 §5.6.7."""
    assert parse_http_date(format_http_date(moment + 0.5), now=0) == moment
