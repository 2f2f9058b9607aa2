"""The keyword arguments of a request, and the plan of the call that they amount to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypedDict

from ._fields import as_headers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from ssl import SSLContext

    from wherry_pool import ClientTimeout, ProgressCallback, SSLSetting

    from ._middleware import Middleware
    from ._request import ClientRequest
    from ._response import ClientResponse
    from .auth import BasicAuth
    from .typedefs import LooseCookies, LooseHeaders, Query, StrOrURL


class Unset(Enum):
    """The type of `UNSET`, the default of arguments for which None means something."""

    UNSET = "unset"


UNSET = Unset.UNSET


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
    compress: str | bool | None
    chunked: bool | None
    expect100: bool
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]] | None
    read_until_eof: bool
    proxy: StrOrURL | None
    proxy_auth: BasicAuth | None
    proxy_headers: LooseHeaders | None
    timeout: ClientTimeout | float | None
    ssl: SSLSetting | None
    verify_ssl: bool | None
    fingerprint: bytes | None
    ssl_context: SSLContext | None
    server_hostname: str | None
    trace_request_ctx: object
    read_bufsize: int | None
    auto_decompress: bool | None
    max_line_size: int | None
    max_field_size: int | None
    max_headers: int | None
    max_body_size: int | None
    middlewares: Sequence[Middleware] | None
    on_upload_progress: ProgressCallback | None
    on_download_progress: ProgressCallback | None


def check_raise_for_status(value: object) -> None:
    """Raise `TypeError` for a `raise_for_status=` that is neither a bool nor callable (S-422)."""
    if value is not None and not isinstance(value, bool) and not callable(value):
        raise TypeError(
            "raise_for_status must be True, False or an async function of the response, got "
            f"{type(value).__name__}"
        )


_NAMES = frozenset(RequestOptions.__annotations__)


@dataclass(slots=True)
class CallPlan:
    """What the arguments of one call amount to."""

    request: ClientRequest
    middlewares: Sequence[Middleware]
    raise_for_status: bool | Callable[[ClientResponse], Awaitable[None]]
    trace_request_ctx: object = None
    needs_care: bool = field(init=False)
    """Whether there is a body to close afterwards, or somebody who may change the request."""

    def __post_init__(self) -> None:
        """Work out what every call would have to."""
        body = self.request.payload
        needs_closing = body is not None and body.in_memory is None
        is_watched = self.request.settings.on_download_progress is not None
        self.needs_care = needs_closing or is_watched or bool(self.middlewares)


def settle(options: RequestOptions) -> None:
    """Turn iterators among the arguments into collections: some are looked at more than once."""
    headers, cookies = options.get("headers"), options.get("cookies")
    if headers is not None:
        options["headers"] = as_headers(headers)
    if cookies is not None and not isinstance(cookies, Mapping):
        options["cookies"] = list(cookies)


def check_option_names(options: RequestOptions) -> None:
    """Raise `TypeError` for a keyword that no request takes (S-367)."""
    if not _NAMES.issuperset(options):
        names = ", ".join(sorted(options.keys() - _NAMES))
        raise TypeError(f"request() got an unexpected keyword argument: {names}")
