"""What closing a connector returns."""

import asyncio

import pytest

from wherry_pool._closing import Closing


async def test_waits_for_the_end() -> None:
    """S-173."""
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(Closing(end))
    await asyncio.sleep(0)
    assert not waiting.done()

    end.set_result(None)

    await asyncio.wait_for(waiting, 10)


async def test_can_be_waited_for_in_every_way_a_coroutine_can() -> None:
    """It used to be one for everybody who calls `close()`."""
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    end.set_result(None)

    await Closing(end)
    await Closing(None)
    await asyncio.wait_for(Closing(end), 10)
    await asyncio.gather(Closing(end), Closing(None))
    await asyncio.get_running_loop().create_task(Closing(end))
    async with asyncio.TaskGroup() as group:
        group.create_task(Closing(end))


async def test_cancelling_who_waits_does_not_cancel_the_closing() -> None:
    """S-173: nothing is left half closed."""
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(Closing(end))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not end.cancelled()


async def test_dropping_it_is_deprecated() -> None:
    """S-178."""
    dropped = [Closing(None)]
    with pytest.warns(DeprecationWarning, match=r"await connector.close\(\)"):
        dropped.clear()


async def test_giving_up_before_the_start_is_no_dropping() -> None:
    """`close()` and `throw()` of a coroutine."""
    Closing(None).close()
    with pytest.raises(KeyError):
        Closing(None).throw(KeyError)
    with pytest.raises(KeyError):
        Closing(None).throw(KeyError())
