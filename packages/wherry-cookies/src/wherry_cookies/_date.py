"""The cookie-date of RFC 6265 §5.1.1, read forgivingly, and the strict date we write.

Decides which moment the value of an `Expires` attribute names. Knows nothing of cookies, clocks or
lifetimes: an unreadable date is `None`, and what follows from that is the caller's business.
"""

import re
from datetime import UTC, datetime

#: §5.1.1 step 1: a run of non-delimiters. A colon is one, so "10:18:14" is one token.
DATE_TOKENS = re.compile(r"[^\t\x20-\x2F\x3B-\x40\x5B-\x60\x7B-\x7E]+")

# `[0-9]`, never `\d`: the grammar's DIGIT is ASCII, while `\d` also takes Arabic or Devanagari
# digits (SEC-45). Each production may be followed by a non-digit and anything (`non-digit *OCTET`).
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY_OF_MONTH = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# §5.1.1 step 5: the Gregorian calendar of the Windows epoch; older years are mistakes.
_FIRST_YEAR = 1601

#: The last second a four-digit year can name, 9999-12-31T23:59:59Z, as seconds since 1970. No
#: expiry lies beyond it.
LAST_MOMENT = 253_402_300_799


def parse_cookie_date(text: str) -> float | None:
    """The moment a cookie-date names, in seconds since 1970 UTC, or None if it names none.

    RFC 6265 §5.1.1: tokens may come in any order, each kind counts once, unknown tokens (weekday,
    zone) are skipped. RFC 1123, RFC 850 and asctime dates are all read this way. The zone is always
    taken as UTC.
    """
    time: tuple[int, int, int] | None = None
    day = month = year = None
    for token in DATE_TOKENS.findall(text):
        if time is None and (found := _TIME.match(token)):
            time = (int(found[1]), int(found[2]), int(found[3]))
        elif day is None and (found := _DAY_OF_MONTH.match(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(token)):
            year = _full_year(int(found[1]))
    if time is None or day is None or month is None or year is None or year < _FIRST_YEAR:
        return None
    try:
        return datetime(year, month, day, *time, tzinfo=UTC).timestamp()
    except ValueError:  # steps 5 and 6: hour over 23, 30 February
        return None


def format_http_date(moment: float) -> str:
    """The IMF-fixdate of a moment in seconds since 1970: `Sun, 06 Nov 1994 08:49:37 GMT`.

    RFC 9110 §5.6.7.

    Moments before 1970 or after 9999 give the nearest date that can be written. Fractions are
    dropped.
    """
    # Not strftime: its names follow the process locale.
    date = datetime.fromtimestamp(min(max(moment, 0), LAST_MOMENT), UTC)
    month = _MONTHS[date.month - 1].capitalize()
    return f"{_DAYS[date.weekday()]}, {date.day:02} {month} {date.year:04} {date:%H:%M:%S} GMT"


def _full_year(year: int) -> int:
    """§5.1.1 steps 3 and 4: 70 to 99 belong to the twentieth century, 0 to 69 to this one."""
    if 70 <= year <= 99:
        return year + 1900
    return year + 2000 if year <= 69 else year
