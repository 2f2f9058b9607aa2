"""`_stages.retry`: a request whose connection died is sent once more, if that does no harm."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from wherry import (
    ClientConnectorError,
    ClientOSError,
    ClientSession,
    ServerDisconnectedError,
    TCPConnector,
)
from wherry._stages.retry import IDEMPOTENT_METHODS
from wherry.testing import FakeConnector, LoopbackServer, RawPlan, ResponsePlan, response_bytes
from wherry_codec import Request

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
METHODS = [*sorted(IDEMPOTENT_METHODS), "get", "POST", "PATCH", "X-OWN"]


def failing(times: int, how: bytes | OSError = b"") -> Callable[[bytes, bytes], bytes]:
    """Hang up, or raise, so many times, then answer."""
    left = [how] * times

    def answer(head: bytes, body: bytes) -> bytes:
        if not left:
            return response_bytes(b"ok")
        failure = left.pop()
        if isinstance(failure, OSError):
            raise failure
        return failure

    return answer


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("how", [b"", ConnectionResetError(errno.ECONNRESET, "reset")], ids=repr)
async def test_an_idempotent_request_is_sent_once_more(
    fake: Fake, method: str, how: bytes | OSError
) -> None:
    """S-451, S-452, S-454, S-368, DECISIONS C-02."""
    session, connector = fake(failing(1, how))
    expected = ClientOSError if how else ServerDisconnectedError

    if method.upper() in IDEMPOTENT_METHODS:
        assert (await session.request(method, "http://h/")).status == 200
        assert len(connector.transports) == 2
    else:
        with pytest.raises(expected):
            await session.request(method, "http://h/")
        assert len(connector.transports) == 1


async def test_the_retry_does_not_take_another_idle_connection(fake: Fake) -> None:
    """S-451: what has been idle as long as the dead connection is likely to be dead as well."""
    made: list[FakeConnector] = []
    stale: list[bool] = []

    def answer(head: bytes, body: bytes) -> bytes:
        is_dead = bool(stale) and len(made[0].transports) == 2
        return b"" if is_dead else response_bytes(b"ok")

    session, connector = fake(answer)
    made.append(connector)
    await asyncio.gather(session.get("http://h/"), session.get("http://h/"))
    assert connector.idle == 2
    stale.append(True)

    async with session.get("http://h/") as response:
        assert response.status == 200

    assert len(connector.transports) == 3


@pytest.mark.parametrize(
    ("how", "error"),
    [(b"", ServerDisconnectedError), (ConnectionResetError(errno.ECONNRESET, "x"), ClientOSError)],
)
async def test_a_second_failure_is_raised(fake: Fake, how: Any, error: type[Exception]) -> None:
    """S-451, S-534, S-535."""
    session, connector = fake(failing(2, how))
    with pytest.raises(error) as caught:
        await session.get("http://h/")
    assert len(connector.requests) == 2
    assert connector.stats() == {}
    if isinstance(caught.value, OSError):
        assert caught.value.errno == errno.ECONNRESET


async def test_there_is_one_retry_per_call_redirects_included(fake: Fake) -> None:
    """S-451."""
    answers = [b"", response_bytes(status=302, headers={"Location": "/x"}), b"", response_bytes()]
    session, connector = fake(lambda head, body: answers.pop(0))
    with pytest.raises(ServerDisconnectedError):
        await session.get("http://h/")
    assert len(connector.requests) == 3


async def test_a_body_is_sent_again_whole_or_not_at_all(fake: Fake) -> None:
    """S-453, SEC-6."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"once"

    session, connector = fake(failing(1))
    await session.put("http://h/", data=b"content")
    assert [request.body for request in connector.requests] == [b"content"] * 2
    session, connector = fake(failing(1))
    with pytest.raises(ServerDisconnectedError):
        await session.put("http://h/", data=pieces())
    assert len(connector.requests) == 1


async def test_a_failure_to_connect_is_not_retried() -> None:
    """S-451."""
    async with LoopbackServer(lambda request, body: ResponsePlan()) as server:
        url = server.url
    async with ClientSession(connector=TCPConnector()) as session:
        with pytest.raises(ClientConnectorError):
            await session.get(url)


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 103 Early\r\n\r\n", b"HTTP/1."],
)
async def test_a_head_that_breaks_off_counts_as_a_dead_connection(
    fake: Fake, beginning: bytes
) -> None:
    """S-451, S-534."""
    answers = [RawPlan([beginning]), response_bytes()]
    session, _connector = fake(lambda head, body: answers.pop(0))
    assert (await session.get("http://h/")).status == 200


async def test_over_real_sockets_a_dead_idle_connection_is_no_error() -> None:
    """S-451: closed and reset."""
    requests: list[str] = []

    def handler(request: Request, body: bytes) -> ResponsePlan | RawPlan:
        requests.append(request.target)
        if request.target == "/reset" and requests.count("/reset") == 1:
            raise ConnectionResetError
        if request.target == "/close" and requests.count("/close") == 1:
            return RawPlan([])
        return ResponsePlan(body=b"ok")

    async with LoopbackServer(handler) as server, ClientSession(server.url) as session:
        for path in ("/first", "/reset", "/close"):
            async with session.get(path) as response:
                assert await response.read() == b"ok"
    assert requests == ["/first", "/reset", "/reset", "/close", "/close"]
