"""The cookies of each site, which are limited together, and which of them goes first.

With a limit per domain alone, whoever owns a site can fill a jar from made-up subdomains. What a
site is, the caller says.
"""

from collections.abc import Callable, Iterable

from ._cookie import Cookie
from ._queue import CookieQueue

# Added to the number of Secure cookies: no jar is used that often.
_AFTER_ALL_OTHERS = 1 << 60


class Site:
    """How many cookies a site has, and the order in which they are evicted."""

    __slots__ = ("_queue", "count", "domains", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.domains: set[str] = set()
        self.count = 0
        self._queue: CookieQueue | None = None

    def add(self, cookie: Cookie) -> None:
        """Take note of a stored cookie."""
        self.count += 1
        if self._queue is not None:
            self._queue.push(cookie, self.count)

    def first_to_go(self, cookies_of: Callable[[str], Iterable[Cookie]]) -> Cookie | None:
        """§5.3: the longest unused; insecure ones before Secure ones (rfc6265bis §5.7).

        `cookies_of` gives the cookies of a domain. They are put in order when first needed: few
        sites ever have too many.
        """
        if self._queue is None:
            self._queue = CookieQueue(_eviction_order)
            for domain in self.domains:
                for cookie in cookies_of(domain):
                    self._queue.push(cookie, self.count)
        return self._queue.first()


class Sites:
    """The sites of a store. Asks once per domain which one it belongs to."""

    __slots__ = ("_site_by_domain", "_site_by_name", "_site_of")

    def __init__(self, site_of: Callable[[str], str], cookies: Iterable[Cookie]) -> None:
        self._site_of = site_of
        self._site_by_domain: dict[str, Site] = {}
        self._site_by_name: dict[str, Site] = {}
        for cookie in cookies:
            self.add(cookie)

    def add(self, cookie: Cookie) -> None:
        """Take note of a stored cookie."""
        site = self._site_by_domain.get(cookie.domain)
        if site is None:
            name = self._site_of(cookie.domain)
            site = self._site_by_name.setdefault(name, Site(name))
            self._site_by_domain[cookie.domain] = site
            site.domains.add(cookie.domain)
        site.add(cookie)

    def discard(self, cookie: Cookie) -> None:
        """Forget a cookie that is no longer stored. Raises KeyError for one never added."""
        self._site_by_domain[cookie.domain].count -= 1

    def forget(self, domain: str) -> None:
        """A domain has no cookies any more. Raises KeyError if it never had one."""
        site = self._site_by_domain.pop(domain)
        site.domains.remove(domain)
        if not site.domains:
            del self._site_by_name[site.name]

    def of(self, domain: str) -> Site:
        """The site of a domain that has cookies."""
        return self._site_by_domain[domain]


def _eviction_order(cookie: Cookie) -> int:
    return cookie.last_used + (_AFTER_ALL_OTHERS if cookie.secure else 0)
