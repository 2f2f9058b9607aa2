"""Public suffixes: the domains under which strangers register, such as `co.uk` or `github.io`.

Decides which domains nobody may set a cookie for, and which hosts are one site (RFC 6265 §5.3
step 5, rfc6265bis §5.7). The list itself is that of publicsuffix.org as the package
`publicsuffixlist` ships it, private part included; it is read when first needed and never fetched.
Without that package only single labels such as `com` are known. Knows nothing of cookies.
"""

import logging
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Protocol

from ._domain import domains_covering, is_single_label

#: Whether a domain, in IDNA form, is one under which strangers register.
SuffixCheck = Callable[[str], bool]

_log = logging.getLogger("wherry.client")


class SuffixList(Protocol):
    """What is asked of `publicsuffixlist.PublicSuffixList`."""

    def is_public(self, domain: str, /) -> bool:
        """Whether the domain is a public suffix; unknown top-level domains are."""
        ...


@cache
def installed_list() -> SuffixList | None:
    """The list of the installed package, read once per process; None, with a log record, if none.

    Reading takes some 60 ms.
    """
    try:
        found: SuffixList = import_module("publicsuffixlist").PublicSuffixList()
    except ImportError:
        _log.debug(
            "no list of public suffixes: only single labels such as 'com' are refused as cookie "
            "domains; install wherry-cookies[psl] or give CookieJar an is_public_suffix"
        )
        return None
    except OSError as exc:  # a bundle that took the code and left the list
        _log.warning("the list of public suffixes cannot be read, single labels only: %s", exc)
        return None
    return found


def is_listed(domain: str) -> bool:
    """Whether the installed list has the domain; False if there is none."""
    found = installed_list()
    return found is not None and found.is_public(domain.removesuffix("."))


def is_known(check: SuffixCheck) -> bool:
    """Whether there is more to ask than the built-in rule."""
    return check is not is_listed or installed_list() is not None


def is_public_suffix(domain: str, check: SuffixCheck) -> bool:
    """Whether nobody may set cookies for this whole domain; single labels always are such."""
    return is_single_label(domain) or check(domain)


def suffix_below(domain: str, host: str, check: SuffixCheck) -> str | None:
    """The public suffix between `host`, included, and the `domain` it is in; None if there is none.

    `s3.amazonaws.com` is one and `amazonaws.com` is not, yet a customer must not set cookies for
    all others. RFC 6265 overlooks this; Chrome and Firefox refuse it too.
    """
    for candidate in domains_covering(host):
        if candidate == domain:
            return None
        if is_public_suffix(candidate, check):
            return candidate
    return None


def site_of(host: str, check: SuffixCheck) -> str:
    """The registrable domain of a host: one label below its public suffix.

    The host itself if it is a public suffix or an address, or if no list is known: by the built-in
    rule all of `co.uk` would be one site.
    """
    if not is_known(check):
        return host
    site = host
    for candidate in domains_covering(host):
        if is_public_suffix(candidate, check):
            break
        site = candidate
    return site
