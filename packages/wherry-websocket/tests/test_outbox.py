"""Frames on their way out."""

import asyncio
from typing import Any

import pytest

from wherry_errors import ClientConnectionResetError
from wherry_websocket._outbox import BURST_LIMIT, UNWAITED_LIMIT, Outbox
from wherry_websocket.testing import MemoryTransport, memory_pair


async def make() -> tuple[Outbox, MemoryTransport]:
    near, _ = memory_pair(high_water=1 << 30)
    return Outbox(near, asyncio.get_running_loop()), near


async def test_one_write_in_a_turn_goes_out_at_once() -> None:
    """No delay for the common case."""
    outbox, transport = await make()
    outbox.write(b"a")
    assert transport.writes == [b"a"]

    await asyncio.sleep(0)
    outbox.write(b"b")
    assert transport.writes == [b"a", b"b"]


async def test_later_writes_of_a_turn_go_out_together() -> None:
    """In order."""
    outbox, transport = await make()
    for data in (b"a", b"b", b"c"):
        outbox.write(data)
    await asyncio.sleep(0)

    assert transport.writes == [b"a", b"bc"]


async def test_flush_empties_the_burst() -> None:
    """Before a transport is closed."""
    outbox, transport = await make()
    outbox.write(b"a")
    outbox.write(b"b")
    outbox.flush()
    outbox.flush()

    assert transport.writes == [b"a", b"b"]


async def test_a_burst_is_bounded() -> None:
    """A sender that never gives way to the loop."""
    outbox, transport = await make()
    for _ in range(10):
        outbox.write(bytes(BURST_LIMIT // 2))

    assert len(transport.writes) == 4


async def test_it_is_full_only_above_the_mark_and_64_kib() -> None:
    """S-256."""
    outbox, _ = await make()
    seen: list[bool] = []
    outbox.write(bytes(UNWAITED_LIMIT))
    outbox.pause()
    seen.append(outbox.is_full)
    outbox.write(b"x")
    seen.append(outbox.is_full)
    outbox.resume()
    seen.append(outbox.is_full)

    assert seen == [False, True, False]


async def test_after_a_wait_another_64_kib_may_be_written() -> None:
    """S-256."""
    outbox, _ = await make()
    outbox.pause()
    outbox.write(bytes(UNWAITED_LIMIT + 1))
    task = asyncio.create_task(outbox.wait())
    await asyncio.sleep(0)
    outbox.resume()
    await task
    outbox.pause()

    assert not outbox.is_full


async def test_a_cancelled_wait_leaves_the_others_waiting() -> None:
    """Cancellation may arrive at every await."""
    outbox, _ = await make()
    outbox.pause()
    tasks = [asyncio.create_task(outbox.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    outbox.resume()

    results: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1] is None


async def test_a_loss_is_told_to_those_who_wait() -> None:
    """S-255."""
    outbox, _ = await make()
    outbox.pause()
    task = asyncio.create_task(outbox.wait())
    await asyncio.sleep(0)
    outbox.connection_lost()

    with pytest.raises(ClientConnectionResetError, match="lost while a send waited"):
        await task
