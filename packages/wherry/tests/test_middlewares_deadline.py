"""`middlewares._deadline`: how long a middleware may let a call wait."""

import asyncio
from collections.abc import Callable

import pytest

from wherry import (
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    Handler,
    TotalTimeoutError,
)
from wherry.middlewares._deadline import deadline_of, loop_time, within_total
from wherry.testing import FakeConnector

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


class Waiter:
    """A middleware that waits for ever, or a turn, and keeps what it sees."""

    def __init__(self, *, for_ever: bool = False) -> None:
        self.seen: list[ClientRequest] = []
        self._for_ever = for_ever

    async def __call__(self, request: ClientRequest, handler: Handler) -> ClientResponse:
        self.seen.append(request)
        async with within_total(request, loop_time(), "the moon"):
            await (asyncio.Event().wait() if self._for_ever else asyncio.sleep(0))
        return await handler(request)


@pytest.mark.parametrize(
    ("total", "expected"), [(3.0, 10.0), (None, float("inf")), (0, float("inf"))]
)
async def test_the_deadline_is_total_after_the_beginning(
    fake: Fake, total: float | None, expected: float
) -> None:
    """S-425: None and 0 switch a limit off."""
    waiter = Waiter()
    session, _ = fake(middlewares=[waiter], timeout=ClientTimeout(total=total))
    await session.get("http://h/")

    assert deadline_of(waiter.seen[0], 7.0) == expected


async def test_a_wait_beyond_the_deadline_says_what_it_was_for(fake: Fake) -> None:
    """S-434: it is no `ClientError`; it names phase, limit, elapsed time and host."""
    session, connector = fake(middlewares=[Waiter(for_ever=True)])

    with pytest.raises(TotalTimeoutError, match="it was waiting for the moon") as caught:
        await session.get("http://h/", timeout=0.001)
    error = caught.value
    assert (error.phase, error.limit, error.host) == ("total", 0.001, "h:80")
    assert error.elapsed is not None
    assert error.elapsed >= 0
    assert connector.requests == []


async def test_the_loop_has_the_time() -> None:
    before = asyncio.get_running_loop().time()

    assert before <= loop_time() <= asyncio.get_running_loop().time()
