"""Must type-check: what users write, and the types they get."""

from http.cookies import SimpleCookie
from typing import Any, assert_type

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from wherry import (
    BasicAuth,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    HttpVersion,
    RequestInfo,
    StreamReader,
)
from wherry.protocols import ConnectorProtocol, CookieJarProtocol


async def calls(session: ClientSession) -> None:
    """Each call can be awaited and entered."""
    assert_type(await session.get("http://h/"), ClientResponse)
    assert_type(await session.request("GET", URL("http://h/")), ClientResponse)
    assert_type(await session.post("http://h/", json={"a": 1}), ClientResponse)
    async with session.put("http://h/", data=b"x", params={"a": 1}, timeout=5) as response:
        assert_type(response, ClientResponse)
    async with session.get(
        "http://h/",
        headers=[("A", "1"), ("A", "2")],
        cookies={"a": "1"},
        auth=BasicAuth("u", "p"),
        timeout=ClientTimeout(total=1),
        ssl=False,
        max_body_size=1000,
    ):
        pass
    async with session.ws_connect("http://h/", protocols=["a"]) as ws:
        assert_type(ws.protocol, str | None)
    assert_type(type(ws).__mro__, tuple[type, ...])
    socket: ClientWebSocketResponse = await session.ws_connect("http://h/")
    await socket.send_str("x")


async def reading(response: ClientResponse) -> None:
    """What a response gives."""
    assert_type(await response.read(), bytes)
    assert_type(await response.text(), str)
    assert_type(await response.json(), Any)
    assert_type(response.status, int)
    assert_type(response.reason, str)
    assert_type(response.version, HttpVersion)
    assert_type(response.headers, CIMultiDictProxy[str])
    assert_type(response.cookies, SimpleCookie)
    assert_type(response.history, tuple[ClientResponse, ...])
    assert_type(response.request_info, RequestInfo)
    assert_type(response.url, URL)
    assert_type(response.charset, str | None)
    assert_type(response.content_length, int | None)


async def streaming(content: StreamReader) -> None:
    """What a stream gives."""
    assert_type(await content.read(10), bytes)
    assert_type(await content.readline(), bytes)
    assert_type(await content.readchunk(), tuple[bytes, bool])
    async for line in content:
        assert_type(line, bytes)
    async for piece in content.iter_chunked(10):
        assert_type(piece, bytes)
    async for chunk in content.iter_chunks():
        assert_type(chunk, tuple[bytes, bool])


def settings(session: ClientSession) -> None:
    """What a session tells."""
    assert_type(session.closed, bool)
    assert_type(session.connector, ConnectorProtocol | None)
    assert_type(session.cookie_jar, CookieJarProtocol)
    assert_type(session.headers, CIMultiDict[str])
    assert_type(session.timeout, ClientTimeout)
    assert_type(session.auth, BasicAuth | None)
