"""An RFC 6265 cookie jar that works with any HTTP client."""

from ._abc import AbstractCookieJar, ClearCookiePredicate, LooseCookies
from ._cookie_header import encode_cookies, merge_cookie_headers
from ._dummy import DummyCookieJar
from ._jar import CookieJar
from ._limits import CookieLimits
from ._morsel import cookies_from_headers
from ._saved import CookieFileError
from ._set_cookie import SetCookie, parse_set_cookie
from ._value import InvalidCookieError
from ._version import __version__

__all__ = [
    "AbstractCookieJar",
    "ClearCookiePredicate",
    "CookieFileError",
    "CookieJar",
    "CookieLimits",
    "DummyCookieJar",
    "InvalidCookieError",
    "LooseCookies",
    "SetCookie",
    "__version__",
    "cookies_from_headers",
    "encode_cookies",
    "merge_cookie_headers",
    "parse_set_cookie",
]
