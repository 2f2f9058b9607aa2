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

    __slots__ = ("_loop", "_queue", "_waiter", "unread")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: deque[Message] = deque()
        self._waiter: asyncio.Future[Message | None] | None = None
        self.unread = 0
        """What the waiting messages cost together, in bytes."""

    def __bool__(self) -> bool:
        return bool(self._queue)

    @property
    def is_waited_for(self) -> bool:
        """Whether a task is in `wait()`."""
        return self._waiter is not None

    @property
    def is_overfull(self) -> bool:
        """Whether more is unread than should be; one message that is about to be taken does not
        count.
        """
        return self.unread > HIGH_WATER and not (self._waiter and len(self._queue) == 1)

    def put(self, messages: list[Message]) -> None:
        """Append messages and wake the waiter."""
        self._queue.extend(messages)
        for message in messages:
            self.unread += message_cost(message)
        self.wake()

    def take(self) -> Message:
        """The oldest message. Raises IndexError if there is none."""
        message = self._queue.popleft()
        self.unread -= message_cost(message)
        return message

    def clear(self) -> None:
        """Drop all messages."""
        self._queue.clear()
        self.unread = 0

    def wake(self, instead: Message | None = None) -> None:
        """Let the waiter go, if there is one: to look at the queue, or with a message that goes
        before it.
        """
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(instead)

    async def wait(self, limit: float | None) -> Message | None:
        """Wait for `wake()`; the message it was given, if any.

        Raises TimeoutError after `limit` seconds (`None` or 0: never). Nothing is taken from the
        queue, so neither that nor a cancellation loses a message.
        """
        waiter: asyncio.Future[Message | None] = self._loop.create_future()
        self._waiter = waiter
        timer = self._loop.call_later(limit, _expire, waiter, limit) if limit else None
        try:
            return await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


def _expire(waiter: "asyncio.Future[Message | None]", limit: float) -> None:
    if not waiter.done():
        waiter.set_exception(
            TimeoutError(f"no message within {limit} s (limit: ws_receive or receive(timeout=…))")
        )
