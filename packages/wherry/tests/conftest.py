"""Fixtures of this package: a session whose far end is a function."""

from collections.abc import AsyncIterator, Callable

import pytest

from wherry import ClientSession
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Make a session over a `FakeConnector`; `answer` is its function, or one response for all.

    Whatever a test does, nothing may be acquired at its end (SEC-36).
    """
    made: list[tuple[ClientSession, FakeConnector]] = []

    def make(
        answer: object = response_bytes(b"ok"),
        *,
        refuse: Exception | None = None,
        limit: int = 100,
        force_close: bool = False,
        **settings: object,
    ) -> tuple[ClientSession, FakeConnector]:
        function = answer if callable(answer) else lambda head, body: answer
        connector = FakeConnector(function, refuse=refuse, limit=limit, force_close=force_close)
        session = ClientSession(connector=connector, **settings)  # type: ignore[arg-type]  # passed on
        made.append((session, connector))
        return session, connector

    yield make
    for session, connector in made:
        assert connector.in_use == 0 or connector.closed
        await session.close()
        await connector.close()
