"""The conformance check finds what is wrong."""

from collections.abc import Callable, Sequence
from http.cookies import BaseCookie

import pytest
from yarl import URL

from wherry_cookies import CookieJar, DummyCookieJar, LooseCookies
from wherry_cookies.testing import JarUnderTest, ManualClock, check_cookie_jar

# The typed proof that both jars are what a session asks for.
_FACTORIES: list[Callable[[], JarUnderTest]] = [CookieJar, DummyCookieJar]


class _Untidy(CookieJar):
    def __len__(self) -> int:
        return super().__len__() + 1


class _Promiscuous(CookieJar):
    """Sends all it has to every host."""

    def filter_cookies(self, request_url: URL | str = "") -> BaseCookie[str]:
        return super().filter_cookies(URL("https://www.example.com/docs/page"))


class _Fragile(CookieJar):
    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        if any("=" not in header for header in headers):
            raise ValueError("no cookie")
        super().update_cookies_from_headers(headers, response_url)


class _Forgetful(CookieJar):
    def update_cookies(self, cookies: LooseCookies, response_url: URL | None = None) -> None:
        if response_url:
            super().update_cookies(cookies, response_url)


class _Hoarding(CookieJar):
    """Does not believe in removal."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        fields = [field.replace("Max-Age=0", "") for field in headers]
        super().update_cookies_from_headers(fields, response_url)


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (_Untidy, "a new jar is empty"),
        (_Promiscuous, "host-only"),
        (_Forgetful, r"len\(\) counts"),
        (_Hoarding, "Max-Age=0 removes"),
    ],
)
def test_a_broken_jar_is_told_which_rule_it_breaks(
    factory: Callable[[], JarUnderTest], rule: str
) -> None:
    with pytest.raises(AssertionError, match=rule):
        check_cookie_jar(factory)


def test_a_jar_that_raises_is_found() -> None:
    """S-205."""
    with pytest.raises(ValueError, match="no cookie"):
        check_cookie_jar(_Fragile)


def test_a_jar_that_keeps_although_it_should_not_is_found() -> None:
    with pytest.raises(AssertionError, match="nothing is kept"):
        check_cookie_jar(CookieJar, keeps_cookies=False)


def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock(5.0)

    assert (clock(), clock()) == (5.0, 5.0)
    clock.time += 1
    assert clock() == 6.0
