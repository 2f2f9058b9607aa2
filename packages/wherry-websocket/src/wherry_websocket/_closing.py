"""The wait for the peer's close frame, RFC 6455 §7.1.1, and its limit."""

import asyncio


class PeerClosed:
    """Waited for at most once; may be told any number of times, before that too."""

    __slots__ = ("_loop", "_waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None

    def tell(self) -> None:
        """The close frame came, or the connection is lost. Without a waiter nothing happens."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, limit: float | None) -> None:
        """Return when told. Raises TimeoutError after `limit` seconds, `None` meaning no limit."""
        self._waiter = self._loop.create_future()
        timer = None if limit is None else self._loop.call_later(limit, self._expire, limit)
        try:
            await self._waiter
        finally:
            if timer is not None:
                timer.cancel()

    def _expire(self, limit: float) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(
                TimeoutError(f"no close frame from the server within {limit} s (limit: ws_close)")
            )
