"""The cookies.txt of Netscape, which curl, wget, yt-dlp and `http.cookiejar` read and write.

One cookie a line, seven fields between tabs: domain, whether subdomains get it too, path, Secure,
expiry in seconds since 1970 (0 for a session cookie), name, value. `#HttpOnly_` before the domain
is curl's sign for HttpOnly; any other line that starts with `#` is a comment. The format has no
escapes, so what would break a line is refused (SEC-46). Octets that are no UTF-8 pass unharmed.
"""

import re
from collections.abc import Iterable, Iterator

from ._cookie import Cookie
from ._saved import CookieFileError, SavedCookie, lines_of
from ._set_cookie import SetCookie
from ._value import InvalidCookieError, has_control_character

_HEADER = "# Netscape HTTP Cookie File\n# Written by wherry-cookies. Session cookies have 0.\n\n"
_HTTP_ONLY = "#HttpOnly_"
_FLAGS = {"TRUE": True, "FALSE": False}
# Some browser extensions write fractions of a second.
_EXPIRY = re.compile(r"(-?[0-9]{1,15})(?:\.[0-9]*)?")

# Surrogates that stand for no octet.
_UNWRITABLE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def dump_netscape(cookies: Iterable[Cookie]) -> bytes:
    """The content of a cookies.txt.

    SameSite, Partitioned, Version and Comment have no place in it, nor have fractions of a second.
    Raises InvalidCookieError for a cookie that would damage the file, or has no host.
    """
    text = _HEADER + "".join(map(_line, cookies))
    return text.encode("utf-8", "surrogateescape")


def cookies_of_netscape(data: bytes) -> Iterator[SavedCookie]:
    """The cookies of a cookies.txt; its first line need not be the usual comment.

    Raises CookieFileError for a line that is no cookie, with its number.
    """
    for number, line in lines_of(data):
        is_http_only = line.startswith(_HTTP_ONLY)
        if is_http_only or not (line.startswith("#") or not line.strip()):
            yield _saved(line.removeprefix(_HTTP_ONLY), is_http_only, f"line {number}")


def _line(cookie: Cookie) -> str:
    # `http.cookiejar` wants the flag and the leading dot to agree.
    domain = cookie.domain if cookie.host_only else f".{cookie.domain}"
    # 0 has a meaning of its own.
    expiry = 0 if cookie.expires_at is None else max(int(cookie.expires_at), 1)
    fields = (
        f"{_HTTP_ONLY if cookie.http_only else ''}{domain}",
        _flag(not cookie.host_only),
        cookie.path,
        _flag(cookie.secure),
        str(expiry),
        cookie.name,
        cookie.coded_value,
    )
    if not cookie.domain or domain.startswith("#") or any(map(_cannot_stand, fields)):
        raise InvalidCookieError(
            f"cookie {cookie.name[:100]!r} of {cookie.domain[:100]!r} cannot stand in a "
            "cookies.txt: it has no host or a control character; save it as JSON",
            cookie.name,
        )
    return "\t".join(fields) + "\n"


def _saved(line: str, is_http_only: bool, where: str) -> SavedCookie:
    fields = line.split("\t")
    if len(fields) == 6:  # editors cut the tab before an empty value
        fields.append("")
    if len(fields) != 7:
        raise CookieFileError(f"expected 7 fields between tabs, got {len(fields)}", where)
    domain, subdomains, path, secure, expiry, name, value = fields
    domain = domain.removeprefix(".")
    if not domain:
        raise CookieFileError("expected a domain in the first field", where)
    host_only = not _is_true(subdomains, "second", where)
    cookie = SetCookie(
        name,
        value,
        domain="" if host_only else domain,
        path=path,
        secure=_is_true(secure, "fourth", where),
        expires_at=_moment(expiry, where),
        http_only=is_http_only,
    )
    return SavedCookie(cookie, domain if host_only else "")


def _moment(text: str, where: str) -> float | None:
    """`http.cookiejar` leaves the field of a session cookie empty, all others write 0."""
    found = _EXPIRY.fullmatch(text or "0")
    if found is None:
        raise CookieFileError("expected seconds since 1970 in the fifth field", where)
    return float(found[1]) if int(found[1]) else None


def _is_true(text: str, field: str, where: str) -> bool:
    try:
        return _FLAGS[text.upper()]
    except KeyError:
        raise CookieFileError(f"expected TRUE or FALSE in the {field} field", where) from None


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _cannot_stand(text: str) -> bool:
    return has_control_character(text) or _UNWRITABLE.search(text) is not None
