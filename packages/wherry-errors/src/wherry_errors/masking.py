"""How secrets are kept out of error texts: URLs and header fields with `***` in their place.

Only texts are made here; attributes of errors keep the real values. It works on text that need not
be a valid URL, because the errors that need it most are about URLs nobody could parse. RFC 3986
§3.2.1 (userinfo), RFC 9110 §11 (credentials), RFC 6265 §4 (Cookie, Set-Cookie).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "***"
"""What stands in place of a secret."""

# Possessive, so that a hostile text cannot make it try every split of a run of blanks or slashes.
_SCHEME_AND_SLASHES = r"\A(?P<start>\s*+(?:[A-Za-z][A-Za-z0-9+.\-]*+:)?+[/\\]*+)"

# RFC 3986 §3.2: the authority ends at the first "/", "?" or "#" (browsers: "\" too); userinfo at
# its last "@".
_USERINFO = re.compile(_SCHEME_AND_SLASHES + r"[^/\\?#]*@")

# A password with a bare "/", "?" or "#" in it: what looks like the port is no number, so the URL is
# invalid, and the secret reaches to the last "@" of the whole text.
_USERINFO_WITH_DELIMITER = re.compile(
    _SCHEME_AND_SLASHES + r"(?<=[/\\])[^/\\?#:@\[]*:[0-9]*[^0-9/\\?#@][^/\\?#@]*[/\\?#].*@",
    re.DOTALL,
)

# Names under which services take a secret in the query; any case.
_PARAMETERS_TO_MASK = (
    "api[-_]?key|auth|(?:access|auth|id|refresh)[-_]?token|client[-_]?secret|key|passwd|password|pwd|"
    "secret|sig|signature|token|x-amz-(?:credential|security-token|signature)|"
    "x-goog-(?:credential|signature)"
)
_SECRET_IN_QUERY = re.compile(rf"(?P<name>[?&;](?:{_PARAMETERS_TO_MASK})=)[^&;#]*", re.IGNORECASE)

_SECRET_FIELDS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_URL_FIELDS = frozenset({"location", "content-location", "referer"})


def masked_url(url: object) -> str:
    """The text of `url` without userinfo and without the secrets in its query.

    `url` may be a string or anything whose `str()` is a URL, valid or not. Characters that could
    forge a log line come out as escapes.
    """
    text = _USERINFO_WITH_DELIMITER.sub(rf"\g<start>{MASK}@", str(url))
    text = _USERINFO.sub(rf"\g<start>{MASK}@", text)
    text = _SECRET_IN_QUERY.sub(rf"\g<name>{MASK}", text)
    return text if text.isprintable() else _escaped(text)


def masked_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The fields of `headers` in their order, with credentials and cookies replaced by `***`.

    A multidict gives one pair per field line. URLs in Location, Content-Location and Referer are
    masked as in `masked_url()`.
    """
    return [(name, _masked_value(name, value)) for name, value in headers.items()]


def _masked_value(name: str, value: str) -> str:
    folded = name.lower()
    if folded in _SECRET_FIELDS:
        return MASK
    return masked_url(value) if folded in _URL_FIELDS else value


def _escaped(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
