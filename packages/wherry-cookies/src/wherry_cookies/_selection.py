"""Which stored cookies go with a request: RFC 6265 §5.4 step 1.

Turns the URL into host, path and security; the store knows the rest. Also which one of a name is
shown where only one can be.
"""

from collections.abc import Iterable

from yarl import URL

from ._accept import Policy
from ._cookie import SHARED, Cookie
from ._domain import domains_covering, is_ip_address
from ._store import CookieStore


def cookies_for(url: URL, store: CookieStore, policy: Policy) -> list[Cookie]:
    """All that match, longest path first, then oldest first. Counts as use of them."""
    host = url.raw_host or ""
    path = url.raw_path if url.raw_path.startswith("/") else "/"
    found = store.matching(host, _domains(host, policy), path)
    if policy.is_secure(url):
        return found
    return [cookie for cookie in found if not cookie.secure]


def most_specific(cookies: Iterable[Cookie]) -> Iterable[Cookie]:
    """One of each name, in the order of the first of that name (S-196).

    Shared cookies lose against those of a host, shorter domains against longer, then shorter paths
    against longer.
    """
    chosen: dict[str, Cookie] = {}
    for cookie in cookies:
        rival = chosen.setdefault(cookie.name, cookie)
        if rival is not cookie and _specificity(rival) < _specificity(cookie):
            chosen[cookie.name] = cookie
    return chosen.values()


def _domains(host: str, policy: Policy) -> tuple[str, ...]:
    """Those whose cookies the host may get (S-182, S-183)."""
    if not host or (is_ip_address(host) and not policy.unsafe):
        return (SHARED,)
    return (SHARED, *domains_covering(host))


def _specificity(cookie: Cookie) -> tuple[bool, int, int]:
    return cookie.domain != SHARED, len(cookie.domain), len(cookie.path)
