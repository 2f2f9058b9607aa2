"""Responses that came from nowhere, for tests of code that is handed one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, overload

from multidict import CIMultiDict

from wherry_codec import HttpVersion11, ResponseHeadReader
from wherry_pool.testing import FakeConnection, RecordingOwner

from .._request import ClientRequest, RequestSource
from .._response import ClientResponse
from .._settings import CallSettings
from .._target import TLS_SCHEMES, parse_url, resolve_target
from ._fake import response_bytes

if TYPE_CHECKING:
    from typing import TypeVar

    from ..typedefs import StrOrURL
    from ._fake import Fields

    R = TypeVar("R", bound=ClientResponse)

SCHEMES = frozenset({"http", "ws"}) | TLS_SCHEMES


@overload
def make_response(
    body: bytes = b"",
    status: int = 200,
    headers: Fields = (),
    *,
    method: str = ...,
    url: StrOrURL = ...,
    request_headers: Fields = (),
    history: tuple[ClientResponse, ...] = (),
) -> ClientResponse: ...
@overload
def make_response(
    body: bytes = b"",
    status: int = 200,
    headers: Fields = (),
    *,
    method: str = ...,
    url: StrOrURL = ...,
    request_headers: Fields = (),
    history: tuple[ClientResponse, ...] = (),
    response_class: type[R],
) -> R: ...
def make_response(
    body: bytes = b"",
    status: int = 200,
    headers: Fields = (),
    *,
    method: str = "GET",
    url: StrOrURL = "http://made.example/",
    request_headers: Fields = (),
    history: tuple[ClientResponse, ...] = (),
    response_class: type[ClientResponse] = ClientResponse,
) -> ClientResponse:
    """A complete response with `body`, to a request that was never sent. Needs a running loop.

    `body` is as it goes over the wire: a Content-Encoding in `headers` is undone by reading. It may
    be read, released and closed like any other; `response_class` is made as a session makes it.
    """
    source = RequestSource(method, parse_url(url), CIMultiDict(request_headers))
    target = resolve_target(source.url, method=method, allowed_schemes=SCHEMES, ssl=True)
    fields = CIMultiDict({"Host": target.host_field})
    fields.extend(source.headers)
    request = ClientRequest(source, target, fields, CallSettings(), version=HttpVersion11)
    loop = asyncio.get_running_loop()
    exchange = request.new_exchange(loop.create_future())
    exchange.waiter.set_result(None)
    exchange.started = exchange.completed_at = loop.time()
    exchange.head = ResponseHeadReader().feed(response_bytes(body, status, headers))
    exchange.body = body
    exchange.end()
    response = response_class(request, exchange, FakeConnection(RecordingOwner()))
    response.history = history
    return response
