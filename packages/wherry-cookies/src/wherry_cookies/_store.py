"""The cookie store of RFC 6265 §5.3 and §5.4: finding, replacing, expiring and evicting cookies.

Cookies are indexed by domain, then path, then name, so that a look-up costs what the request's host
and path have labels and segments, not what the jar holds. Expiry and eviction use heaps. Knows no
URLs, no clock and no rules of acceptance: it keeps what it is given and says what matches.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count

from ._cookie import SHARED, Cookie
from ._domain import domains_covering
from ._limits import CookieLimits
from ._path import matching_cookie_paths, path_match
from ._secure_names import SecureNames
from ._sites import Sites

NEVER = float("inf")


class CookieStore:
    """All cookies of one jar."""

    __slots__ = (
        *("_by_expiry", "_by_use", "_limits", "_secure", "_shelves"),
        *("_site_of", "_sites", "_ticks", "count"),
    )

    def __init__(self, limits: CookieLimits, site_of: Callable[[str], str] = str) -> None:
        """`site_of` gives the site of a domain; by default each domain is one."""
        self._limits = limits
        self._site_of = site_of
        self._ticks = count(1)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._shelves: dict[str, _Shelf] = {}
        self._sites: Sites | None = None
        self._secure = SecureNames()
        self._by_expiry = _Queue(_expiry)
        self._by_use = _Queue(_last_used)
        #: How many cookies are stored.
        self.count = 0

    def __iter__(self) -> Iterator[Cookie]:
        for shelf in self._shelves.values():
            yield from shelf

    @property
    def next_expiry(self) -> float:
        """No stored cookie expires before this moment; NEVER if none expires at all."""
        return self._by_expiry.smallest

    def put(self, cookie: Cookie) -> Cookie | None:
        """Store a cookie in place of the one with its domain, path and name, which is returned.

        The creation time is inherited (§5.3 step 11). May evict other cookies, see `CookieLimits`.
        """
        shelf = self._shelves.get(cookie.domain)
        if shelf is None:
            shelf = self._shelves[cookie.domain] = _Shelf()
            if self._sites is not None and cookie.domain != SHARED:
                self._sites.add(cookie.domain)
        replaced = shelf.put(cookie)
        cookie.last_used = next(self._ticks)
        cookie.created = replaced.created if replaced else cookie.last_used
        cookie.is_stored = True
        if replaced is None:
            self.count += 1
        else:
            self._forget(replaced)
        self._remember(cookie)
        self._evict(cookie.domain)
        return replaced

    def get(self, domain: str, path: str, name: str) -> Cookie | None:
        """The cookie of that identity."""
        shelf = self._shelves.get(domain)
        return shelf.get(path, name) if shelf else None

    def remove(self, cookie: Cookie) -> None:
        """Take a stored cookie out."""
        shelf = self._shelves[cookie.domain]
        shelf.remove(cookie)
        if not shelf.count:
            del self._shelves[cookie.domain]
            if self._sites is not None and cookie.domain != SHARED:
                self._sites.discard(cookie.domain)
        self.count -= 1
        self._forget(cookie)

    def expire(self, now: float) -> bool:
        """Remove every cookie whose expiry time has come; whether there was one."""
        found = False
        while self._by_expiry.smallest <= now:
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
        now = next(self._ticks)
        for cookie in found:
            cookie.last_used = now
        return found

    def hides_secure(self, cookie: Cookie) -> bool:
        """Whether storing this cookie would replace a Secure one or be sent beside it.

        rfc6265bis §5.7: same name, either domain matches the other, and its path is that of the
        Secure cookie or below.
        """
        above = (
            candidate
            for domain in (SHARED, *domains_covering(cookie.domain))
            if domain != cookie.domain and (shelf := self._shelves.get(domain))
            for candidate in shelf.named(cookie.name)
            if candidate.secure
        )
        below = self._secure.at_or_below(cookie.domain, cookie.name)
        return any(path_match(cookie.path, other.path) for other in (*above, *below))

    def _remember(self, cookie: Cookie) -> None:
        self._secure.add(cookie)
        if cookie.expires_at is not None:
            self._by_expiry.push(cookie, self.count)
        if cookie.domain != SHARED:
            self._by_use.push(cookie, self.count)

    def _forget(self, cookie: Cookie) -> None:
        cookie.is_stored = False
        self._secure.discard(cookie)

    def _evict(self, domain: str) -> None:
        """§5.3: first those too many under the domain, insecure ones first, then those in all.

        The longest unused goes.
        """
        # While the whole jar holds no more than a site may, no site need be worked out.
        if domain == SHARED or self.count <= min(self._limits.per_domain, self._limits.total):
            return
        shelves = self._shelves_beside(domain)
        for _ in range(sum(shelf.count for shelf in shelves) - self._limits.per_domain):
            self.remove(min(chain.from_iterable(shelves), key=_eviction_order))
        shared = self._shelves.get(SHARED)
        allowed = self._limits.total + (shared.count if shared else 0)
        while self.count > allowed and (victim := self._by_use.first()) is not None:
            self.remove(victim)

    def _shelves_beside(self, domain: str) -> "list[_Shelf]":
        """The shelves of the domain's site."""
        if self._sites is None:
            self._sites = Sites(self._site_of, (each for each in self._shelves if each != SHARED))
        return [self._shelves[each] for each in self._sites.beside(domain)]


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

    def named(self, name: str) -> Iterator[Cookie]:
        for names in self._paths.values():
            if name in names:
                yield names[name]

    def matching(self, path: str) -> Iterator[Cookie]:
        # Whichever list is shorter: the paths stored here, or the paths this request would match.
        if len(self._paths) <= 2 * path.count("/"):
            for stored, names in self._paths.items():
                if path_match(path, stored):
                    yield from names.values()
        else:
            for candidate in matching_cookie_paths(path):
                if candidate in self._paths:
                    yield from self._paths[candidate].values()


class _Queue:
    """Cookies by a number, smallest first, with removal and change by neglect.

    An entry is checked when it surfaces: that of a removed cookie is dropped, one with an old
    number is put back with the current one. When more than half are of that kind the heap is built
    anew, so memory follows the jar (S-194).
    """

    __slots__ = ("_heap", "_number", "_serial")

    def __init__(self, number: Callable[[Cookie], float]) -> None:
        self._heap: list[tuple[float, int, Cookie]] = []
        self._number = number
        self._serial = count()

    @property
    def smallest(self) -> float:
        """A lower bound of all numbers."""
        return self._heap[0][0] if self._heap else NEVER

    def push(self, cookie: Cookie, alive: int) -> None:
        """Add a cookie; `alive` is how many the store holds."""
        heapq.heappush(self._heap, (self._number(cookie), next(self._serial), cookie))
        if len(self._heap) > 2 * alive + 64:
            self._heap = [entry for entry in self._heap if entry[2].is_stored]
            heapq.heapify(self._heap)

    def first(self) -> Cookie | None:
        """The stored cookie with the smallest number; it stays in the queue."""
        while self._heap:
            number, serial, cookie = self._heap[0]
            if not cookie.is_stored:
                heapq.heappop(self._heap)
            elif (current := self._number(cookie)) != number:
                heapq.heapreplace(self._heap, (current, serial, cookie))
            else:
                return cookie
        return None


def _expiry(cookie: Cookie) -> float:
    return NEVER if cookie.expires_at is None else cookie.expires_at


def _last_used(cookie: Cookie) -> float:
    return cookie.last_used


def _sending_order(cookie: Cookie) -> tuple[int, int]:
    return -len(cookie.path), cookie.created


def _eviction_order(cookie: Cookie) -> tuple[bool, int]:
    return cookie.secure, cookie.last_used
