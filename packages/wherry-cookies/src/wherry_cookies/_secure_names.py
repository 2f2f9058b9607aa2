"""Which Secure cookies live at or below a domain ("leave Secure cookies alone", rfc6265bis).

An index of its own, because the answer must not cost a walk over every domain of the jar for each
cookie that arrives over plain HTTP.
"""

from collections.abc import Iterable

from ._cookie import SHARED, Cookie
from ._domain import domains_covering


class SecureNames:
    """Secure cookies by name and every domain that covers them.

    Other cookies, and shared ones, are ignored.
    """

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str], dict[tuple[str, str], Cookie]] = {}

    def add(self, cookie: Cookie) -> None:
        """Take note of a stored cookie."""
        if cookie.secure and cookie.domain != SHARED:
            for domain in domains_covering(cookie.domain):
                found = self._cookies.setdefault((domain, cookie.name), {})
                found[cookie.domain, cookie.path] = cookie

    def discard(self, cookie: Cookie) -> None:
        """Forget a cookie that is no longer stored, unless its successor has taken its place."""
        if not cookie.secure or cookie.domain == SHARED:
            return
        for domain in domains_covering(cookie.domain):
            found = self._cookies.get((domain, cookie.name), {})
            if found.get((cookie.domain, cookie.path)) is cookie:
                del found[cookie.domain, cookie.path]
                if not found:
                    del self._cookies[domain, cookie.name]

    def at_or_below(self, domain: str, name: str) -> Iterable[Cookie]:
        """The Secure cookies of that name whose domain is `domain` or a name below it."""
        return self._cookies.get((domain, name), {}).values()
