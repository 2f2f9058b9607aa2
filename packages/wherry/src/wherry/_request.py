"""A request: what it was made from, and what it goes out as."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import (
    CHUNKED,
    HttpVersion,
    check_host,
    declared_body_length,
    write_request_head,
)
from wherry_errors import ClientPayloadError, masked_headers, masked_url, warn_caller
from wherry_pool import NO_DEADLINE, Exchange

from ._body import as_payload
from ._compress import CompressedBody
from ._fields import BODYLESS_METHODS, body_fields

if TYPE_CHECKING:
    from typing import Self

    from yarl import URL

    from wherry_codec import ResponseHead
    from wherry_pool import ClientTimeout, ConnectionKey, SSLSetting
    from wherry_pool.protocols import AddressPolicy

    from ._compress import RequestCoding
    from ._head import PreparedHead
    from ._proxy import Proxy
    from ._settings import CallSettings
    from ._target import Target
    from .auth import BasicAuth
    from .protocols import PayloadProtocol
    from .typedefs import LooseCookies


MAX_REMEMBERED_HEAD = 2048
"""Longest response head kept with a request that is sent again and again, in bytes. Most are far
shorter, and there may be as many as there are templates."""


class _RequestFacts(NamedTuple):
    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    real_url: URL


class RequestInfo(_RequestFacts):
    """What a response or an error remembers of its request.

    `headers` are those that were sent, credentials included; the repr masks them. `real_url` has
    the fragment; without it, it is `url`.
    """

    __slots__ = ()

    def __new__(
        cls,
        url: URL,
        method: str,
        headers: CIMultiDictProxy[str],
        real_url: URL | None = None,
    ) -> Self:
        """Fill in `real_url`."""
        return super().__new__(cls, url, method, headers, url if real_url is None else real_url)

    def __repr__(self) -> str:
        return (
            f"RequestInfo(url={masked_url(self.url)!r}, method={self.method!r}, "
            f"headers={masked_headers(self.headers)!r}, real_url={masked_url(self.real_url)!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # A proxy cannot be pickled; the copy is as immutable once it is wrapped again.
        return _request_info, (self.url, self.method, self.headers.copy(), self.real_url)


def _request_info(url: URL, method: str, headers: CIMultiDict[str], real_url: URL) -> RequestInfo:
    return RequestInfo(url, method, CIMultiDictProxy(headers), real_url)


# No repr: it would show credentials. Not frozen: that makes it three times as slow to make.
@dataclass(slots=True, repr=False, eq=False)
class RequestSource:
    """What the caller asked for, before anything is added. Redirects are made from it.

    Never changed once it is made.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    """The session's and the request's fields, merged."""
    body: PayloadProtocol | None = None
    cookies: LooseCookies | None = None
    auth: BasicAuth | None = None
    skip: frozenset[str] = frozenset()
    is_chunked: bool = False
    expects_continue: bool = False
    compress: RequestCoding | None = None
    """The coding that is applied to the body; `body` has it applied already."""
    proxy: Proxy | None = None
    has_own_proxy: bool = False
    """Whether the caller or the session named the proxy; otherwise the environment did."""
    proxy_headers: tuple[tuple[str, str], ...] = ()
    """Fields for a proxy, wherever its address comes from."""
    trusts_netrc: bool = False
    """Whether a netrc file may be asked: no credentials were given in any other way (SEC-27)."""

    @property
    def is_usual(self) -> bool:
        """Whether the head follows from method, fields and kind of body alone."""
        return not (self.cookies or self.is_chunked or self.expects_continue or self.compress)


class ClientRequest:
    """One request, as middlewares see and change it.

    `headers` are all fields in the order of the wire, the automatic ones and Cookie included.
    """

    __slots__ = (
        "_body",
        "_headers",
        "_is_frozen",
        "_prepared",
        "_was_sent",
        "cookie",
        "deadline",
        "headers_version",
        "is_retried_inside",
        "last_head",
        "method",
        "session",
        "settings",
        "source",
        "target",
        "version",
    )

    def __init__(
        self,
        source: RequestSource,
        target: Target,
        headers: CIMultiDict[str] | None,
        settings: CallSettings,
        *,
        version: HttpVersion,
        session: object = None,
        cookie: str = "",
        headers_version: int = 0,
        prepared: PreparedHead | None = None,
    ) -> None:
        self.source: RequestSource = source
        self.method: str = source.method
        self.target: Target = target
        self._headers: CIMultiDict[str] | None = headers
        self.settings: CallSettings = settings
        self.session: object = session
        self.version: HttpVersion = version
        self.cookie: str = cookie
        self.headers_version: int = headers_version
        self._body = source.body
        self._was_sent = False
        self._prepared = prepared
        self._is_frozen = False
        self.deadline: float = NO_DEADLINE
        """The loop time at which the call must be over; known once the call has begun."""
        self.is_retried_inside: bool = False
        """Set by a middleware that retries by itself, so that nobody around it does so too."""
        self.last_head: ResponseHead | None = None

    def __repr__(self) -> str:
        return f"<ClientRequest {self.method} {masked_url(self.url)}>"

    def copy(self) -> ClientRequest:
        """A request that can be changed without changing this one. The body is shared."""
        twin = type(self)(
            self.source,
            self.target,
            self._own_fields(),
            self.settings,
            version=self.version,
            session=self.session,
            cookie=self.cookie,
        )
        twin.deadline = self.deadline
        twin._body = self._body  # noqa: SLF001 - of the same class
        twin._was_sent = self._was_sent  # noqa: SLF001
        return twin

    def with_body(
        self, body: PayloadProtocol | None, prepared: PreparedHead | None = None
    ) -> ClientRequest:
        """The same request with another body, and the head that goes with it."""
        twin = type(self)(
            self.source if self.source.body is None else replace(self.source, body=None),
            self.target,
            None,
            self.settings,
            version=self.version,
            cookie=self.cookie,
            prepared=prepared,
        )
        twin._body = body  # noqa: SLF001 - of the same class
        return twin

    @property
    def headers(self) -> CIMultiDict[str]:
        """All fields in the order of the wire. They may be changed."""
        headers = self._headers
        if headers is None:
            headers = self._headers = self._own_fields()
        # Whoever has them may change them at any time, so a head that was made before is void.
        self._prepared = None
        return headers

    @headers.setter
    def headers(self, headers: CIMultiDict[str]) -> None:
        self._headers = headers
        self._prepared = None

    def _own_fields(self) -> CIMultiDict[str]:
        if self._headers is not None:
            return self._headers.copy()
        return CIMultiDict() if self._prepared is None else self._prepared.fields()

    @property
    def url(self) -> URL:
        """The URL without fragment."""
        return self.target.url

    @property
    def original_url(self) -> URL:
        """The URL with its fragment."""
        return self.target.real_url

    @property
    def host(self) -> str:
        """The host to connect to."""
        return self.target.key.host

    @property
    def port(self) -> int | None:
        """The port to connect to."""
        return self.target.key.port

    @property
    def ssl(self) -> SSLSetting:
        """The TLS setting in force."""
        return self.settings.ssl

    @property
    def server_hostname(self) -> str | None:
        """The name that replaces the host in SNI and certificate checks."""
        return self.settings.server_hostname

    @property
    def timeout(self) -> ClientTimeout:
        """The limits in force."""
        return self.settings.timeout

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running event loop."""
        return asyncio.get_running_loop()

    @property
    def auth(self) -> BasicAuth | None:
        """The credentials that made the Authorization field, if it was not given as a field."""
        return self.source.auth

    @property
    def compress(self) -> str | None:
        """The coding that the session applies to the body, or None."""
        return self.source.compress

    @property
    def proxy(self) -> URL | None:
        """The proxy on the way, without user info, or None."""
        return self.target.key.proxy

    @property
    def proxy_auth(self) -> BasicAuth | None:
        """The credentials for the proxy."""
        proxy = self.source.proxy
        return None if proxy is None else proxy.auth

    @property
    def proxy_headers(self) -> CIMultiDict[str] | None:
        """The fields that go to the proxy alone, or None if there are none."""
        proxy = self.source.proxy
        return None if proxy is None or not proxy.headers else CIMultiDict(proxy.headers)

    @property
    def response_class(self) -> type[object]:
        """The class of the response; `ClientResponse` unless the session has one of its own."""
        found: type[object] = getattr(self.session, "response_class", object)
        return found

    @property
    def address_policy(self) -> AddressPolicy | None:
        """Who may refuse the addresses that the host resolves to."""
        return self.target.key.address_policy

    @address_policy.setter
    def address_policy(self, policy: AddressPolicy | None) -> None:
        key = self.target.key._replace(address_policy=policy)
        self.target = replace(self.target, key=key)

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """The automatic fields that are left out, in lower case."""
        return self.source.skip

    @property
    def connection_key(self) -> ConnectionKey:
        """Which connections can carry this request."""
        return self.target.key

    @property
    def chunked(self) -> bool:
        """Whether the body goes out in chunks."""
        if self._prepared is not None:
            return False
        return "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    @property
    def body(self) -> PayloadProtocol | bytes:
        """The body, b"" if there is none."""
        return b"" if self._body is None else self._body

    @body.setter
    def body(self, body: object) -> None:
        old = self._body
        if old is not None and not getattr(old, "autoclose", old.in_memory is not None):
            warn_caller(
                "the old body needs closing, which assigning to body cannot do; "
                "write await request.update_body(...)",
                ResourceWarning,
            )
        self._set_body(self._as_body(body))

    @property
    def payload(self) -> PayloadProtocol | None:
        """The body, None if there is none."""
        return self._body

    @property
    def request_info(self) -> RequestInfo:
        """A record of this request as it stands."""
        headers = CIMultiDictProxy(self._own_fields())
        return RequestInfo(self.url, self.method, headers, self.original_url)

    def is_ssl(self) -> bool:
        """Whether the connection uses TLS."""
        return self.target.key.is_ssl

    async def update_body(self, body: object) -> None:
        """Replace the body by anything `data=` takes, or by None; the old one is closed (S-472).

        Content-Length and Transfer-Encoding are set anew, Content-Type only if there is none.
        """
        old = self._body
        new = old if body is old else self._as_body(body)
        if old is not None and old is not new:
            await old.close()
        self._set_body(new)

    def _as_body(self, body: object) -> PayloadProtocol | None:
        new = as_payload(body)
        coding = self.source.compress
        if new is None or coding is None or "Content-Encoding" not in self.headers:
            return new
        return CompressedBody(new, coding)

    def _set_body(self, body: PayloadProtocol | None) -> None:
        self._body = body
        for name in ("Content-Length", "Transfer-Encoding"):
            self.headers.popall(name, None)
        self._was_sent = False
        if self._body is None:
            if self.method not in BODYLESS_METHODS:
                self.headers["Content-Length"] = "0"
            return
        for name, value in body_fields(self._body):
            self.headers.setdefault(name, value)
        if self._body.size is None:
            self.headers["Transfer-Encoding"] = "chunked"
        else:
            self.headers["Content-Length"] = str(self._body.size)

    def finish_head(self) -> bytes:
        """The head as bytes. Raises `ValueError` or `TypeError` if it cannot be sent (S-027).

        Also for a middleware that has left two Hosts, or two framings (SEC-4).
        """
        head = write_request_head(
            self.method, self.target.request_target, self.headers.items(), self.version.minor
        )
        check_host(self.headers, self.version.minor)
        declared_body_length(self.headers)
        return head

    def freeze(self) -> None:
        """Use this request for many calls. It must not be changed any more."""
        self._is_frozen = True

    def remember_head(self, head: ResponseHead) -> None:
        """Expect the same head next time, if this request is one of many.

        Servers repeat themselves: within a second two answers for one URL mostly have the same
        head, and comparing bytes costs a hundredth of parsing them.
        """
        is_kept = self._is_frozen and len(head.raw) <= MAX_REMEMBERED_HEAD
        self.last_head = head if is_kept and not head.has_set_cookie else None

    def new_exchange(self, waiter: asyncio.Future[None]) -> Exchange:
        """What a connection needs to carry this request.

        Raises `ClientPayloadError` if it was sent before and its body cannot be sent again.
        """
        prepared = self._prepared
        if prepared is not None:
            exchange = Exchange(self.method, prepared.data, waiter, self.target.host_field)
            exchange.expected_head = self.last_head
            if self._body is not None:
                exchange.request_body = self._body.in_memory
                exchange.upload_progress = self.settings.on_upload_progress
            return exchange
        exchange = Exchange(self.method, self.finish_head(), waiter, self.target.host_field)
        if self._body is not None:
            self._attach_body(exchange, self._body)
        elif length := declared_body_length(self.headers):
            # Announced by the caller's fields alone. A length fails, as nothing comes (S-032).
            exchange.request_body = _NO_BYTES
            exchange.content_length = None if length == CHUNKED else length
        exchange.expect_continue = (
            exchange.request_body is not None
            and self.headers.get("Expect", "").lower() == "100-continue"
        )
        return exchange

    def _attach_body(self, exchange: Exchange, body: PayloadProtocol) -> None:
        if self._was_sent and not body.replayable:
            raise not_replayable(self)
        self._was_sent = True
        exchange.upload_progress = self.settings.on_upload_progress
        in_memory = body.in_memory
        length = None if self.chunked else int(self.headers.get("Content-Length", 0))
        if in_memory is not None and len(in_memory) == length:
            exchange.request_body = in_memory
        else:
            exchange.request_body = body
            exchange.content_length = length


class _EmptyBody:
    """A body of no bytes where a framed one was announced."""

    size = 0

    async def write(self, sink: object, /) -> None:
        """Nothing."""


_NO_BYTES = _EmptyBody()


def not_replayable(request: ClientRequest) -> ClientPayloadError:
    """The error for a body that would have to be sent a second time and cannot be (S-439)."""
    return ClientPayloadError(
        f"the body of {request.method} {masked_url(request.url)} was sent and cannot be sent "
        "again; pass bytes or a seekable file, or switch off redirects"
    )
