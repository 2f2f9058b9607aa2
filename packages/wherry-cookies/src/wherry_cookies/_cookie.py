"""One stored cookie: the record of RFC 6265 §5.3.

Holds facts only. Whether a cookie may be stored, found or sent is decided elsewhere.
"""

from dataclasses import dataclass

#: The domain of a cookie that was set without URL and goes with every request (S-182).
SHARED = ""


@dataclass(slots=True, eq=False)
class Cookie:
    """A cookie as §5.3 stores it. Domain, path and name identify it in a jar."""

    name: str
    coded_value: str
    #: Canonical host name, or SHARED.
    domain: str
    path: str
    host_only: bool = False
    secure: bool = False
    http_only: bool = False
    partitioned: bool = False
    same_site: str = ""
    #: Seconds since 1970, None for a session cookie.
    expires_at: float | None = None
    #: What the server wrote, for views only: `expires_at` has the meaning.
    max_age: int | None = None
    version: str = ""
    comment: str = ""
    #: Numbers given by the store, not times: smaller is earlier.
    created: int = 0
    last_used: int = 0
    #: §5.4 step 2: longest path first, then oldest first. Given by the store too.
    sending_order: tuple[int, int] = (0, 0)
    #: Kept by the store: false before the cookie was stored and after it was removed or replaced.
    is_stored: bool = False

    def is_expired(self, now: float) -> bool:
        """Whether its expiry time has come."""
        return self.expires_at is not None and self.expires_at <= now

    def is_sent_like(self, other: "Cookie") -> bool:
        """Whether replacing one by the other leaves every Cookie field as it was."""
        return (
            self.coded_value == other.coded_value
            and self.host_only == other.host_only
            and self.secure == other.secure
        )

    def renew(self, other: "Cookie") -> None:
        """Take from a cookie that is sent like this one what may differ."""
        self.http_only = other.http_only
        self.partitioned = other.partitioned
        self.same_site = other.same_site
        self.expires_at = other.expires_at
        self.max_age = other.max_age
        self.version = other.version
        self.comment = other.comment
