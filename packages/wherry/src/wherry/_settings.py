"""How one call is carried out: the session's defaults with the request's arguments on top."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wherry_codec import DEFAULT_LIMITS, Limits
from wherry_pool import NO_DEADLINE, ClientTimeout, merge_ssl_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wherry_pool import ProgressCallback, SSLSetting

DEFAULT_TIMEOUT = ClientTimeout(total=300, sock_connect=30)
DEFAULT_READ_BUFSIZE = 65536


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How one call is carried out; the session's defaults with the request's on top."""

    timeout: ClientTimeout = DEFAULT_TIMEOUT
    allow_redirects: bool = True
    max_redirects: int = 10
    read_until_eof: bool = True
    read_bufsize: int = DEFAULT_READ_BUFSIZE
    auto_decompress: bool = True
    limits: Limits = DEFAULT_LIMITS
    max_body_size: int | None = None
    """Decoded bytes a response body may have; None is no bound."""
    ssl: SSLSetting = True
    server_hostname: str | None = None
    allows_downgrade: bool = True
    """Whether a redirect may lead from https to http (SEC-22)."""
    on_upload_progress: ProgressCallback | None = None
    """Told of the body bytes sent so far, and of how many there are if that is known."""
    on_download_progress: ProgressCallback | None = None
    """The same of the response's body, as it comes over the wire."""
    secret_fields: frozenset[str] = frozenset()
    """Fields of the user's, in lower case, that another origin must not get (SEC-21)."""

    total: float = field(init=False, default=NO_DEADLINE)
    """`timeout.total` as a number: no limit is infinity."""

    def __post_init__(self) -> None:
        """Work out what every call would have to."""
        total = self.timeout.total
        if total is not None and total > 0:
            object.__setattr__(self, "total", total)

    def overridden(self, given: Mapping[str, Any]) -> CallSettings:
        """These settings with those among the keyword arguments of a request.

        Raises `TypeError` or `ValueError`. Any: the values are checked where they are used.
        """
        changes: dict[str, Any] = {}  # Any: values of all the fields above
        for name in _TAKEN_UNLESS_NONE:
            value = given.get(name)
            if value is not None:
                changes[name] = value
        for name in ("allow_redirects", "max_redirects", "read_until_eof"):
            if name in given:
                changes[name] = given[name]
        if "timeout" in given:
            changes["timeout"] = as_timeout(given["timeout"])
        if not given.keys().isdisjoint(_TLS_ARGUMENTS):
            setting = merge_ssl_arguments(
                given.get("ssl", True),
                verify_ssl=given.get("verify_ssl"),
                ssl_context=given.get("ssl_context"),
                fingerprint=given.get("fingerprint"),
            )
            changes["ssl"] = self.ssl if setting is True else setting
        limits = {
            name: value
            for name in ("max_line_size", "max_field_size", "max_headers")
            if (value := given.get(name)) is not None
        }
        if limits:
            changes["limits"] = replace(self.limits, **limits)
        return replace(self, **changes) if changes else self


_TLS_ARGUMENTS = frozenset({"ssl", "verify_ssl", "ssl_context", "fingerprint"})

_TAKEN_UNLESS_NONE = (
    "read_bufsize",
    "auto_decompress",
    "max_body_size",
    "server_hostname",
    "on_upload_progress",
    "on_download_progress",
)


def as_timeout(value: ClientTimeout | float | None) -> ClientTimeout:
    """A `timeout=` argument of a request: a number is the total, None is no limit (S-426)."""
    if isinstance(value, ClientTimeout):
        return value
    if value is None:
        return ClientTimeout()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(
            "timeout must be a ClientTimeout, a number of seconds or None, "
            f"got {type(value).__name__}"
        )
    return ClientTimeout(total=value)
