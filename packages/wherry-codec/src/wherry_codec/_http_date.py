"""Moments as HTTP writes them (RFC 9110 §5.6.7).

Decides which of the three forms a date has and which moment it means; knows no clock. Cookies have
a grammar of their own for dates, which is not this one. Moments are seconds since 1970, UTC.
"""

import re
import time
from datetime import date
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MONTH_NUMBERS: Final = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}

_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_LONG_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_TIME = r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
_MONTH = rf"(?P<month>{'|'.join(_MONTH_NUMBERS)})"
_FLAGS: Final = re.IGNORECASE | re.ASCII

_match_imf_fixdate = re.compile(
    rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT", _FLAGS
).fullmatch
_match_rfc850_date = re.compile(
    rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT", _FLAGS
).fullmatch
_match_asctime_date = re.compile(
    rf"{_DAY} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})", _FLAGS
).fullmatch

_EPOCH: Final = date(1970, 1, 1).toordinal()


def parse_http_date(value: str, *, now: float) -> int | None:
    """The moment a date means; None if it is malformed or no such day exists.

    `now` (a moment) tells the century of a two-digit year: a date that seems more than 50 years
    ahead is past. Case is ignored, and whether the day of the week fits.
    """
    text = value.strip(" \t")
    match = _match_imf_fixdate(text) or _match_asctime_date(text)
    if match is not None:
        return _moment(match, int(match["year"]))
    match = _match_rfc850_date(text)
    if match is None:
        return None
    this_year = time.gmtime(now).tm_year
    year = this_year - this_year % 100 + int(match["year"])
    return _moment(match, year - 100 if year > this_year + 50 else year)


def format_http_date(moment: float) -> str:
    """The moment as an IMF-fixdate, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`; fractions are cut."""
    parts = time.gmtime(moment)
    return (
        f"{_DAYS[parts.tm_wday]}, {parts.tm_mday:02} {_MONTHS[parts.tm_mon - 1]} "
        f"{parts.tm_year:04} {parts.tm_hour:02}:{parts.tm_min:02}:{parts.tm_sec:02} GMT"
    )


def _moment(match: re.Match[str], year: int) -> int | None:
    try:
        day = date(year, _MONTH_NUMBERS[match["month"].lower()], int(match["day"]))
    except ValueError:
        return None
    hours = (day.toordinal() - _EPOCH) * 24 + int(match["hour"])
    return (hours * 60 + int(match["minute"])) * 60 + int(match["second"])
