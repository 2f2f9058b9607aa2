"""Whether a cookie would get in the way of a Secure one ("leave Secure cookies alone", rfc6265bis).

An index of its own, because the answer must not cost a walk over the domains or the paths of the
jar for each cookie that arrives over plain HTTP.
"""

from collections.abc import Iterator

from ._cookie import SHARED, Cookie
from ._domain import domains_covering
from ._path import paths_matched

_Index = dict[tuple[str, str], dict[str, int]]


class SecureNames:
    """The paths of Secure cookies by name and domain. Other cookies are ignored."""

    __slots__ = ("_at", "_at_or_below")

    def __init__(self) -> None:
        # How many cookies have the path: a successor comes before its predecessor goes.
        self._at: _Index = {}
        self._at_or_below: _Index = {}

    def add(self, cookie: Cookie) -> None:
        """Take note of a stored cookie."""
        if cookie.secure:
            for index, domain in self._places(cookie):
                paths = index.setdefault((domain, cookie.name), {})
                paths[cookie.path] = paths.get(cookie.path, 0) + 1

    def discard(self, cookie: Cookie) -> None:
        """Forget a cookie that is no longer stored. Raises KeyError for one never added."""
        if cookie.secure:
            for index, domain in self._places(cookie):
                paths = index[domain, cookie.name]
                paths[cookie.path] -= 1
                if not paths[cookie.path]:
                    del paths[cookie.path]
                if not paths:
                    del index[domain, cookie.name]

    def are_hidden_by(self, cookie: Cookie) -> bool:
        """Whether this cookie would replace a Secure one or be sent beside it.

        rfc6265bis §5.7: same name, either domain matches the other, and its path is that of the
        Secure cookie or below. Shared cookies go to every domain.
        """
        above = (SHARED, *domains_covering(cookie.domain))
        found = [self._at.get((domain, cookie.name)) for domain in above]
        found.append(self._at_or_below.get((cookie.domain, cookie.name)))
        return any(paths and paths_matched(cookie.path, paths) for paths in found)

    def _places(self, cookie: Cookie) -> Iterator[tuple[_Index, str]]:
        yield self._at, cookie.domain
        if cookie.domain != SHARED:
            for domain in domains_covering(cookie.domain):
                yield self._at_or_below, domain
