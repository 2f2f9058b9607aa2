"""`wherry.request()`: one request without a session."""

from collections.abc import AsyncIterator

import pytest

import wherry
from wherry import ClientConnectionError
from wherry.testing import FakeConnector, LoopbackServer, response_bytes
from wherry_codec.testing import ResponsePlan


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    """Answers ok."""
    async with LoopbackServer(lambda request, body: ResponsePlan(body=b"ok")) as server:
        yield server


async def test_one_request_and_everything_is_closed(server: LoopbackServer) -> None:
    """S-489."""
    async with wherry.request("GET", server.url, params={"a": "1"}) as response:
        assert await response.text() == "ok"
        assert response.url.query_string == "a=1"
        assert response.request_info.headers["Connection"] == "close"
    assert response.closed


async def test_the_response_is_closed_not_released() -> None:
    """S-489: its connection does not go back to a connector that was given; that one stays open."""
    connector = FakeConnector(lambda head, body: response_bytes(b"x" * 100))
    async with wherry.request("GET", "http://h/", connector=connector):
        pass
    assert not connector.closed
    assert connector.in_use == 0
    await connector.close()


async def test_a_failure_closes_the_session_too() -> None:
    """S-489: no warning about an unclosed one."""
    with pytest.raises(ClientConnectionError):
        async with wherry.request("GET", "http://127.0.0.1:1/"):
            pass


async def test_cookies_go_to_the_session_of_the_request() -> None:
    """S-489: they are shared cookies, and survive a redirect to another origin."""
    seen: list[bytes] = []

    def answer(head: bytes, body: bytes) -> bytes:
        seen.append(head)
        if len(seen) == 1:
            return response_bytes(status=302, headers={"Location": "http://other/"})
        return response_bytes(b"ok")

    connector = FakeConnector(answer)
    async with wherry.request("GET", "http://h/", connector=connector, cookies={"a": "1"}):
        pass
    assert [b"Cookie: a=1\r\n" in head for head in seen] == [True, True]
    await connector.close()


async def test_version_and_arguments_are_those_of_a_session() -> None:
    """S-489."""
    connector = FakeConnector(lambda head, body: response_bytes(b"ok"))
    async with wherry.request(
        "POST", "http://h/", data=b"x", version=wherry.HttpVersion10, connector=connector
    ):
        pass
    assert connector.requests[0].head.startswith(b"POST / HTTP/1.0\r\n")
    with pytest.raises(TypeError, match="no_such"):
        async with wherry.request("GET", "http://h/", no_such=1, connector=connector):  # type: ignore[call-arg]
            pass
    await connector.close()
