"""The base class of other people's jars."""

from collections.abc import Iterator
from http.cookies import BaseCookie, Morsel, SimpleCookie

import pytest
from yarl import URL

from wherry_cookies import AbstractCookieJar, ClearCookiePredicate, LooseCookies
from wherry_cookies.testing import check_cookie_jar


class Jar313(AbstractCookieJar):
    """A jar as written for aiohttp 3.13: without `unsafe`, `cookies` and `host_only_cookies`."""

    def __init__(self) -> None:
        super().__init__(loop=None)
        self.stored: list[tuple[str, Morsel[str] | str]] = []

    def __len__(self) -> int:
        return len(self.stored)

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(morsel for _, morsel in self.stored if isinstance(morsel, Morsel))

    @property
    def quote_cookie(self) -> bool:
        return True

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        self.stored.clear()

    def clear_domain(self, domain: str) -> None:
        self.stored.clear()

    def update_cookies(self, cookies: LooseCookies, response_url: URL = URL()) -> None:  # noqa: B008  # as documented
        self.stored += cookies.items() if isinstance(cookies, dict) else cookies  # type: ignore[arg-type]  # pairs

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        return SimpleCookie()


def test_a_jar_written_for_313_still_works() -> None:
    """S-212, B-27."""
    jar = Jar313()

    assert (jar.unsafe, dict(jar.cookies), jar.host_only_cookies) == (False, {}, frozenset())


def test_it_inherits_reading_of_headers() -> None:
    """S-181, S-202, S-205."""
    jar = Jar313()

    jar.update_cookies_from_headers(
        ["a=1; Path=/p; c=3", "bad", "x=\x00", "b[]=2"], URL("https://x.example/")
    )

    assert [(m.key, m.value, m["path"]) for m in jar] == [("a", "1", "/p"), ("b[]", "2", "")]


def test_fields_without_cookies_do_not_reach_it() -> None:
    jar = Jar313()

    jar.update_cookies_from_headers(["bad"], URL("https://x.example/"))

    assert len(jar) == 0


def test_a_jar_without_the_required_members_cannot_be_made() -> None:
    """S-212."""

    class Incomplete(AbstractCookieJar):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Incomplete()  # type: ignore[abstract]  # that is the point


def test_the_conformance_check_tells_that_this_jar_sends_nothing() -> None:
    with pytest.raises(AssertionError, match="a cookie comes back"):
        check_cookie_jar(Jar313)
