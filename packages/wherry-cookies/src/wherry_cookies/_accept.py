"""Whether a cookie may be stored, and as what: RFC 6265 §5.3 steps 1 to 10, rfc6265bis §5.7.

One function of plain values, in the order of the RFC. It returns the cookie to store or the reason
to refuse it; a cookie that has already expired is returned too, because storing it means removing
its predecessor. Knows neither the stored cookies nor the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from yarl import URL

from ._cookie import SHARED, Cookie
from ._domain import (
    canonical_host,
    cookie_domain,
    domain_match,
    is_ip_address,
    is_loopback,
)
from ._limits import CookieLimits
from ._path import default_path
from ._public_suffix import SuffixCheck, is_listed, is_public_suffix, suffix_below
from ._saved import SavedCookie
from ._set_cookie import SetCookie
from ._value import has_control_character, is_cookie_name, octets

SECURE_SCHEMES = frozenset({"https", "wss"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cookie was not stored, for the log. Never holds a value."""

    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner of a jar decided."""

    limits: CookieLimits
    #: Whether IP addresses may set and get cookies (S-183).
    unsafe: bool
    #: (scheme, host, port) of plain-text origins to be treated like https.
    trusted_origins: frozenset[tuple[str, str | None, int | None]]
    #: Names the domains under which strangers register; single labels are always such.
    public_suffix_check: SuffixCheck = is_listed

    def is_secure(self, url: URL) -> bool:
        """Whether Secure cookies may be sent to the URL (S-188)."""
        return url.scheme in SECURE_SCHEMES or (
            bool(self.trusted_origins)
            and (url.scheme, url.raw_host, url.port) in self.trusted_origins
        )


def trusted_origins(
    given: str | URL | Sequence[str | URL] | None,
) -> frozenset[tuple[str, str | None, int | None]]:
    """Scheme, host and port of each URL given. Raises ValueError for a URL that is not absolute."""
    urls = [given] if isinstance(given, str | URL) else given or ()
    origins = [URL(url).origin() for url in urls]
    return frozenset((origin.scheme, origin.raw_host, origin.port) for origin in origins)


@dataclass(frozen=True, slots=True)
class Setter:
    """Who sets a cookie: a server by a response, or the caller on behalf of a URL."""

    #: Canonical host, "" when the caller named no URL.
    host: str
    path: str
    is_server: bool
    #: Whether it may set Secure cookies and replace them: by https, from this machine, or from a
    #: trusted origin.
    is_secure: bool

    @classmethod
    def of(cls, url: URL, policy: Policy, *, is_server: bool) -> "Setter":
        """The server that answered at `url`, or the caller who named it.

        Callers may set Secure cookies everywhere.
        """
        host = url.raw_host or ""
        is_secure = not is_server or policy.is_secure(url) or is_loopback(host)
        return cls(host, url.raw_path, is_server, is_secure)


def accept(received: SetCookie, setter: Setter, policy: Policy, now: float) -> Cookie | Refusal:
    """The cookie to store, or why there is none. `now` is in seconds since 1970."""
    size = octets(received.name) + octets(received.coded_value)
    if size > policy.limits.name_and_value and setter.is_server:
        return Refusal(f"{size} octets, the limit is {policy.limits.name_and_value}")
    scope = _scope(received, setter, policy)
    if isinstance(scope, Refusal):
        return scope
    domain, host_only = scope
    if received.secure and not setter.is_secure:
        return Refusal("Secure, but it came over plain HTTP")
    has_path = received.path.startswith("/")
    if setter.is_server and (broken := _broken_prefix(received, host_only, has_path)):
        return Refusal(broken)
    return Cookie(
        received.name,
        received.coded_value,
        domain,
        received.path if has_path else default_path(setter.path),
        host_only=host_only,
        secure=received.secure,
        http_only=received.http_only,
        partitioned=received.partitioned,
        same_site=received.same_site,
        expires_at=received.expiry_time(now),
        max_age=received.max_age,
        version=received.version,
        comment=received.comment,
    )


def accept_saved(saved: SavedCookie, policy: Policy, now: float) -> Cookie | Refusal:
    """The cookie to store for one from a file, by the rules for cookies the caller sets."""
    cookie = saved.cookie
    texts = (cookie.coded_value, saved.host, cookie.domain, cookie.path)
    shown = (cookie.same_site, cookie.version, cookie.comment)
    if not is_cookie_name(cookie.name) or any(map(has_control_character, (*texts, *shown))):
        return Refusal("it has an illegal character")
    host = canonical_host(saved.host) or saved.host
    return accept(cookie, Setter(host, "/", is_server=False, is_secure=True), policy, now)


def _scope(received: SetCookie, setter: Setter, policy: Policy) -> tuple[str, bool] | Refusal:
    """Domain and host-only flag: §5.3 steps 4 to 6."""
    check = policy.public_suffix_check
    domain = cookie_domain(received.domain)
    host = setter.host or domain
    if not host:
        # Only what asks for no domain at all may go everywhere.
        return Refusal("its Domain names no host") if received.domain else (SHARED, False)
    if is_ip_address(host) and not policy.unsafe:
        return Refusal("set by an IP address, and the jar is not unsafe")
    if domain is None or (domain == host and is_ip_address(host)):
        return host, True
    if is_public_suffix(domain, check):
        return (host, True) if domain == host else Refusal(f"{domain[:100]!r} is a public suffix")
    if not domain_match(host, domain):
        return Refusal(f"{host[:100]!r} is not in its domain {domain[:100]!r}")
    if suffix := suffix_below(domain, host, check):
        return Refusal(f"{domain[:100]!r} has the public suffix {suffix[:100]!r} below it")
    return domain, False


def _broken_prefix(received: SetCookie, host_only: bool, has_path: bool) -> str:
    """What the prefix of the name promises and the cookie lacks, "" if nothing.

    rfc6265bis §4.1.3: `__Secure-` and `__Host-`, in any case.
    """
    name = received.name.lower()
    if name.startswith(("__secure-", "__host-")) and not received.secure:
        return "its name prefix asks for Secure"
    if not name.startswith("__host-"):
        return ""
    if not host_only or received.domain:
        return "a __Host- cookie has no Domain"
    return "" if has_path and received.path == "/" else "a __Host- cookie has Path=/"
