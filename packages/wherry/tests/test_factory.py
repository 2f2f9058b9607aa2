"""`_factory`: calls without arguments are planned once."""

from collections.abc import Callable

import pytest

from wherry import ClientSession
from wherry._factory import MAX_TEMPLATES
from wherry.testing import FakeConnector

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
