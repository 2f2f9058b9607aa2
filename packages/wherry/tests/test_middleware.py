"""`_middleware`: stages of a user's own around the sending."""

import errno
from collections.abc import Callable
from typing import Any

import pytest

from wherry import (
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    Handler,
    ServerDisconnectedError,
)
from wherry.testing import (
    FakeConnector,
    RawPlan,
    check_handler,
    check_middleware,
    response_bytes,
)

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


class Noting:
    """A middleware that notes when it begins and ends."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name = name
        self.log = log

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        self.log.append(f"{self.name} in")
        response = await handler(request)
        self.log.append(f"{self.name} out")
        return response


async def pass_on(request: ClientRequest, handler: Handler) -> ClientResponse:
    return await handler(request)


async def test_the_first_middleware_is_the_outermost(fake: Fake) -> None:
    """S-468."""
    log: list[str] = []
    session, _ = fake(middlewares=[Noting("a", log), Noting("b", log)])
    await session.get("http://h/")
    assert log == ["a in", "b in", "b out", "a out"]


async def test_middlewares_of_a_request_replace_the_sessions(fake: Fake) -> None:
    """S-468."""
    log: list[str] = []
    session, _ = fake(middlewares=[Noting("session", log)])
    await session.get("http://h/", middlewares=[Noting("request", log)])
    await session.get("http://h/", middlewares=())
    assert log == ["request in", "request out"]
    await session.get("http://h/", middlewares=None)
    assert log[2:] == ["session in", "session out"]


async def test_they_run_for_each_hop_and_each_attempt(fake: Fake) -> None:
    """S-449, S-455, S-469."""
    log: list[str] = []
    answers = [response_bytes(status=302, headers={"Location": "/x"}), b"", response_bytes()]
    session, _ = fake(lambda head, body: answers.pop(0), middlewares=[Noting("m", log)])
    await session.get("http://h/")
    assert log == ["m in", "m out", "m in", "m in", "m out"]


async def test_what_they_raise_before_sending_opens_no_connection(fake: Fake) -> None:
    """S-469, S-473."""

    async def refuse(request: ClientRequest, handler: Handler) -> ClientResponse:
        raise KeyError("own")

    session, connector = fake(middlewares=[refuse])
    with pytest.raises(KeyError, match="own"):
        await session.get("http://h/")
    assert connector.transports == []


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (OSError(errno.EIO, "x"), ClientOSError),
        (FileNotFoundError(errno.ENOENT, "x"), ClientOSError),
        (TimeoutError(), TimeoutError),
        (TimeoutError(errno.ETIMEDOUT, "x"), ClientOSError),
        (ClientOSError(1, "x"), ClientOSError),
        (ValueError("x"), ValueError),
    ],
)
async def test_errors_of_the_operating_system_become_client_errors(
    fake: Fake, error: Exception, becomes: type[Exception]
) -> None:
    """S-473: each with its errno and its cause."""

    async def fail(request: ClientRequest, handler: Handler) -> ClientResponse:
        raise error

    session, _ = fake(middlewares=[fail])
    with pytest.raises(becomes) as caught:
        await session.get("http://h/")
    assert caught.value is error or caught.value.__cause__ is error
    assert getattr(caught.value, "errno", None) == getattr(error, "errno", None)


async def test_a_dead_connection_seen_by_a_middleware_counts_for_the_retry(fake: Fake) -> None:
    """S-473, S-451."""
    tries: list[int] = []

    async def fail_once(request: ClientRequest, handler: Handler) -> ClientResponse:
        tries.append(1)
        if len(tries) == 1:
            raise ServerDisconnectedError
        return await handler(request)

    session, _ = fake(middlewares=[fail_once])
    assert (await session.get("http://h/")).status == 200


async def test_the_handler_may_be_called_several_times(fake: Fake) -> None:
    """S-470: the body is sent again, each time over a connection of its own."""

    async def twice(request: ClientRequest, handler: Handler) -> ClientResponse:
        (await handler(request)).release()
        return await handler(request)

    session, connector = fake(middlewares=[twice])
    await session.post("http://h/", data=b"body")
    assert [request.body for request in connector.requests] == [b"body", b"body"]
    await check_middleware(twice)


async def test_the_request_can_be_looked_at_and_changed(fake: Fake) -> None:
    """S-471, S-475: this one only."""
    seen: dict[str, Any] = {}

    async def change(request: ClientRequest, handler: Handler) -> ClientResponse:
        for name in ("method", "url", "original_url", "body", "session", "version", "host", "port",
                     "request_info", "timeout", "ssl", "server_hostname", "chunked",
                     "connection_key", "skip_auto_headers"):  # fmt: skip
            seen[name] = getattr(request, name)
        seen["cookie"] = request.headers["Cookie"]
        seen["is_ssl"] = request.is_ssl()
        request.headers["X-Own"] = "1"
        return await handler(request)

    session, connector = fake(middlewares=[change], cookies={"a": "1"})
    for _ in range(2):
        await session.get("https://h.example:81/p#f")
        assert connector.requests[-1].head.count(b"X-Own: 1\r\n") == 1

    assert (seen["method"], str(seen["url"]), seen["original_url"].fragment) == (
        "GET", "https://h.example:81/p", "f",
    )  # fmt: skip
    assert (seen["host"], seen["port"], seen["is_ssl"], seen["body"]) == (
        "h.example",
        81,
        True,
        b"",
    )
    assert seen["session"] is session
    assert seen["timeout"] == session.timeout
    assert seen["cookie"] == "a=1"
    await session.get("https://h.example:81/p#f", middlewares=())
    assert b"X-Own" not in connector.requests[-1].head


@pytest.mark.parametrize(
    "headers",
    [{"Content-Length": "1", "Transfer-Encoding": "chunked"}, {"Host": "a@b"}, {"X": "a\r\nb"}],
)
async def test_a_change_that_would_break_the_framing_is_refused(
    fake: Fake, headers: dict[str, str]
) -> None:
    """SEC-1, SEC-4: two framings never go out, whoever set them."""

    async def spoil(request: ClientRequest, handler: Handler) -> ClientResponse:
        request.headers.update(headers)
        return await handler(request)

    session, connector = fake(middlewares=[spoil])
    with pytest.raises(ValueError, match=r"exclude|userinfo|control"):
        await session.post("http://h/", data=b"x")
    assert connector.transports == []


async def test_a_session_can_be_used_inside(fake: Fake) -> None:
    """S-474."""

    async def log_in(request: ClientRequest, handler: Handler) -> ClientResponse:
        session = request.session
        assert isinstance(session, ClientSession)
        async with session.get("http://login/", middlewares=()) as response:
            request.headers["Authorization"] = await response.text()
        return await handler(request)

    session, connector = fake(response_bytes(b"token"), middlewares=[log_in])
    await session.get("http://h/")
    assert [request.key.host for request in connector.requests] == ["login", "h"]
    assert b"Authorization: token\r\n" in connector.requests[1].head


async def test_cookies_of_a_swallowed_response_are_not_stored(fake: Fake) -> None:
    """S-475."""
    answers = [response_bytes(headers={"Set-Cookie": name}) for name in ("a=1", "b=2")]

    async def swallow(request: ClientRequest, handler: Handler) -> ClientResponse:
        (await handler(request)).release()
        return await handler(request)

    session, _ = fake(lambda head, body: answers.pop(0), middlewares=[swallow])
    await session.get("http://h.example/")
    assert len(session.cookie_jar) == 1


async def test_the_check_tells_good_middlewares_from_bad_ones() -> None:
    await check_middleware(pass_on)
    await check_middleware(Noting("x", []))

    async def no_response(request: ClientRequest, handler: Handler) -> Any:
        (await handler(request)).release()

    async def keeps(request: ClientRequest, handler: Handler) -> ClientResponse:
        kept.append(await handler(request))
        return await handler(request)

    async def swallows(request: ClientRequest, handler: Handler) -> ClientResponse:
        try:
            return await handler(request)
        except BaseException:
            raise KeyError from None

    kept: list[ClientResponse] = []
    for bad in (no_response, swallows):
        with pytest.raises((AssertionError, AttributeError)):
            await check_middleware(bad)


async def test_a_handler_can_be_checked(fake: Fake) -> None:
    handlers: list[tuple[ClientRequest, Handler]] = []

    async def grab(request: ClientRequest, handler: Handler) -> ClientResponse:
        await check_handler(handler, request)
        handlers.append((request, handler))
        return await handler(request)

    session, _ = fake(middlewares=[grab])
    await session.get("http://h/")
    assert handlers

    broken = RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"])
    session, connector = fake(broken, middlewares=[grab])
    with pytest.raises(Exception, match="ended after"):
        await session.get("http://h/")
    assert connector.in_use == 0
