"""The Cookie field of a request, RFC 6265 §4.2 and §5.4 step 4.

Joins what a jar has chosen; and, for cookies that belong to one request only, encodes them and
merges fields (S-199, S-200). Chooses nothing itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from http.cookies import Morsel

from ._abc import LooseCookies
from ._cookie import SHARED, Cookie
from ._morsel import wire_value
from ._value import check_caller_cookie, coded_value, octets

# Of one character in UTF-8.
_MOST_OCTETS = 4


def join_cookies(cookies: Sequence[Cookie], limit: int) -> tuple[str, int]:
    """The Cookie field value of stored cookies, in their order, and how many did not fit (SEC-44).

    `limit` is the octets servers' cookies may take, see `CookieLimits.cookie_header`; the first
    that does not fit ends them. Shared cookies, which the caller set, always fit.
    """
    pairs = [f"{cookie.name}={cookie.coded_value}" for cookie in cookies]
    field_value = "; ".join(pairs)
    if len(field_value) * _MOST_OCTETS + len("; ") <= limit:
        return field_value, 0
    room, fitting = limit, []
    for cookie, pair in zip(cookies, pairs, strict=True):
        if cookie.domain != SHARED and room >= 0:
            room -= octets(pair) + len("; ")
        if cookie.domain == SHARED or room >= 0:
            fitting.append(pair)
    return "; ".join(fitting), len(pairs) - len(fitting)


def encode_cookies(cookies: LooseCookies, *, quote_cookie: bool = True) -> str:
    """The Cookie field value for cookies the caller gives: `a=1; b=2`, or "" for none.

    Sorted by name (S-197).

    Of equal names the last counts. With `quote_cookie` a string is quoted by the rules of
    `http.cookies` and a Morsel gives its coded value, without they go out plain. Raises
    InvalidCookieError for names and values that no Cookie field may carry.
    """
    coded: dict[str, str] = {}
    for name, value in pairs_of(cookies):
        if isinstance(value, Morsel):
            coded[name] = wire_value(value, quote_cookie=quote_cookie)
            check_caller_cookie(name, coded[name])
        else:
            coded[name] = coded_value(name, value, quote_cookie)
    return "; ".join(f"{name}={coded[name]}" for name in sorted(coded))


def merge_cookie_headers(*field_values: str) -> str:
    """One Cookie field value from several, "" if all are empty; on equal names a later one wins.

    Within one field equal names all stay, as a jar may send several (RFC 6265 §5.4). Values are not
    touched. A single field that is not empty comes back exactly as it was.
    """
    fields = [field for field in field_values if field]
    if len(fields) < 2:
        return fields[0] if fields else ""
    kept: list[str] = []
    taken: set[str] = set()
    for field in reversed(fields):
        pairs = [stripped for pair in field.split(";") if (stripped := pair.strip(" \t"))]
        kept[:0] = [pair for pair in pairs if _name(pair) not in taken]
        taken.update(map(_name, pairs))
    return "; ".join(kept)


def pairs_of(cookies: LooseCookies) -> Iterable[tuple[str, str | Morsel[str]]]:
    """Name and value of each cookie in any of the forms callers may use."""
    return cookies.items() if isinstance(cookies, Mapping) else cookies


def _name(pair: str) -> str:
    return pair.partition("=")[0].rstrip(" \t")
