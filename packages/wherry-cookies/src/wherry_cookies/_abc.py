"""The interface of cookie jars for people who write their own (S-212).

An ABC, not a Protocol, because subclasses inherit behaviour: reading Set-Cookie fields, and
defaults for what aiohttp made abstract only in 3.14.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from http.cookies import BaseCookie, Morsel, SimpleCookie
from types import MappingProxyType

from yarl import URL

from ._morsel import received_morsel
from ._set_cookie import parse_set_cookie

#: What `clear()` asks about each cookie.
ClearCookiePredicate = Callable[[Morsel[str]], bool]

#: Cookies as callers give them: names to values, or pairs. Values are strings or morsels.
LooseCookies = Mapping[str, str | Morsel[str]] | Iterable[tuple[str, str | Morsel[str]]]

_NO_URL = URL()
_NO_COOKIES: Mapping[tuple[str, str], SimpleCookie] = MappingProxyType({})


class AbstractCookieJar(Sized, Iterable[Morsel[str]], ABC):
    """Base class of jars: implement the abstract members.

    `len()` counts cookies, iterating yields Morsels.

    `loop` is accepted because aiohttp has it, and ignored: no jar here needs an event loop.
    """

    def __init__(self, *, loop: object = None) -> None:
        del loop

    @abstractmethod
    def __iter__(self) -> Iterator[Morsel[str]]: ...

    @property
    @abstractmethod
    def quote_cookie(self) -> bool:
        """Whether values the caller sets are quoted when they have unusual characters."""

    @property
    def unsafe(self) -> bool:
        """Whether IP addresses may set and get cookies."""
        return False

    @property
    def cookies(self) -> Mapping[tuple[str, str], SimpleCookie]:
        """The stored cookies by domain and path; the domain is "" for those that go everywhere."""
        return _NO_COOKIES

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str]]:
        """Domain and name of the cookies that go to exactly one host."""
        return frozenset()

    @abstractmethod
    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """Remove all cookies, or those for which `predicate` is true and the expired ones."""

    @abstractmethod
    def clear_domain(self, domain: str) -> None:
        """Remove the cookies of the domain and its subdomains."""

    @abstractmethod
    def update_cookies(self, cookies: LooseCookies, response_url: URL = _NO_URL) -> None:
        """Store cookies the caller has; without URL they go with every request."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Store what the Set-Cookie fields of a response say.

        This default reads each field by RFC 6265 §5.2 and hands the cookies to `update_cookies` as
        morsels; fields that set no cookie are skipped. Never raises because of a field's content.
        """
        received = [cookie for field in headers if (cookie := parse_set_cookie(field)) is not None]
        if received:
            self.update_cookies([(c.name, received_morsel(c)) for c in received], response_url)

    @abstractmethod
    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        """The cookies to send with a request for the URL, one per name."""
