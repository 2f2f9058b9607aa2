"""`_context`: the result of a call can be awaited or entered."""

import asyncio
import inspect
from collections.abc import Callable

import pytest

from wherry import ClientSession
from wherry._context import DONE
from wherry.testing import FakeConnector

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


async def test_a_call_is_a_coroutine(fake: Fake) -> None:
    """S-366."""
    session, _ = fake()
    call = session.get("http://h/")
    assert asyncio.iscoroutine(call)
    assert inspect.isawaitable(call)
    call.close()


async def test_a_call_can_be_stepped_like_a_coroutine(fake: Fake) -> None:
    """S-366."""
    session, connector = fake()
    call = session.get("http://h/")
    call.send(None)
    with pytest.raises(KeyError):
        call.throw(KeyError("thrown in"))
    call.close()
    await asyncio.sleep(0)
    assert connector.in_use == 0


async def test_yield_from_works_too(fake: Fake) -> None:
    session, _ = fake()
    steps = iter(session.get("http://h/"))
    assert next(steps) is None  # connecting takes a turn of the loop
    steps.close()


async def test_done_can_be_awaited_any_number_of_times() -> None:
    """S-403."""
    for _ in range(2):
        await DONE


async def test_leaving_a_block_that_was_never_entered_does_nothing(fake: Fake) -> None:
    session, _ = fake()
    call = session.get("http://h/")
    await call.__aexit__(None, None, None)
    call.close()
