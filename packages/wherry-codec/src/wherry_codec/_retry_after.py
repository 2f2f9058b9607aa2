"""The Retry-After field (RFC 9110 §10.2.3).

Decides how long a server asks us to wait. Leaves to the caller whether to wait, and how long it
would at most.
"""

from ._field_syntax import OWS, parse_delta_seconds
from ._http_date import parse_http_date


def parse_retry_after(value: str, *, now: float) -> float | None:
    """Seconds to wait from `now` (seconds since 1970), 0 for a moment in the past.

    The value is a count of seconds or an HTTP-date; None if it is neither. A count of many digits
    gives 2**31, some 68 years.
    """
    seconds = parse_delta_seconds(value.strip(OWS))
    if seconds is not None:
        return float(seconds)
    moment = parse_http_date(value, now=now)
    return None if moment is None else max(0.0, moment - now)
