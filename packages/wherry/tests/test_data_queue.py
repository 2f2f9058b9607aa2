"""`_data_queue`: queues of one reader."""

import asyncio

import pytest

from wherry import DataQueue, EofStream, FlowControlDataQueue


@pytest.fixture
async def queue() -> DataQueue[int]:
    """An empty one."""
    return DataQueue(asyncio.get_running_loop())


async def test_items_come_in_their_order_and_then_the_end(queue: DataQueue[int]) -> None:
    """S-102."""
    queue.feed_data(1)
    queue.feed_data(2)
    queue.feed_eof()
    assert (len(queue), queue.is_eof(), queue.at_eof()) == (2, True, False)
    assert [await queue.read(), await queue.read()] == [1, 2]
    with pytest.raises(EofStream):
        await queue.read()
    assert queue.at_eof()


async def test_a_read_waits_for_an_item(queue: DataQueue[int]) -> None:
    """S-102."""
    reading = asyncio.create_task(queue.read())
    await asyncio.sleep(0)
    queue.feed_data(1)
    assert await reading == 1


async def test_iterating_ends_at_the_end(queue: DataQueue[int]) -> None:
    """S-102."""
    queue.feed_data(1)
    queue.feed_eof()
    assert [item async for item in queue] == [1]


async def test_a_failure_comes_after_the_items_before_it(queue: DataQueue[int]) -> None:
    """S-102."""
    failure, cause = ValueError("x"), OSError("y")
    queue.feed_data(1)
    queue.set_exception(failure, cause)
    assert await queue.read() == 1
    with pytest.raises(ValueError, match="x") as caught:
        await queue.read()
    assert caught.value.__cause__ is cause
    assert queue.exception() is failure


async def test_a_second_reader_is_refused(queue: DataQueue[int]) -> None:
    """S-102."""
    reading = asyncio.create_task(queue.read())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await queue.read()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    queue.feed_data(1)
    assert await queue.read() == 1


class Source:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


async def test_flow_control_pauses_above_twice_the_limit() -> None:
    """S-102."""
    source = Source()
    with pytest.deprecated_call():
        queue: FlowControlDataQueue[bytes] = FlowControlDataQueue(
            source, 2, loop=asyncio.get_running_loop()
        )
    queue.feed_data(b"1234", 4)
    assert source.calls == []
    queue.feed_data(b"5", 1)
    queue.feed_data(b"6", 1)
    assert source.calls == ["pause"]
    assert await queue.read() == b"1234"
    assert source.calls == ["pause", "resume"]
    assert await queue.read() == b"5"
