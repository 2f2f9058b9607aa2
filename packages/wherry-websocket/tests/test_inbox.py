"""Received messages until somebody takes them."""

import asyncio

import pytest

from wherry_websocket import WS_CLOSING_MESSAGE, WSMessage, WSMsgType
from wherry_websocket._inbox import HIGH_WATER, LOW_WATER, Inbox


def text(data: str) -> WSMessage:
    return WSMessage(WSMsgType.TEXT, data, "")


async def test_messages_are_taken_in_order() -> None:
    """And counted while they wait."""
    inbox = Inbox(asyncio.get_running_loop())
    inbox.put([text("a"), text("b")])
    inbox.put([text("c")])
    assert inbox.unread > 3

    assert [inbox.take().data for _ in range(3)] == ["a", "b", "c"]
    assert (len(inbox.messages), inbox.unread) == (0, 0)


async def test_marks_are_the_queue_limit_and_its_double() -> None:
    """S-239."""
    assert (LOW_WATER, HIGH_WATER) == (65536, 131072)
    inbox = Inbox(asyncio.get_running_loop())
    seen: list[bool] = []
    for _ in range(2):
        inbox.put([text("x" * 65536)])
        seen.append(inbox.is_overfull)
    inbox.clear()
    seen.append(inbox.is_overfull)

    assert seen == [False, True, False]


async def test_a_waiter_is_woken_to_look_at_the_queue() -> None:
    """Nothing is taken for it, so a cancellation loses nothing."""
    inbox = Inbox(asyncio.get_running_loop())
    task = asyncio.create_task(inbox.wait(None))
    await asyncio.sleep(0)
    seen = [inbox.waiter is not None]
    inbox.put([text("a")])

    assert await task is None
    assert [*seen, inbox.waiter is not None] == [True, False]
    assert inbox.take() == text("a")


async def test_a_waiter_can_be_given_a_message_before_the_queue() -> None:
    """S-264; without a waiter nothing happens."""
    inbox = Inbox(asyncio.get_running_loop())
    inbox.wake(WS_CLOSING_MESSAGE)
    task = asyncio.create_task(inbox.wait(None))
    await asyncio.sleep(0)
    inbox.wake(WS_CLOSING_MESSAGE)
    inbox.wake()

    assert await task == WS_CLOSING_MESSAGE


async def test_a_wait_ends_with_its_limit() -> None:
    """S-232: and says which."""
    inbox = Inbox(asyncio.get_running_loop())

    with pytest.raises(TimeoutError, match=r"within 0.001 s \(limit: ws_receive"):
        await inbox.wait(0.001)
    assert inbox.waiter is None
