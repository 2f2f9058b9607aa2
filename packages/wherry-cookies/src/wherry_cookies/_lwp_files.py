"""The cookie files of Perl's LWP and of Python's `http.cookiejar.LWPCookieJar`, for reading.

After a first line such as `#LWP-Cookies-2.0`, one `Set-Cookie3` line a cookie: `name=value`, then
attributes, all between semicolons; values in double quotes have backslash escapes.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from ._saved import CookieFileError, SavedCookie, lines_of
from ._set_cookie import SetCookie

_FIRST_LINE = re.compile(r"#LWP-Cookies-[0-9]+\.[0-9]+\s*")
_COOKIE_LINE = "Set-Cookie3:"
# name, name=token or name="quoted". What one part has taken no other gets, so this is linear on any
# input (SEC-47).
_WORD = re.compile(
    r'[ \t]*+([^\s=;,"]++)[ \t]*+'
    r'(?:=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)"|([^\s;,"]*+)))?+[ \t]*+(?:;|$)'
)
_ESCAPE = re.compile(r"\\(.)")
_EXPIRES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})Z")


def cookies_of_lwp(data: bytes) -> Iterator[SavedCookie]:
    """The cookies of an LWP file. A domain without leading dot means that host only.

    Restrictions to ports are dropped, as RFC 6265 did. Raises CookieFileError for a line that is
    no cookie, with its number.
    """
    lines = lines_of(data)
    _, first = next(lines, (1, ""))
    if not _FIRST_LINE.fullmatch(first):
        raise CookieFileError("expected '#LWP-Cookies-2.0'", "line 1")
    for number, line in lines:
        if line.strip() and not line.startswith("#"):
            yield _saved(line, f"line {number}")


def _saved(line: str, where: str) -> SavedCookie:
    if not line.startswith(_COOKIE_LINE):
        raise CookieFileError(f"expected '{_COOKIE_LINE}'", where)
    (name, value), *attributes = _words(line.removeprefix(_COOKIE_LINE), where)
    known = {key.lower(): text for key, text in attributes}
    domain = known.get("domain") or ""
    if not domain.removeprefix("."):
        raise CookieFileError("expected a domain", where)
    host_only = not domain.startswith(".")
    cookie = SetCookie(
        name if value is not None else "",  # LWP's form of a cookie without name
        value or "",
        domain="" if host_only else domain,
        path=known.get("path") or "/",
        expires_at=_moment(known.get("expires"), where),
        secure="secure" in known,
        http_only="httponly" in known,
        same_site=known.get("samesite") or "",
        comment=known.get("comment") or "",
    )
    return SavedCookie(cookie, domain if host_only else "")


def _words(text: str, where: str) -> list[tuple[str, str | None]]:
    """Names and values in order, at least one; the value of a bare name is None."""
    words: list[tuple[str, str | None]] = []
    position = 0
    while position < len(text) or not words:
        found = _WORD.match(text, position)
        if found is None:
            raise CookieFileError(f"expected name=value at column {position + 1}", where)
        name, quoted, token = found.groups()
        words.append((name, token if quoted is None else _ESCAPE.sub(r"\1", quoted)))
        position = found.end()
    return words


def _moment(text: str | None, where: str) -> float | None:
    if text is None:
        return None
    found = _EXPIRES.fullmatch(text)
    try:
        if found is not None:
            return datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00").timestamp()
    except ValueError:
        pass  # such as 30 February
    raise CookieFileError('expected expires="YYYY-MM-DD hh:mm:ssZ"', where)
