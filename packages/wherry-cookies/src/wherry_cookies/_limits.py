"""How much a server may make us keep or send: RFC 6265 §6.1, rfc6265bis §5.6.

Only numbers; who enforces them is said beside each.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieLimits:
    """Bounds on what servers can store in a jar and have sent, all inclusive.

    RFC 6265 §6.1 asks for at least 4096 octets a cookie, 50 cookies a domain and 3000 in all.
    Cookies the caller set without a URL are the caller's own: they are neither counted nor evicted.
    Raises ValueError for a limit below 1.
    """

    #: Octets of cookie-name and cookie-value together; a longer cookie is refused. The number of
    #: rfc6265bis §5.6, Chrome and Firefox.
    name_and_value: int = 4096
    #: Cookies under one registrable domain where a list of public suffixes is known, else under
    #: one domain. Chrome and Firefox keep 180; the RFC's minimum of 50 logs people out of large
    #: sites.
    per_domain: int = 180
    #: Cookies in the whole jar. The RFC's minimum, also Firefox's number; Chrome keeps 3300 and
    #: purges to 3000.
    total: int = 3000
    #: Octets of one Cookie field value. Without a bound 180 cookies make 720 KiB, and a subdomain
    #: can lock users out of the whole site ("cookie bomb"). Apache takes 8 KiB a field, Node 16,
    #: nginx 32: more than 64 reaches no one.
    cookie_header: int = 65_536

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value: int = getattr(self, name)
            if value < 1:
                raise ValueError(f"CookieLimits.{name} must be at least 1, got {value!r}")


DEFAULT_LIMITS = CookieLimits()
