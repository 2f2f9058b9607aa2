"""Queues of one reader, for code that names aiohttp's (S-102). The session itself uses none."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from wherry_errors import warn_caller

if TYPE_CHECKING:
    import asyncio
    from typing import Self

T = TypeVar("T")


class EofStream(Exception):  # noqa: N818 - the name aiohttp gave it
    """The end of a `DataQueue`."""


class DataQueue(Generic[T]):
    """Items for one reader, then an end or a failure.

    Whoever fills it calls `feed_data`, and once `feed_eof` or `set_exception`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buffer: deque[tuple[T, int]] = deque()
        self._is_eof = False
        self._exception: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._buffer)

    def is_eof(self) -> bool:
        """Whether the end was fed."""
        return self._is_eof

    def at_eof(self) -> bool:
        """Whether the end was fed and nothing is left to read."""
        return self._is_eof and not self._buffer

    def exception(self) -> BaseException | None:
        """The failure that was fed, or None."""
        return self._exception

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """End with a failure, which is raised by reads once the items before it are read."""
        if exc_cause is not None:
            exc.__cause__ = exc_cause
        self._is_eof = True
        self._exception = exc
        self._wake()

    def feed_data(self, data: T, size: int = 0) -> None:
        """Add an item. `size` counts for flow control."""
        self._buffer.append((data, size))
        self._wake()

    def feed_eof(self) -> None:
        """End: no item follows."""
        self._is_eof = True
        self._wake()

    async def read(self) -> T:
        """The next item. Raises `EofStream` at the end, or the failure that was fed.

        `RuntimeError` if another task is waiting already.
        """
        if not self._buffer and not self._is_eof:
            if self._waiter is not None:
                raise RuntimeError("read() called while another task is waiting for data")
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._next()

    def _next(self) -> T:
        if self._buffer:
            return self._buffer.popleft()[0]
        if self._exception is not None:
            raise self._exception
        raise EofStream

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        try:
            return await self.read()
        except EofStream:
            raise StopAsyncIteration from None


class Pausable(Protocol):
    """What fills a `FlowControlDataQueue`."""

    def pause_reading(self) -> None:
        """Feed nothing for now."""
        ...

    def resume_reading(self) -> None:
        """Feed again."""
        ...


class FlowControlDataQueue(DataQueue[T]):
    """A `DataQueue` that pauses `protocol` above twice `limit` bytes. Deprecated."""

    def __init__(self, protocol: Pausable, limit: int, *, loop: asyncio.AbstractEventLoop) -> None:
        warn_caller("FlowControlDataQueue is deprecated: nothing in wherry uses it")
        super().__init__(loop)
        self._protocol = protocol
        self._limit = limit * 2
        self._size = 0
        self._is_paused = False

    def feed_data(self, data: T, size: int = 0) -> None:
        """Add an item of `size` bytes; pause if that is too much."""
        super().feed_data(data, size)
        self._size += size
        if self._size > self._limit and not self._is_paused:
            self._is_paused = True
            self._protocol.pause_reading()

    def _next(self) -> T:
        if self._buffer:
            self._size -= self._buffer[0][1]
            if self._size < self._limit and self._is_paused:
                self._is_paused = False
                self._protocol.resume_reading()
        return super()._next()
