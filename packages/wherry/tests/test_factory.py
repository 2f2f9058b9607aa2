"""`_factory`: calls without arguments are planned once."""

from collections.abc import Callable

import pytest

from wherry import ClientSession
from wherry._factory import MAX_TEMPLATES
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


async def test_a_plan_is_made_once_per_method_and_url(fake: Fake) -> None:
    """S-366: and is the same on the wire."""
    session, connector = fake()
    factory = session._factory
    assert factory.template("GET", "http://h/") is factory.template("GET", "http://h/")
    assert factory.template("GET", "http://h/") is not factory.template("HEAD", "http://h/")
    for _ in range(3):
        await session.get("http://h/")
    assert len({request.raw for request in connector.requests}) == 1


async def test_a_plan_is_made_anew_when_cookies_or_headers_have_changed(fake: Fake) -> None:
    """SEC-30."""
    session, _ = fake()
    factory = session._factory
    first = factory.template("GET", "http://h/")
    session.headers["X"] = "1"
    second = factory.template("GET", "http://h/")
    session.cookie_jar.update_cookies({"a": "1"})
    third = factory.template("GET", "http://h/")
    assert first is not second is not third
    assert "Cookie" in third.request.headers


async def test_plans_are_bounded(fake: Fake) -> None:
    """Memory of a session that asks for ever new URLs stays bounded."""
    session, _ = fake()
    for number in range(MAX_TEMPLATES + 10):
        session._factory.template("GET", f"http://h/{number}")
    assert MAX_TEMPLATES // 2 < len(session._factory._templates) <= MAX_TEMPLATES


@pytest.mark.parametrize("host", ["<", "a b", "u@h", "u:p@h", "h:x", "h/x", "[::1", "é"])
async def test_a_host_that_is_none_is_refused(fake: Fake, host: str) -> None:
    """SEC-1, SEC-3: before any connection is made."""
    session, connector = fake()
    with pytest.raises(ValueError, match="Host") as caught:
        await session.get("http://h/", headers={"Host": host})

    assert "u:p" not in str(caught.value)
    assert connector.transports == []


async def test_heads_of_many_urls_are_made_from_one_template(fake: Fake) -> None:
    """S-378: only the target, Host, Cookie, Authorization and the length are a request's own."""
    session, connector = fake()
    for number in range(3):
        await session.get(f"http://h{number}/", headers={"X-A": "1"})
        await session.post(f"http://h{number}/", data=b"x" * number)
    assert len(session._factory._heads) == 2
    posts = [request.head for request in connector.requests if request.head.startswith(b"POST")]
    assert [b"\r\nContent-Length: %d\r\n" % n in head for n, head in enumerate(posts)] == [True] * 3


async def test_calls_with_a_body_alone_follow_a_pattern(fake: Fake) -> None:
    """S-378, S-387: only the body and its length differ, and no body is kept in memory."""
    session, connector = fake()
    for number in range(3):
        await session.post("http://h/", json={"n": 10**number})
    heads = [request.head for request in connector.requests]
    assert [request.body for request in connector.requests] == [
        b'{"n": 1}', b'{"n": 10}', b'{"n": 100}'
    ]  # fmt: skip
    assert heads[2] == heads[0].replace(b"Content-Length: 8", b"Content-Length: 10")
    (pattern,) = session._factory._patterns.values()
    assert pattern.request.payload is None
    assert pattern.request.source.body is None


async def test_a_pattern_is_made_anew_when_cookies_or_headers_have_changed(fake: Fake) -> None:
    """SEC-30."""
    session, connector = fake()
    await session.post("http://h/", data=b"x")
    session.headers["X"] = "1"
    await session.post("http://h/", data=b"x")
    session.cookie_jar.update_cookies({"a": "1"})
    await session.post("http://h/", data=b"x")
    first, second, third = (request.head for request in connector.requests)
    assert b"\r\nX: 1\r\n" not in first
    assert b"\r\nX: 1\r\n" in second
    assert b"\r\nCookie: a=1\r\n" in third


async def test_a_redirect_takes_the_body_of_the_call_along(fake: Fake) -> None:
    """S-437, S-439: not that of the call whose pattern it followed."""

    def answer(head: bytes, body: bytes) -> bytes:
        if b" /a " in head:
            return response_bytes(status=307, headers={"Location": "/b"})
        return response_bytes(b"ok")

    session, connector = fake(answer)
    for body in (b"first", b"second"):
        await session.post("http://h/a", data=body)
    assert [request.body for request in connector.requests] == [
        b"first", b"first", b"second", b"second"
    ]  # fmt: skip


async def test_what_is_told_of_a_request_is_what_was_sent(fake: Fake) -> None:
    """S-412: also of one made after a pattern."""
    session, _ = fake()
    for body in (b"x", b"xyz"):
        response = await session.post("http://h/", data=body)
        assert response.request_info.headers["Content-Length"] == str(len(body))
