"""Telling how far a body has come."""

import asyncio
from typing import Any

from wherry_pool import Progress


async def test_callback_gets_size_and_total() -> None:
    """The total may be unknown."""
    seen: list[tuple[int, int | None]] = []
    loop = asyncio.get_running_loop()
    known = Progress(lambda size, total: seen.append((size, total)), 10, loop)
    unknown = Progress(lambda size, total: seen.append((size, total)), None, loop)

    known.tell(4)
    known.tell(10)
    unknown.tell(4)

    assert seen == [(4, 10), (10, 10), (4, None)]


async def test_callback_that_raises_is_reported_once_and_left_alone() -> None:
    """It must not disturb the transfer, and is not hidden."""
    contexts: list[dict[str, Any]] = []
    calls: list[int] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: contexts.append(context))

    def fail(size: int, total: int | None) -> None:
        calls.append(size)
        raise KeyError("no such bar")

    progress = Progress(fail, 2, loop)
    progress.tell(1)
    progress.tell(2)

    assert calls == [1]
    assert [type(context["exception"]) for context in contexts] == [KeyError]
    assert "progress callback" in contexts[0]["message"]
