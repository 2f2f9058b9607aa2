"""The jar that keeps nothing."""

import pytest
from yarl import URL

from wherry_cookies import DummyCookieJar
from wherry_cookies.testing import check_cookie_jar

ORIGIN = URL("https://www.example.com/")


def test_it_stores_and_sends_nothing() -> None:
    """S-211."""
    jar = DummyCookieJar(loop=None)
    jar.update_cookies({"a": "1"})
    jar.update_cookies_from_headers(["b=2"], ORIGIN)
    jar.clear(lambda morsel: True)
    jar.clear_domain("example.com")

    assert (len(jar), list(jar), bool(jar)) == (0, [], False)
    assert (dict(jar.filter_cookies(ORIGIN)), jar.cookie_header(ORIGIN)) == ({}, "")


def test_its_settings_are_fixed() -> None:
    """S-211."""
    jar = DummyCookieJar()

    assert (jar.quote_cookie, jar.unsafe, dict(jar.cookies)) == (True, False, {})


def test_the_conformance_check_knows_jars_that_keep_nothing() -> None:
    check_cookie_jar(DummyCookieJar, keeps_cookies=False)
    with pytest.raises(AssertionError):
        check_cookie_jar(DummyCookieJar)
