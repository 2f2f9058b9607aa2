"""`_factory`: calls without arguments are planned once."""

from collections.abc import Callable

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
    assert len(session._factory._templates) == MAX_TEMPLATES
