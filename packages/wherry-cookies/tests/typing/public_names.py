"""Must type-check: what users write, and the types they get."""

from collections.abc import Callable
from http.cookies import BaseCookie, Morsel, SimpleCookie
from os import PathLike
from typing import assert_type

from yarl import URL

from wherry_cookies import (
    AbstractCookieJar,
    ClearCookiePredicate,
    CookieJar,
    CookieLimits,
    DummyCookieJar,
    SetCookie,
    cookies_from_headers,
    encode_cookies,
    merge_cookie_headers,
    parse_set_cookie,
)
from wherry_cookies.testing import JarUnderTest, ManualClock, check_cookie_jar

URL_OF_PAGE = URL("https://example.com/")

_jar: JarUnderTest = CookieJar()
_dummy: JarUnderTest = DummyCookieJar()
_base: AbstractCookieJar = CookieJar()

jar = CookieJar(
    unsafe=True,
    quote_cookie=False,
    treat_as_secure_origin=["http://a.example", URL("http://b.example")],
    limits=CookieLimits(per_domain=50),
    is_public_suffix=frozenset({"co.uk"}).__contains__,
    now=ManualClock(),
)
jar.update_cookies({"a": "1"})
jar.update_cookies([("a", "1")], URL_OF_PAGE)
jar.update_cookies(SimpleCookie("a=1"))
jar.update_cookies_from_headers(["a=1"], URL_OF_PAGE)
assert_type(jar.cookie_header(URL_OF_PAGE), str)
assert_type(jar.filter_cookies(URL_OF_PAGE), BaseCookie[str])
assert_type([morsel for morsel in jar], list[Morsel[str]])  # noqa: C416  # the type of iterating
assert_type(jar.host_only_cookies, frozenset[tuple[str, str]])
assert_type(jar.knows_public_suffixes, bool)
_file_methods: list[Callable[[str | PathLike[str]], None]] = [
    *(jar.save, jar.load),
    *(jar.save_netscape, jar.load_netscape, jar.load_lwp),
]

is_old: ClearCookiePredicate = lambda morsel: morsel["version"] == "1"  # noqa: E731  # its type
jar.clear(is_old)

assert_type(parse_set_cookie("a=1"), SetCookie | None)
assert_type(cookies_from_headers(["a=1"]), SimpleCookie)
assert_type(merge_cookie_headers("a=1", encode_cookies({"b": "2"})), str)
check_cookie_jar(CookieJar)
