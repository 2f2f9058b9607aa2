"""CONNECT, by which an HTTP proxy is asked for a tunnel (RFC 9110 §9.3.6, RFC 9112 §3.2.3).

Decides what the request looks like, when its answer is whole, and that no other answer than 200
opens a tunnel. Knows no socket and no TLS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from wherry_codec import (
    DEFAULT_LIMITS,
    Limits,
    LineTooLong,
    LocalProtocolError,
    RemoteProtocolError,
    ResponseHead,
    ResponseHeadReader,
    declared_body_length,
    quote,
    write_request_head,
)
from wherry_errors import ClientHttpProxyError, masked_headers, masked_url

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PORT = 443
"""The port a Host field leaves out. Tunnels are for TLS."""


class ConnectRequestInfo(NamedTuple):
    """The CONNECT request as an error remembers it. `url` is the origin behind the proxy."""

    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    """What was really sent, credentials included; the repr masks them."""
    real_url: URL

    def __repr__(self) -> str:
        return (
            f"ConnectRequestInfo(url={masked_url(self.url)!r}, method={self.method!r}, "
            f"headers={masked_headers(self.headers)!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only view cannot be pickled; the copy is one again.
        return _request_info, (self.url, self.method, self.headers.copy(), self.real_url)


def _request_info(
    url: URL, method: str, headers: CIMultiDict[str], real_url: URL
) -> ConnectRequestInfo:
    return ConnectRequestInfo(url, method, CIMultiDictProxy(headers), real_url)


class ConnectHandshake:
    """One CONNECT request and its answer, which may arrive in pieces of any size.

    `fields` come after Host in their order, a Host among them takes its place. `authorization` is
    the value of Proxy-Authorization; it comes last and instead of one among `fields`.

    Raises `LocalProtocolError` for what must not be written (SEC-2).
    """

    request_info: ConnectRequestInfo
    """What an error tells of the request."""

    def __init__(
        self,
        host: str,
        port: int,
        fields: Iterable[tuple[str, str]] = (),
        authorization: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        host = host.partition("%")[0]  # a zone names an interface of this machine
        bracketed = f"[{host}]" if ":" in host else host
        authority = f"{bracketed}:{port}"
        host_field = bracketed if port == DEFAULT_PORT else authority
        headers = _headers(host_field, fields, authorization)
        self._request = write_request_head("CONNECT", authority, headers.items())
        url = URL.build(scheme="https", authority=host_field, encoded=True)
        self.request_info = ConnectRequestInfo(url, "CONNECT", CIMultiDictProxy(headers), url)
        self._is_done = False
        self._limits = limits
        self._reader = ResponseHeadReader(limits)
        self._informational = 0

    @property
    def is_done(self) -> bool:
        """Whether the tunnel is open."""
        return self._is_done

    @property
    def has_begun(self) -> bool:
        """Whether the proxy has said anything."""
        return self._informational > 0 or self._reader.has_begun

    def start(self) -> bytes:
        """The request."""
        return self._request

    def receive(self, data: bytes) -> bytes:
        """Take the proxy's next bytes. There is never anything to send in return.

        Raises `ClientHttpProxyError` for an answer other than 200, whose body is not waited for,
        and `RemoteProtocolError` for what is no response head, for too many of them, and for bytes
        after a 200: the target cannot have sent them, as nobody has spoken to it yet (SEC-59).
        """
        while data and not self._is_done:
            head = self._reader.feed(data)
            if head is None:
                break
            data = self._reader.surplus
            if head.status >= 200 or head.status == 101:
                self._take_answer(head, data)
            else:
                self._skip_informational()
        return b""

    def _take_answer(self, head: ResponseHead, surplus: bytes) -> None:
        if head.status != 200:
            raise ClientHttpProxyError(
                self.request_info,
                (),
                status=head.status,
                message=head.reason,
                headers=head.headers,
            )
        if surplus:
            raise RemoteProtocolError(
                f"expected nothing after the answer to CONNECT, got {quote(surplus)}"
            )
        self._is_done = True

    def _skip_informational(self) -> None:
        self._informational += 1
        limit = self._limits.max_informational
        if self._informational > limit:
            raise LineTooLong("the run of 1xx responses", limit, self._informational)
        self._reader = ResponseHeadReader(self._limits)


def _headers(
    host_field: str, fields: Iterable[tuple[str, str]], authorization: str | None
) -> CIMultiDict[str]:
    given = CIMultiDict(fields)
    # A caller's Host stays one, and first (S-380).
    headers = CIMultiDict({"Host": given.popall("Host", [host_field])[0]})
    if authorization is not None:
        given.popall("Proxy-Authorization", None)
    headers.extend(given)
    if authorization is not None:
        headers.add("Proxy-Authorization", authorization)
    if declared_body_length(headers) is not None:
        raise LocalProtocolError(
            "the fields for a proxy announce a body (Content-Length or Transfer-Encoding); "
            "CONNECT has none"
        )
    return headers
