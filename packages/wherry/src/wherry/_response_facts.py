"""What a response tells without being read: its head, and the request that it answers.

Whatever is not asked for is not made.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec.fields import parse_media_type
from wherry_cookies import cookies_from_headers
from wherry_errors import masked_headers, masked_url
from wherry_multipart import ContentDisposition, content_disposition

from ._links import links_of
from ._timings import timings_of

if TYPE_CHECKING:
    import asyncio

    from yarl import URL

    from wherry_codec import HttpVersion, ResponseHead
    from wherry_codec.fields import MediaType
    from wherry_pool import Exchange

    from ._links import Links
    from ._request import ClientRequest, RequestInfo
    from ._timings import ResponseTimings
    from .typedefs import RawHeaders

_NO_FIELDS: CIMultiDict[str] = CIMultiDict()


class ResponseFacts:
    """The part of `ClientResponse` that only answers questions. Its constructor fills in the rest.

    `head` is the head as the codec read it.
    """

    head: ResponseHead
    status: int
    _request: ClientRequest
    _exchange: Exchange

    def __repr__(self) -> str:
        reason = (self.reason or "").encode("ascii", "backslashreplace").decode("ascii")
        return (
            f"<{type(self).__name__}({masked_url(self.url)}) [{self.status} {reason}]>\n"
            f"{masked_headers(self.headers)}\n"
        )

    @property
    def version(self) -> HttpVersion:
        """The HTTP version of the response."""
        return self.head.version

    @property
    def reason(self) -> str:
        """The reason phrase; may be empty."""
        return self.head.reason

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status < 400

    @property
    def method(self) -> str:
        """The method of the request."""
        return self._request.method

    @property
    def url(self) -> URL:
        """The URL of the request without fragment."""
        return self._request.url

    @property
    def url_obj(self) -> URL:
        """The same as `url` (deprecated)."""
        warnings.warn("url_obj is deprecated; use url", DeprecationWarning, stacklevel=2)
        return self._request.url

    @property
    def real_url(self) -> URL:
        """The URL of the request with its fragment."""
        return self._request.original_url

    @property
    def host(self) -> str | None:
        """The host of the URL."""
        return self._request.url.host

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop the request was made on."""
        return self._exchange.waiter.get_loop()

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The header fields, case-insensitive."""
        return self.head.headers

    @property
    def raw_headers(self) -> RawHeaders:
        """Names and values as bytes, in wire order and spelling."""
        return self.head.raw_headers

    @property
    def trailers(self) -> CIMultiDictProxy[str]:
        """The trailer fields; complete at the end of the body, empty before."""
        trailers = self._exchange.trailers
        return CIMultiDictProxy(_NO_FIELDS) if trailers is None else trailers

    @property
    def informational(self) -> tuple[ResponseHead, ...]:
        """The heads of the 1xx responses that came before this one."""
        return self._exchange.informational

    @cached_property
    def request_info(self) -> RequestInfo:
        """URL, method and fields of the request as it was sent."""
        return self._request.request_info

    @cached_property
    def cookies(self) -> SimpleCookie:
        """The cookies this very response sets; of equal names the last."""
        if not self.head.has_set_cookie:
            return SimpleCookie()
        return cookies_from_headers(self.headers.getall("Set-Cookie"))

    @cached_property
    def _media_type(self) -> MediaType:
        return parse_media_type(self.headers.get("Content-Type", ""))

    @property
    def content_type(self) -> str:
        """The media type without parameters; `application/octet-stream` if there is none."""
        return f"{self._media_type.type}/{self._media_type.subtype}"

    @property
    def charset(self) -> str | None:
        """The charset parameter of Content-Type, or None."""
        return self._media_type.parameters.get("charset")

    @property
    def content_length(self) -> int | None:
        """The value of Content-Length (the encoded size), or None."""
        return self.head.content_length

    @cached_property
    def content_disposition(self) -> ContentDisposition | None:
        """The Content-Disposition field taken apart, or None."""
        return content_disposition(self.headers.get("Content-Disposition"))

    @cached_property
    def links(self) -> Links:
        """The Link fields: from `rel`, or the URL, to the parameters plus an absolute `url`."""
        return links_of(self.headers.getall("Link", ()), self._request.url)

    # --- the exchange --------------------------------------------------------------------------

    @property
    def timings(self) -> ResponseTimings:
        """How long the parts of the request took, in seconds."""
        return timings_of(self._exchange)

    @property
    def is_close_delimited(self) -> bool:
        """Whether the body has neither a length nor a last chunk, and ends where the connection
        does. Nobody notices then if it was cut short (SEC-14).
        """
        return self._exchange.is_close_delimited

    @property
    def output_size(self) -> int:
        """Bytes of the request sent so far: head, framing and body."""
        return self._exchange.output_size

    @property
    def upload_complete(self) -> asyncio.Future[None]:
        """Done when the request body is sent, or its sending was given up; at once without one."""
        return self._exchange.upload_complete
