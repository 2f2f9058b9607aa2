"""The jar that keeps nothing, for sessions that want no cookies (S-211)."""

from collections.abc import Iterator, Sequence
from http.cookies import BaseCookie, Morsel, SimpleCookie

from yarl import URL

from ._abc import AbstractCookieJar, ClearCookiePredicate, LooseCookies

_NO_URL = URL()


class DummyCookieJar(AbstractCookieJar):
    """Stores nothing, sends nothing, is always empty."""

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Morsel[str]]:
        return iter(())

    @property
    def quote_cookie(self) -> bool:
        """True: the cookies of a single request are quoted as usual."""
        return True

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """There is nothing to remove."""

    def clear_domain(self, domain: str) -> None:
        """There is nothing to remove."""

    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NO_URL) -> None:
        """Drops the cookies."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Drops the fields, unread."""

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        """No cookies."""
        return SimpleCookie()

    def cookie_header(self, url: URL) -> str:
        """No field value: ""."""
        return ""
