"""One timer for all deadlines of a pool.

A timer per request costs more than the rest of the bookkeeping together. So each connection knows
its deadline, and one timer fires no later than the earliest of them, looks at all connections, and
is set again. It is moved only when a deadline comes that is earlier than the timer.
"""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING

from ._timeout import CEIL_THRESHOLD_S, NO_DEADLINE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from .protocols import HttpConnection


class Deadlines:
    """Calls `check_deadlines` of `connections` in time. Holds the loop only by a weak callback.

    Deadlines further away than `ceil_threshold` seconds are looked at on a whole second, so that
    they fall together.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connections: Mapping[HttpConnection, object],
        ceil_threshold: float = CEIL_THRESHOLD_S,
    ) -> None:
        self.next = NO_DEADLINE
        """The loop time at which the timer fires."""
        self._loop = loop
        self._ceil_threshold = ceil_threshold
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, deadline: float) -> None:
        """See to it that the timer fires by `deadline` (loop time)."""
        when = deadline
        if deadline - self._loop.time() > self._ceil_threshold:
            when = math.ceil(deadline)
        if when >= self.next:
            return
        if self._timer is not None:
            self._timer.cancel()
        self.next = when
        # Weak: a forgotten session is collected without waiting for its timer (S-132).
        self._timer = self._loop.call_at(self.next, _fire, weakref.ref(self))

    def stop(self) -> None:
        """Let go of the timer."""
        self.next = NO_DEADLINE
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def fire(self) -> None:
        """Look at every connection, then set the timer for the earliest deadline that is left."""
        self._timer = None
        self.next = NO_DEADLINE
        now = self._loop.time()
        for connection in list(self._connections):
            connection.check_deadlines(now)
        earliest = min((c.next_deadline() for c in self._connections), default=NO_DEADLINE)
        if earliest < NO_DEADLINE:
            # Never in the past: a connection that stays overdue must not make the loop spin.
            self.watch(max(earliest, now + 0.001))


def _fire(reference: weakref.ref[Deadlines]) -> None:
    deadlines = reference()
    if deadlines is not None:
        deadlines.fire()
