"""The wait for the peer's close frame."""

import asyncio

import pytest

from wherry_websocket._closing import PeerClosed


async def test_a_wait_ends_when_it_is_told() -> None:
    """S-261; being told again does no harm."""
    closed = PeerClosed(asyncio.get_running_loop())
    closed.tell()  # nobody waits yet
    task = asyncio.create_task(closed.wait(None))
    await asyncio.sleep(0)
    assert not task.done()

    closed.tell()
    closed.tell()
    await task


async def test_a_wait_ends_with_its_limit() -> None:
    """S-262: the text says which."""
    closed = PeerClosed(asyncio.get_running_loop())

    with pytest.raises(TimeoutError, match=r"within 0.001 s \(limit: ws_close\)"):
        await closed.wait(0.001)
    closed.tell()


async def test_a_cancelled_wait_leaves_no_timer() -> None:
    """S-263."""
    closed = PeerClosed(asyncio.get_running_loop())
    task = asyncio.create_task(closed.wait(3600))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    closed.tell()
