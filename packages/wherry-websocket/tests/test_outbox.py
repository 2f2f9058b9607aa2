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


async def test_the_first_write_goes_out_at_once() -> None:
    """No delay for the common case: an answer to what arrived."""
    outbox, transport = await make()
    outbox.write(b"a")
    assert transport.writes == [b"a"]

    outbox.begin_turn()
    outbox.write(b"b")
    assert transport.writes == [b"a", b"b"]


async def test_later_writes_of_a_turn_go_out_together() -> None:
    """In order, at the end of the turn; the next one goes out at once again."""
    outbox, transport = await make()
    for data in (b"a", b"b", b"c"):
        outbox.write(data)
    outbox.begin_turn()  # data arrived, but what was collected comes first
    outbox.write(b"d")
    await asyncio.sleep(0)
    outbox.write(b"e")

    assert transport.writes == [b"a", b"bcd", b"e"]


async def test_lone_writes_wait_for_the_end_of_the_turn_at_most() -> None:
    """Turns that end are not noticed, so every other write is taken for the second of its turn."""
    outbox, transport = await make()
    for number in range(6):
        outbox.write(b"%d" % number)
        await asyncio.sleep(0)
        assert len(transport.writes) == number + 1


async def test_a_large_write_is_not_joined_to_others() -> None:
    """Joining would copy it; the order stays."""
    outbox, transport = await make()
    large = bytes(BURST_LIMIT + 1)
    for data in (b"a", b"b", large, b"c", b"d"):
        outbox.write(data)
    await asyncio.sleep(0)

    assert [len(data) for data in transport.writes] == [1, 1, len(large), 2]
    assert transport.writes[2] is large


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
