"""`_stages.cookies`: cookies of every response reach the jar."""

from collections.abc import Callable

import pytest

from wherry import ClientResponseError, ClientSession
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


async def test_all_set_cookie_fields_are_stored(fake: Fake) -> None:
    """S-207."""
    headers = [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("Set-Cookie", "bad name=3")]
    session, connector = fake(response_bytes(headers=headers))
    await session.get("http://h.example/")
    await session.get("http://h.example/")
    assert b"\r\nCookie: a=1; b=2\r\n" in connector.requests[1].head


async def test_cookies_are_stored_before_a_bad_status_is_raised(fake: Fake) -> None:
    """S-207."""
    session, _ = fake(response_bytes(status=500, headers={"Set-Cookie": "a=1"}))
    with pytest.raises(ClientResponseError):
        await session.get("http://h.example/", raise_for_status=True)
    assert len(session.cookie_jar) == 1


async def test_a_response_without_cookies_leaves_the_jar_alone(fake: Fake) -> None:
    session, _ = fake()
    await session.get("http://h.example/")
    assert len(session.cookie_jar) == 0
