"""Opening a WebSocket: the handshake as a request, then the connection for frames.

RFC 6455 §4.1. The checks are those of wherry-websocket; here they meet the session.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from wherry_errors import WSServerHandshakeError, warn_caller
from wherry_websocket import (
    DEFAULT_MAX_MSG_SIZE,
    Accepted,
    ClientWebSocketResponse,
    ClientWSTimeout,
    HandshakeRefused,
    Incoming,
    check_handshake,
    handshake_fields,
    make_key,
)

from ._fields import as_headers
from ._options import RequestOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from ssl import SSLContext

    from multidict import CIMultiDict

    from wherry_pool import SSLSetting, UpgradedConnection

    from ._middleware import Middleware
    from ._response import ClientResponse
    from .auth import BasicAuth
    from .typedefs import LooseCookies, LooseHeaders, Query, StrOrURL

    Request = Callable[[str, StrOrURL, RequestOptions], Awaitable[ClientResponse]]


class WSOptions(TypedDict, total=False):
    """What `ClientSession.ws_connect` takes besides the URL."""

    method: str
    protocols: Sequence[str]
    timeout: ClientWSTimeout | float
    receive_timeout: float | None
    autoclose: bool
    autoping: bool
    heartbeat: float | None
    auth: BasicAuth | None
    origin: str | None
    params: Query
    headers: LooseHeaders | None
    cookies: LooseCookies | None
    proxy: StrOrURL | None
    proxy_auth: BasicAuth | None
    proxy_headers: LooseHeaders | None
    ssl: SSLSetting | None
    verify_ssl: bool | None
    fingerprint: bytes | None
    ssl_context: SSLContext | None
    server_hostname: str | None
    middlewares: Sequence[Middleware] | None
    trace_request_ctx: object
    compress: int
    max_msg_size: int
    decode_text: bool


async def connect(
    request: Request,
    url: StrOrURL,
    options: WSOptions,
    response_class: type[ClientWebSocketResponse],
    ceil_threshold: float = 5.0,
) -> ClientWebSocketResponse:
    """An open WebSocket; `WSServerHandshakeError` if the server does not want one (S-216)."""
    unknown = options.keys() - WSOptions.__annotations__.keys()
    if unknown:
        names = ", ".join(sorted(unknown))
        raise TypeError(f"ws_connect() got an unexpected keyword argument: {names}")
    timeout = _timeout_of(options)
    protocols = options.get("protocols", ())
    compress = options.get("compress", 0)
    key = make_key()
    headers = _with_handshake(
        as_headers(options.get("headers")),
        handshake_fields(key, protocols=protocols, origin=options.get("origin"), compress=compress),
    )
    response = await request(options.get("method", "GET"), url, _request_options(options, headers))
    try:
        accepted = check_handshake(
            response.status, response.headers, key, protocols=protocols, compress=compress
        )
        transport = response.take_over()
    except HandshakeRefused as error:
        response.close()
        raise WSServerHandshakeError(
            response.request_info,
            response.history,
            status=response.status,
            message=str(error),
            headers=response.headers,
        ) from error
    except BaseException:
        response.close()
        raise
    try:
        return _open(
            response_class, transport, response, accepted, timeout, options, ceil_threshold
        )
    except BaseException:
        transport.abort()
        raise


def _timeout_of(options: WSOptions) -> ClientWSTimeout:
    """The limits of the socket; a number and `receive_timeout` are deprecated (S-222)."""
    timeout = options.get("timeout", ClientWSTimeout())
    if not isinstance(timeout, ClientWSTimeout):
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout must be a ClientWSTimeout, got {type(timeout).__name__}")
        warn_caller(f"timeout={timeout} is deprecated: write ClientWSTimeout(ws_close={timeout})")
        timeout = ClientWSTimeout(ws_close=timeout)
    receive = options.get("receive_timeout")
    if receive is not None:
        warn_caller("receive_timeout is deprecated: write timeout=ClientWSTimeout(ws_receive=…)")
        timeout = replace(timeout, ws_receive=receive)
    return timeout


def _open(
    response_class: type[ClientWebSocketResponse],
    transport: UpgradedConnection,
    response: ClientResponse,
    accepted: Accepted,
    timeout: ClientWSTimeout,
    options: WSOptions,
    ceil_threshold: float,
) -> ClientWebSocketResponse:
    return response_class(
        Incoming(
            transport,
            server_notakeover=accepted.server_notakeover,
            max_msg_size=options.get("max_msg_size", DEFAULT_MAX_MSG_SIZE),
            decode_text=options.get("decode_text", True),
            timeout_ceil_threshold=ceil_threshold,
        ),
        transport,
        accepted.protocol,
        response,
        timeout,
        options.get("autoclose", True),
        options.get("autoping", True),
        asyncio.get_running_loop(),
        heartbeat=options.get("heartbeat"),
        compress=accepted.compress,
        client_notakeover=accepted.client_notakeover,
    )


def _with_handshake(given: CIMultiDict[str], fields: list[tuple[str, str]]) -> CIMultiDict[str]:
    """The caller's fields, then those of the handshake that the caller did not give (S-215)."""
    given.popall("Sec-WebSocket-Key", None)
    for name, value in fields:
        if name not in given:
            given.add(name, value)
    return given


def _request_options(options: WSOptions, headers: CIMultiDict[str]) -> RequestOptions:
    # A status other than 101 is a refused handshake, whatever the session does about statuses.
    result: RequestOptions = {
        "headers": headers,
        "read_until_eof": False,
        "raise_for_status": False,
    }
    given: dict[str, Any] = dict(options)  # Any: values of several types, each with its name
    for name in _PASSED_ON:
        if name in given:
            result[name] = given[name]  # type: ignore[literal-required]  # names of both dicts
    if result.get("ssl", True) is None:
        warn_caller("ssl=None is deprecated for ws_connect(): write ssl=True, or leave it out")
    return result


_PASSED_ON = WSOptions.__annotations__.keys() & RequestOptions.__annotations__.keys() - {
    "compress",
    "headers",
    "timeout",
}
"""Arguments that mean for the handshake what they mean for any request."""
