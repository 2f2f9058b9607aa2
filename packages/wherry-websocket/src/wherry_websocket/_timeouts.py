"""Limits on time, and when to ping a silent peer: decisions over clock readings that arrive as
arguments.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

CEIL_THRESHOLD: Final = 5.0
"""Delays above this many seconds end at a whole second of the clock, so that many timers fire
together.
"""


@dataclass(frozen=True, slots=True)
class ClientWSTimeout:
    """Limits of a WebSocket in seconds, `None` for none.

    `ws_receive` bounds one `receive()` (0 counts as none), `ws_close` the wait for the server's
    close frame.
    """

    ws_receive: float | None = None
    ws_close: float | None = 10.0


def deadline(now: float, delay: float, ceil_threshold: float = CEIL_THRESHOLD) -> float:
    """The clock reading `delay` seconds after `now`, rounded up if the delay is above the
    threshold.
    """
    when = now + delay
    return math.ceil(when) if delay > ceil_threshold else when


class Beat(Enum):
    """What a heartbeat asks for."""

    WAIT = "wait"
    PING = "ping"
    DROP = "drop"


class Heartbeat:
    """Pings a peer silent for `interval` seconds; gives it up after half of that again without a
    byte.

    Ask `beat()` when the clock reaches `wake_at`. No timer is touched when bytes arrive.
    """

    __slots__ = ("_ceil_threshold", "_last", "_pinged", "interval", "wake_at")

    def __init__(self, interval: float, now: float, ceil_threshold: float = CEIL_THRESHOLD) -> None:
        self.interval = interval
        self._ceil_threshold = ceil_threshold
        self._last = now
        self._pinged = False
        self.wake_at = deadline(now, interval, ceil_threshold)
        """The clock reading to ask again at."""

    def received(self, now: float) -> None:
        """Some bytes arrived, whatever they were."""
        self._last = now
        self._pinged = False

    def beat(self, now: float, *, reading: bool) -> Beat:
        """What to do at `now`; `wake_at` is set for the next time.

        While we do not read (`reading` is false) silence says nothing about the peer: it is pinged,
        never dropped.
        """
        if not reading:
            self.received(now)
            self.wake_at = deadline(now, self.interval, self._ceil_threshold)
            return Beat.PING
        if self._pinged:
            return Beat.DROP if now >= self.wake_at else Beat.WAIT
        due = deadline(self._last, self.interval, self._ceil_threshold)
        if now < due:
            self.wake_at = due
            return Beat.WAIT
        self._pinged = True
        self.wake_at = deadline(now, self.interval / 2, self._ceil_threshold)
        return Beat.PING
