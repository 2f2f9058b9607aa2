"""Must type-check: connectors, resolvers, jars, tracing, middlewares and their types."""

import socket
from types import SimpleNamespace
from typing import assert_type

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from wherry import (
    AddrInfoType,
    ClientConnectorError,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    CookieJar,
    DigestAuthMiddleware,
    DummyCookieJar,
    Middleware,
    RequestInfo,
    ServerTimeoutError,
    TCPConnector,
    ThreadedResolver,
    TraceConfig,
    TraceDnsCacheHitParams,
    TraceRequestEndParams,
    TraceRequestExceptionParams,
    TraceRequestStartParams,
    UnixConnector,
)
from wherry.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from wherry.payload import Payload


class FixedResolver(AbstractResolver):
    """A resolver of one's own."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Always the same."""
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


def make_socket(info: AddrInfoType) -> socket.socket:
    """A socket of one's own."""
    return socket.socket(info[0], info[1], info[2])


def connectors() -> None:
    """What they take and tell."""
    connector = TCPConnector(
        limit=10,
        limit_per_host=2,
        ttl_dns_cache=None,
        resolver=FixedResolver(),
        local_addr=("127.0.0.1", 0),
        family=socket.AF_INET6,
        happy_eyeballs_delay=None,
        socket_factory=make_socket,
        ssl=False,
        keepalive_timeout=1.0,
    )
    TCPConnector(resolver=ThreadedResolver())
    TCPConnector(limit="10")  # type: ignore[arg-type]
    UnixConnector("/path", force_close=True)
    assert_type(connector.limit, int)
    assert_type(connector.closed, bool)
    ClientSession(connector=connector, connector_owner=False)


async def closing(connector: TCPConnector) -> None:
    """Both ways."""
    assert_type(await connector.close(), None)
    async with TCPConnector() as entered:
        assert_type(entered, TCPConnector)


def jars() -> None:
    """Both can be given to a session."""
    jar = CookieJar(unsafe=True, treat_as_secure_origin=[URL("http://h")])
    jar.update_cookies({"a": "1"}, URL("http://h/"))
    jar.clear_domain("h")
    assert_type(len(jar), int)
    ClientSession(cookie_jar=jar)
    ClientSession(cookie_jar=DummyCookieJar())


async def on_start(
    session: ClientSession, context: SimpleNamespace, params: TraceRequestStartParams
) -> None:
    """A handler as users write it: the session first."""
    assert_type(params.method, str)
    assert_type(params.url, URL)
    assert_type(params.headers, CIMultiDict[str])


async def on_end(
    session: ClientSession, context: SimpleNamespace, params: TraceRequestEndParams
) -> None:
    """What the response of a signal tells."""
    assert_type(params.response.status, int)


async def on_exception(
    session: ClientSession, context: SimpleNamespace, params: TraceRequestExceptionParams
) -> None:
    """What went wrong."""
    assert_type(params.exception, BaseException)


async def on_hit(
    session: ClientSession, context: SimpleNamespace, params: TraceDnsCacheHitParams
) -> None:
    """A name that was remembered."""
    assert_type(params.host, str)


def tracing() -> ClientSession:
    """Handlers in their places, and one that is not."""
    config = TraceConfig()
    config.on_request_start.append(on_start)
    config.on_request_end.append(on_end)
    config.on_request_exception.append(on_exception)
    config.on_dns_cache_hit.append(on_hit)
    config.on_request_start.append(on_hit)  # type: ignore[arg-type]  # of another signal
    return ClientSession(trace_configs=[config])


async def adding(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """What a middleware sees of a request."""
    assert_type(request.method, str)
    assert_type(request.url, URL)
    assert_type(request.headers, CIMultiDict[str])
    assert_type(request.timeout, ClientTimeout)
    assert_type(request.is_ssl(), bool)
    await request.update_body(b"x")
    response = await handler(request)
    assert_type(response, ClientResponse)
    return response


_own: ClientMiddlewareType = adding
_digest: Middleware = DigestAuthMiddleware("u", "p", preemptive=False)


async def wrong(request: ClientRequest) -> ClientResponse:
    """A handler is no middleware."""
    raise NotImplementedError


_wrong: ClientMiddlewareType = wrong  # type: ignore[assignment]


async def errors(session: ClientSession) -> None:
    """What errors tell."""
    try:
        await session.get("/")
    except ClientResponseError as error:
        assert_type(error.status, int)
        assert_type(error.message, str)
        assert_type(RequestInfo(URL(), "GET", CIMultiDictProxy(CIMultiDict())).real_url, URL)
    except ServerTimeoutError as error:
        _timeout: TimeoutError = error
    except ClientConnectorError as error:
        assert_type(error.host, str)
        assert_type(error.port, int | None)
        assert_type(error.os_error, OSError)


async def writing(payload: Payload, writer: AbstractStreamWriter) -> None:
    """A payload can be written to any stream writer."""
    await payload.write(writer)
    assert_type(payload.size, int | None)
    assert_type(writer.length, int | None)
