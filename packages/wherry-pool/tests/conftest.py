"""Fixtures of this package."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from wherry_pool import ConnectionKey
from wherry_pool.testing import ManualClock


@pytest.fixture
async def clock() -> AsyncIterator[ManualClock]:
    """Loop time that passes only when the test says so."""
    with ManualClock(asyncio.get_running_loop()) as manual:
        yield manual


@pytest.fixture
def key() -> ConnectionKey:
    """A place to connect to."""
    return ConnectionKey("example.com", 80, False)
