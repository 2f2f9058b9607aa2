"""Which stored domains belong to one site, so that its cookies are limited together.

With a limit per domain alone, whoever owns a site can fill a jar from made-up subdomains. What a
site is, the caller says.
"""

from collections.abc import Callable, Collection, Iterable


class Sites:
    """The domains of a store by site. Asks once per domain."""

    __slots__ = ("_domains", "_site_by_domain", "_site_of")

    def __init__(self, site_of: Callable[[str], str], domains: Iterable[str]) -> None:
        self._site_of = site_of
        self._site_by_domain: dict[str, str] = {}
        self._domains: dict[str, set[str]] = {}
        for domain in domains:
            self.add(domain)

    def add(self, domain: str) -> None:
        """Take note of a domain that has cookies now."""
        site = self._site_by_domain[domain] = self._site_of(domain)
        self._domains.setdefault(site, set()).add(domain)

    def discard(self, domain: str) -> None:
        """Forget a domain that has no cookies any more. Raises KeyError for one never added."""
        site = self._site_by_domain.pop(domain)
        self._domains[site].remove(domain)
        if not self._domains[site]:
            del self._domains[site]

    def beside(self, domain: str) -> Collection[str]:
        """The domains of the same site, this one included."""
        return self._domains[self._site_by_domain[domain]]
