"""The cookie store of RFC 6265 §5.3 and §5.4: finding, replacing, expiring and evicting cookies.

Cookies are indexed by domain, then path, then name, so that a look-up costs what the request's host
and path have labels and segments, not what the jar holds. Expiry and eviction use heaps. Knows no
URLs, no clock and no rules of acceptance: it keeps what it is given and says what matches.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from operator import attrgetter

from ._cookie import SHARED, Cookie
from ._limits import CookieLimits
from ._path import paths_matched
from ._queue import CookieQueue
from ._secure_names import SecureNames
from ._sites import Sites

NEVER = float("inf")

_sending_order = attrgetter("sending_order")


class CookieStore:
    """All cookies of one jar."""

    __slots__ = (
        *("_before_eviction", "_by_expiry", "_by_use", "_limits", "_secure", "_shelves"),
        *("_site_of", "_sites", "_ticks", "count"),
    )

    def __init__(
        self,
        limits: CookieLimits,
        site_of: Callable[[str], str] = str,
        ticks: Iterator[int] | None = None,
        before_eviction: Callable[[], None] = lambda: None,
    ) -> None:
        """`site_of` gives the site of a domain; by default each domain is one.

        `ticks` numbers creations and uses, upwards. `before_eviction` is called when it is about to
        matter when cookies were last used, for those who know of uses beside `matching`.
        """
        self._limits = limits
        self._site_of = site_of
        self._ticks = ticks or count(1)
        self._before_eviction = before_eviction
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._shelves: dict[str, _Shelf] = {}
        self._sites: Sites | None = None
        self._secure = SecureNames()
        self._by_expiry = CookieQueue(_expiry)
        self._by_use = CookieQueue(_last_used)
        #: How many cookies are stored.
        self.count = 0

    def __iter__(self) -> Iterator[Cookie]:
        for shelf in self._shelves.values():
            yield from shelf

    @property
    def next_expiry(self) -> float:
        """No stored cookie expires before this moment; NEVER if none expires at all."""
        return self._by_expiry.smallest(NEVER)

    def put(self, cookie: Cookie) -> Cookie | None:
        """Store a cookie in place of the one with its domain, path and name, which is returned.

        The creation time is inherited (§5.3 step 11). May evict other cookies, see `CookieLimits`.
        """
        shelf = self._shelves.get(cookie.domain)
        if shelf is None:
            shelf = self._shelves[cookie.domain] = _Shelf()
        replaced = shelf.put(cookie)
        cookie.last_used = next(self._ticks)
        cookie.created = replaced.created if replaced else cookie.last_used
        cookie.sending_order = -len(cookie.path), cookie.created
        cookie.is_stored = True
        self.count += replaced is None
        self._remember(cookie)
        if replaced is not None:
            self._forget(replaced)
        self._evict(cookie.domain)
        return replaced

    def renew(self, stored: Cookie, cookie: Cookie) -> None:
        """Let a stored cookie have all that is new of one that is sent alike (§5.3 step 11)."""
        stored.renew(cookie)
        stored.last_used = next(self._ticks)
        if stored.expires_at is not None:
            self._by_expiry.push(stored, self.count)

    def get(self, domain: str, path: str, name: str) -> Cookie | None:
        """The cookie of that identity."""
        shelf = self._shelves.get(domain)
        return shelf.get(path, name) if shelf else None

    def remove(self, cookie: Cookie) -> None:
        """Take a stored cookie out."""
        shelf = self._shelves[cookie.domain]
        shelf.remove(cookie)
        self.count -= 1
        self._forget(cookie)
        if not shelf.count:
            del self._shelves[cookie.domain]
            if self._sites is not None and cookie.domain != SHARED:
                self._sites.forget(cookie.domain)

    def expire(self, now: float) -> bool:
        """Remove every cookie whose expiry time has come; whether there was one."""
        found = False
        while self.next_expiry <= now:
            cookie = self._by_expiry.first()
            if cookie is None or not cookie.is_expired(now):
                break
            self.remove(cookie)
            found = True
        return found

    def matching(self, host: str, domains: Iterable[str], path: str) -> list[Cookie]:
        """The cookies for a request: longest path first, then oldest first (§5.4 step 2).

        `domains` are those to look under. Counts as use of the cookies found.
        """
        found = [
            cookie
            for domain in domains
            if (shelf := self._shelves.get(domain))
            for cookie in shelf.matching(path)
            if not cookie.host_only or cookie.domain == host
        ]
        found.sort(key=_sending_order)
        tick = next(self._ticks)
        for cookie in found:
            cookie.last_used = tick
        return found

    def hides_secure(self, cookie: Cookie) -> bool:
        """Whether storing this cookie would replace a Secure one or be sent beside it."""
        return self._secure.are_hidden_by(cookie)

    def _remember(self, cookie: Cookie) -> None:
        self._secure.add(cookie)
        if cookie.expires_at is not None:
            self._by_expiry.push(cookie, self.count)
        if cookie.domain != SHARED:
            self._by_use.push(cookie, self.count)
            if self._sites is not None:
                self._sites.add(cookie)

    def _forget(self, cookie: Cookie) -> None:
        cookie.is_stored = False
        self._secure.discard(cookie)
        if self._sites is not None and cookie.domain != SHARED:
            self._sites.discard(cookie)

    def _evict(self, domain: str) -> None:
        """§5.3: first those too many of one site, then those in all."""
        # While the whole jar holds no more than a site may, no site need be worked out.
        if domain == SHARED or self.count <= min(self._limits.per_domain, self._limits.total):
            return
        if self._sites is None:
            self._sites = Sites(self._site_of, (each for each in self if each.domain != SHARED))
        site, limit = self._sites.of(domain), self._limits.per_domain
        shared = self._shelves.get(SHARED)
        allowed = self._limits.total + (shared.count if shared else 0)
        if site.count > limit or self.count > allowed:
            self._before_eviction()
        while site.count > limit and (victim := site.first_to_go(self._shelves.__getitem__)):
            self.remove(victim)
        while self.count > allowed and (victim := self._by_use.first()):
            self.remove(victim)


class _Shelf:
    """The cookies of one domain."""

    __slots__ = ("_paths", "count")

    def __init__(self) -> None:
        self._paths: dict[str, dict[str, Cookie]] = {}
        self.count = 0

    def __iter__(self) -> Iterator[Cookie]:
        for names in self._paths.values():
            yield from names.values()

    def get(self, path: str, name: str) -> Cookie | None:
        return self._paths.get(path, {}).get(name)

    def put(self, cookie: Cookie) -> Cookie | None:
        names = self._paths.setdefault(cookie.path, {})
        replaced = names.get(cookie.name)
        names[cookie.name] = cookie
        self.count += replaced is None
        return replaced

    def remove(self, cookie: Cookie) -> None:
        names = self._paths[cookie.path]
        del names[cookie.name]
        if not names:
            del self._paths[cookie.path]
        self.count -= 1

    def matching(self, path: str) -> list[Cookie]:
        paths = self._paths
        return [cookie for each in paths_matched(path, paths) for cookie in paths[each].values()]


def _expiry(cookie: Cookie) -> float:
    return NEVER if cookie.expires_at is None else cookie.expires_at


def _last_used(cookie: Cookie) -> float:
    return cookie.last_used
