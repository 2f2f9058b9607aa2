"""Fixtures of this package: a session whose far end is a function."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from wherry import ClientSession
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
OK = response_bytes(b"ok")


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    """Make a session over a `FakeConnector`; `answer` is its function, or one response for all.

    Whatever a test does, nothing may be acquired at its end (SEC-36).
    """
    made: list[tuple[ClientSession, FakeConnector]] = []

    def make(
        answer: Any = OK,
        *,
        refuse: Exception | None = None,
        limit: int = 100,
        force_close: bool = False,
        **settings: Any,
    ) -> tuple[ClientSession, FakeConnector]:
        function = answer if callable(answer) else lambda head, body: answer
        connector = FakeConnector(function, refuse=refuse, limit=limit, force_close=force_close)
        session = ClientSession(connector=connector, **settings)
        made.append((session, connector))
        return session, connector

    yield make
    left = [connector for _, connector in made if connector.in_use and not connector.closed]
    for session, connector in made:
        await session.close()
        await connector.close()
    assert left == []


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Let the loop turn until a condition is true."""

    async def wait(condition: Callable[[], object]) -> None:
        for _ in range(100_000):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError("what was awaited did not happen")

    return wait


@pytest.fixture
def threads_done() -> Callable[[], Awaitable[None]]:
    """Wait for the threads that close files."""

    async def wait() -> None:
        await asyncio.get_running_loop().shutdown_default_executor()

    return wait
