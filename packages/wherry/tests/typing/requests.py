"""Must type-check: every keyword of a request, and what is refused."""

import io
import ssl
from collections.abc import AsyncIterator
from typing import Any, assert_type

from multidict import CIMultiDict, MultiDict
from yarl import URL

from wherry import (
    BasicAuth,
    BytesPayload,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWSTimeout,
    Fingerprint,
    FormData,
    Handler,
    HttpVersion10,
    MultipartWriter,
    TCPConnector,
    TraceConfig,
    encode_basic_auth,
    request,
)


async def check(response: ClientResponse) -> None:
    """A check of statuses of one's own."""


async def middleware(request: ClientRequest, handler: Handler) -> ClientResponse:
    """A middleware for one request."""
    return await handler(request)


async def pieces() -> AsyncIterator[bytes]:
    """A body that is made while it is sent."""
    yield b"x"


def charset(response: ClientResponse, body: bytes) -> str:
    """A guess of one's own."""
    return "utf-8"


def as_bytes(value: object) -> bytes:
    """An encoder of one's own."""
    return repr(value).encode()


def every_session_setting() -> ClientSession:
    """All that the constructor takes by name."""
    return ClientSession(
        "http://h/",
        connector=None,
        loop=None,
        cookies={"a": "1"},
        headers={"A": "1"},
        proxy=URL("http://p:1"),
        proxy_auth=BasicAuth("u", "p"),
        ssl=ssl.create_default_context(),
        skip_auto_headers=["User-Agent"],
        auth=BasicAuth("u"),
        json_serialize=str,
        json_serialize_bytes=as_bytes,
        request_class=ClientRequest,
        response_class=ClientResponse,
        version=HttpVersion10,
        cookie_jar=None,
        connector_owner=True,
        raise_for_status=check,
        timeout=ClientTimeout(total=1, connect=1, sock_read=1, sock_connect=1),
        auto_decompress=True,
        trust_env=False,
        requote_redirect_url=True,
        trace_configs=[TraceConfig()],
        read_bufsize=1,
        max_line_size=1,
        max_field_size=1,
        max_headers=1,
        max_body_size=1,
        fallback_charset_resolver=charset,
        middlewares=[middleware],
    )


async def every_request_keyword(session: ClientSession) -> None:
    """All that a request takes by name."""
    response = await session.post(
        URL("http://h/"),
        params=[("a", "1"), ("a", "2")],
        cookies={"a": "1"},
        headers=CIMultiDict(A="1"),
        skip_auto_headers=("Accept",),
        auth=BasicAuth("u", "p"),
        allow_redirects=False,
        max_redirects=1,
        compress="gzip",
        chunked=True,
        expect100=True,
        raise_for_status=check,
        read_until_eof=True,
        proxy="http://p:1",
        proxy_auth=BasicAuth("u", "p"),
        proxy_headers={"A": "1"},
        timeout=ClientTimeout(total=1, pool=1),
        ssl=Fingerprint(bytes(32)),
        server_hostname="h",
        trace_request_ctx={"id": 1},
        read_bufsize=1,
        auto_decompress=False,
        max_line_size=1,
        max_field_size=1,
        max_headers=1,
        max_body_size=1,
        middlewares=[middleware],
    )
    assert_type(response, ClientResponse)


async def every_kind_of_query(session: ClientSession) -> None:
    """What yarl takes."""
    await session.get("/", params="a=1")
    await session.get("/", params={"a": 1, "b": "x", "c": 1.5, "d": [1, 2]})
    await session.get("/", params=MultiDict(a="1"))
    await session.get("/", params=None)


async def every_kind_of_body(session: ClientSession) -> None:
    """What a payload can be made of."""
    await session.post("/", data=b"x")
    await session.post("/", data="x")
    await session.post("/", data={"a": "1"})
    await session.post("/", data=io.BytesIO())
    await session.post("/", data=pieces())
    await session.post("/", data=FormData({"a": "1"}))
    await session.post("/", data=BytesPayload(b""))
    await session.post("/", json=[1, None])
    with MultipartWriter() as writer:
        await session.post("/", data=writer)


async def every_method(session: ClientSession) -> None:
    """Each gives a response, awaited or entered."""
    for call in (session.get, session.head, session.options, session.delete):
        assert_type(await call("/"), ClientResponse)
    for call in (session.post, session.put, session.patch):
        async with call("/") as response:
            assert_type(response, ClientResponse)


async def what_is_refused(session: ClientSession) -> None:
    """Wrong names and wrong types."""
    await session.get("/", param="a")  # type: ignore[call-arg]  # params
    await session.get("/", timeout="1")  # type: ignore[arg-type]
    await session.get("/", headers=[1])  # type: ignore[list-item]
    await session.get("/", ssl="no")  # type: ignore[arg-type]
    await session.get(b"/")  # type: ignore[arg-type]
    await session.get("/", auth=("u", "p"))  # type: ignore[arg-type]  # BasicAuth("u", "p")
    await session.get("/", middlewares=[check])  # type: ignore[list-item]


async def alone() -> None:
    """`request()`, with the keywords of a request and three of the session."""
    async with request(
        "GET", "http://h/", params={"a": 1}, version=HttpVersion10, connector=None, loop=None
    ) as response:
        assert_type(response, ClientResponse)
        assert_type(await response.json(), Any)
    async with request("GET", "http://h/", connector=TCPConnector(), max_body_size=10) as response:
        assert_type(await response.read(), bytes)


async def web_sockets(session: ClientSession) -> None:
    """The keywords of `ws_connect`."""
    async with session.ws_connect(
        "ws://h/",
        method="GET",
        protocols=("a", "b"),
        timeout=ClientWSTimeout(ws_close=1, ws_receive=None),
        autoclose=True,
        autoping=False,
        heartbeat=1.0,
        origin="http://h",
        compress=15,
        max_msg_size=0,
        headers={"A": "1"},
    ) as ws:
        await ws.send_json({"a": 1})
        assert_type(await ws.receive_json(), Any)
        assert_type(ws.close_code, int | None)


assert_type(encode_basic_auth("u", "p"), str)
