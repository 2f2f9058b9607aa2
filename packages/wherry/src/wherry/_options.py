"""The keyword arguments of a request, and the settings they amount to with the session's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, cast

from wherry_codec import DEFAULT_LIMITS, Limits
from wherry_pool import ClientTimeout, check_setting

if TYPE_CHECKING:
    from wherry_pool import SSLSetting

    from ._middleware import Middleware
    from ._response import ClientResponse
    from .auth import BasicAuth
    from .typedefs import LooseCookies, LooseHeaders, Query

DEFAULT_TIMEOUT = ClientTimeout(total=300, sock_connect=30)
DEFAULT_READ_BUFSIZE = 65536


class RequestOptions(TypedDict, total=False):
    """What `ClientSession.request` takes besides method and URL."""

    params: Query
    data: Any  # whatever a registered payload type accepts
    json: Any  # whatever the session's JSON encoder accepts
    cookies: LooseCookies | None
    headers: LooseHeaders | None
    skip_auto_headers: Iterable[str] | None
    auth: BasicAuth | None
    allow_redirects: bool
    max_redirects: int
    chunked: bool | None
    expect100: bool
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]] | None
    read_until_eof: bool
    timeout: ClientTimeout | float | None
    ssl: SSLSetting | None
    server_hostname: str | None
    trace_request_ctx: object
    read_bufsize: int | None
    auto_decompress: bool | None
    max_line_size: int | None
    max_field_size: int | None
    max_headers: int | None
    max_body_size: int | None
    middlewares: Sequence[Middleware] | None


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How one call is carried out; the session's defaults with the request's on top."""

    timeout: ClientTimeout = DEFAULT_TIMEOUT
    allow_redirects: bool = True
    max_redirects: int = 10
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]] = False
    read_until_eof: bool = True
    read_bufsize: int = DEFAULT_READ_BUFSIZE
    auto_decompress: bool = True
    limits: Limits = DEFAULT_LIMITS
    max_body_size: int | None = None
    """Decoded bytes a response body may have; None is no bound."""
    middlewares: Sequence[Middleware] = ()
    ssl: SSLSetting = True
    server_hostname: str | None = None
    trace_request_ctx: object = None

    def overridden(self, options: RequestOptions) -> CallSettings:
        """These settings with those of one request. Raises `TypeError` or `ValueError`."""
        changes: dict[str, Any] = {}  # Any: values of all the fields above
        given = cast("Mapping[str, Any]", options)  # looked up by computed names below
        for name in _TAKEN_UNLESS_NONE:
            value = given.get(name)
            if value is not None:
                changes[name] = value
        for name in ("allow_redirects", "max_redirects", "read_until_eof", "trace_request_ctx"):
            if name in given:
                changes[name] = given[name]
        if "timeout" in options:
            changes["timeout"] = as_timeout(options["timeout"])
        if "ssl" in options:
            setting = check_setting(options["ssl"])
            changes["ssl"] = self.ssl if setting is True else setting
        limits = {
            name: value
            for name in ("max_line_size", "max_field_size", "max_headers")
            if (value := given.get(name)) is not None
        }
        if limits:
            changes["limits"] = replace(self.limits, **limits)
        return replace(self, **changes) if changes else self


_TAKEN_UNLESS_NONE = (
    "raise_for_status",
    "read_bufsize",
    "auto_decompress",
    "max_body_size",
    "middlewares",
    "server_hostname",
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


def check_option_names(options: RequestOptions) -> None:
    """Raise `TypeError` for a keyword that no request takes (S-367)."""
    unknown = options.keys() - RequestOptions.__annotations__.keys()
    if unknown:
        names = ", ".join(sorted(unknown))
        raise TypeError(f"request() got an unexpected keyword argument: {names}")
