"""What a session asks of the parts it is composed of. All structural.

`wherry.testing` has a fake and a conformance check for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from http.cookies import BaseCookie

    from multidict import CIMultiDict, CIMultiDictProxy
    from yarl import URL

    from wherry_pool import ClientTimeout, ConnectionKey
    from wherry_pool.protocols import ByteSink, HttpConnection, PoolObserver
    from wherry_tracing import ResponseShape

    from .typedefs import LooseCookies


class ConnectorProtocol(Protocol):
    """Where connections come from."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        ...

    @property
    def allowed_protocol_schema_set(self) -> frozenset[str]:
        """URL schemes it can be asked for."""
        ...

    @property
    def force_close(self) -> bool:
        """Whether requests should announce `Connection: close`."""
        ...

    @property
    def acquire_nowait(self) -> AcquireNowait:
        """The way that costs no await."""
        ...

    async def acquire(
        self,
        key: ConnectionKey,
        timeout: ClientTimeout,
        *,
        started: float,
        deadline: float = ...,
        observer: PoolObserver | None = None,
        fresh: bool = False,
    ) -> HttpConnection:
        """A connection for `key`; see `wherry_pool.BaseConnector.acquire`.

        Cancelling leaves nothing acquired. The connection gives itself back after its exchange.
        """
        ...

    def close(self) -> Awaitable[None]:
        """Close every connection; await the result until they are gone. `async def` will do."""
        ...


class AcquireNowait(Protocol):
    """`acquire_nowait(key, now)`."""

    def __call__(self, key: ConnectionKey, now: float, /) -> HttpConnection | None:
        """An idle connection that can be used at once, or None: then await `acquire`."""
        ...


class CookieJarProtocol(Protocol):
    """A cookie jar as the session uses it."""

    def __len__(self) -> int: ...

    def filter_cookies(self, request_url: URL) -> BaseCookie[str]:
        """The cookies to send to `request_url`, one per name."""
        ...

    def update_cookies(self, cookies: LooseCookies, response_url: URL = ...) -> None:
        """Store `cookies` as if `response_url` had set them."""
        ...

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Store what the Set-Cookie field values of a response say."""
        ...


class CookieHeaderSource(Protocol):
    """A jar that can also write the Cookie field itself: all cookies, byte for byte."""

    def cookie_header(self, url: URL) -> str:
        """The value of the Cookie field for `url`, empty if there is none."""
        ...


class PayloadProtocol(Protocol):
    """A request body with what belongs to it."""

    @property
    def size(self) -> int | None:
        """Bytes on the wire, None if not known before it was written."""
        ...

    @property
    def headers(self) -> CIMultiDict[str]:
        """Fields the body brings along: Content-Type, for one."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether it can be written from its start a second time."""
        ...

    @property
    def in_memory(self) -> bytes | None:
        """The whole body if it is at hand as `bytes`, so that it can leave with the head."""
        ...

    async def write(self, sink: ByteSink, /) -> None:
        """Write the whole body. May be cancelled at any await."""
        ...

    async def close(self) -> None:
        """Let go of files. Called once, after success, failure or cancellation."""
        ...


class RequestObserver(Protocol):
    """Is told how a request goes on. Each method is awaited; what it raises fails the request."""

    async def request_start(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """The call begins; `headers` may be changed."""

    async def request_headers_sent(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """The head is about to be sent as it stands."""

    async def request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of the body was handed over, before coding and framing."""

    async def informational_received(
        self, method: str, url: URL, status: int, reason: str, headers: CIMultiDictProxy[str]
    ) -> None:
        """A 1xx response came before the final one."""

    async def bytes_written(self, method: str, url: URL, total: int) -> None:
        """`total` bytes of the request, head and framing included, are written by now."""

    async def bytes_read(self, method: str, url: URL, total: int) -> None:
        """`total` bytes of the response body have arrived by now, before decoding."""

    async def response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        """The caller read a piece of the decoded body."""

    async def request_redirect(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """`response` sends the request on to another URL."""

    async def request_end(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """The head of the final response is there."""

    async def request_exception(
        self, method: str, url: URL, headers: CIMultiDict[str], exception: BaseException
    ) -> None:
        """The call failed."""
