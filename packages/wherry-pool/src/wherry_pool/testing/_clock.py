"""Time that passes when a test says so."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_TURNS = 10


class ManualClock:
    """Takes the place of a loop's clock while it is entered: `with ManualClock(loop) as clock:`.

    Time stands still until `advance`. Let everything a test waits for depend on `advance`, or the
    loop sleeps for ever.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, now: float = 1000.0) -> None:
        self.now: float = now
        """Loop time, in seconds."""
        self._loop = loop
        self._slow_callback_duration = 0.0

    def __enter__(self) -> Self:
        self._loop.time = self._time  # type: ignore[method-assign]  # of this one object
        # Debug mode would take every jump of the clock for a callback that ran too long.
        self._slow_callback_duration = self._loop.slow_callback_duration
        self._loop.slow_callback_duration = math.inf
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        # The class's own method is found again.
        del self._loop.time
        if self._loop.is_running():
            self._loop.call_soon(self._watch_callbacks_again)  # after this last jump
        else:
            self._watch_callbacks_again()

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, and what is due then happen. What was begun before begins before."""
        await self.turn()
        self.now += seconds
        await self.turn()

    async def turn(self) -> None:
        """Let a few turns of the loop pass, and no time."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    def _watch_callbacks_again(self) -> None:
        self._loop.slow_callback_duration = self._slow_callback_duration

    def _time(self) -> float:
        return self.now
