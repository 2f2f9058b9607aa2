"""Received messages until somebody takes them, and the one task that waits for the next."""

import asyncio
from collections import deque
from typing import Final

from ._messages import Message, message_cost

LOW_WATER: Final = 65536
HIGH_WATER: Final = 2 * LOW_WATER
"""Unread bytes above which reading pauses; it goes on at `LOW_WATER`. The queue limit and its
double, as in aiohttp.
"""


class Inbox:
    """A queue with a size in bytes and at most one waiter."""

    __slots__ = ("_loop", "messages", "unread", "waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.messages: deque[Message] = deque()
        """What waits, oldest first; to be looked at, not changed."""
        self.waiter: asyncio.Future[Message | None] | None = None
        """Set while a task is in `wait()`."""
        self.unread = 0
        """What the waiting messages cost together, in bytes."""

    @property
    def is_overfull(self) -> bool:
        """Whether more is unread than should be; one message that is about to be taken does not
        count.
        """
        return self.unread > HIGH_WATER and not (self.waiter and len(self.messages) == 1)

    def put(self, messages: list[Message]) -> None:
        """Append messages and wake the waiter."""
        self.messages.extend(messages)
        for message in messages:
            self.unread += message_cost(message)
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def take(self) -> Message:
        """The oldest message. Raises IndexError if there is none."""
        message = self.messages.popleft()
        self.unread = self.unread - message_cost(message) if self.messages else 0
        return message

    def clear(self) -> None:
        """Drop all messages."""
        self.messages.clear()
        self.unread = 0

    def wake(self, instead: Message | None = None) -> None:
        """Let the waiter go, if there is one: to look at the queue, or with a message that goes
        before it.
        """
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(instead)

    async def wait(self, limit: float | None) -> Message | None:
        """Wait for `wake()`; the message it was given, if any.

        Raises TimeoutError after `limit` seconds (`None` or 0: never). Nothing is taken from the
        queue, so neither that nor a cancellation loses a message.
        """
        waiter: asyncio.Future[Message | None] = self._loop.create_future()
        self.waiter = waiter
        timer = self._loop.call_later(limit, _expire, waiter, limit) if limit else None
        try:
            return await waiter
        finally:
            self.waiter = None
            if timer is not None:
                timer.cancel()


def _expire(waiter: "asyncio.Future[Message | None]", limit: float) -> None:
    if not waiter.done():
        waiter.set_exception(
            TimeoutError(f"no message within {limit} s (limit: ws_receive or receive(timeout=…))")
        )
