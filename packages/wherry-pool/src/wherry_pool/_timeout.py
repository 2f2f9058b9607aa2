"""The limits a caller puts on time, and the arithmetic around them."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Final

CEIL_THRESHOLD_S: Final = 5.0
"""Limits and intervals longer than this end on whole seconds of the loop's clock, together."""


@dataclass(frozen=True, slots=True)
class ClientTimeout:
    """How long the phases of one call may take, in seconds; `None` or 0 switches one off.

    A value given to a request replaces the session's as a whole: fields left out are off (S-425).
    """

    total: float | None = None
    """The whole call: waiting, connecting, sending, redirects, retries, reading the body."""

    connect: float | None = None
    """Getting a connection: the queue of the pool, DNS, TCP, TLS and proxy together."""

    sock_read: float | None = None
    """Each wait for bytes of the response."""

    sock_connect: float | None = None
    """One round of connecting to the addresses of a host, TLS included."""

    ceil_threshold: float = CEIL_THRESHOLD_S
    """Limits above this many seconds end at the next whole second of the loop's clock."""

    _: KW_ONLY

    pool: float | None = None
    """Waiting for a free place in the pool; `connect` and `total` bound it as well."""


NO_DEADLINE = math.inf
"""The point in time of a limit that is switched off."""


def seconds_or_none(seconds: float | None) -> float | None:
    """`seconds`, or None if the limit is switched off."""
    return seconds if seconds is not None and seconds > 0 else None


def deadline_after(start: float, seconds: float | None, ceil_threshold: float) -> float:
    """When a limit that began at `start` (loop time) ends; `NO_DEADLINE` if it is off (S-433)."""
    if seconds is None or seconds <= 0:
        return NO_DEADLINE
    when = start + seconds
    return math.ceil(when) if seconds > ceil_threshold else when


def total_deadline(start: float, timeout: ClientTimeout) -> float:
    """When `timeout.total` ends for a call that began at `start`, loop time.

    Unlike the others it ends on a whole second also at the threshold itself (S-433).
    """
    seconds = timeout.total
    if seconds is None or seconds <= 0:
        return NO_DEADLINE
    when = start + seconds
    return math.ceil(when) if seconds >= timeout.ceil_threshold else when
