"""What a request that wants a connection gets: the decision, apart from carrying it out.

Pure functions over counts. Who waits, who is woken and what is opened is done in `_pool`.
"""

from dataclasses import dataclass
from enum import Enum


class Assignment(Enum):
    """What to do for a request."""

    REUSE = "take an idle connection of the origin"
    OPEN = "open a new connection"
    EVICT = "close the longest idle connection of another origin, then open a new one"
    WAIT = "queue until a place is free"


@dataclass(frozen=True, slots=True)
class Demand:
    """The counts the decision needs. A limit of 0 means no limit."""

    origin_idle: int
    """Idle connections of the origin asked for."""
    origin_busy: int
    """Connections of that origin in use or being opened."""
    total_idle: int
    """Idle connections of all origins."""
    total_busy: int
    """Connections of all origins in use or being opened."""
    limit: int
    """Bound on all connections, idle ones included (DECISIONS C-24)."""
    limit_per_host: int
    """Bound on the busy connections of one origin."""


def assign(demand: Demand) -> Assignment:
    """Reuse if possible, else open within the limits, else evict, else wait (S-119…S-124)."""
    if demand.limit_per_host and demand.origin_busy >= demand.limit_per_host:
        return Assignment.WAIT
    if demand.origin_idle:
        return Assignment.REUSE
    if not demand.limit or demand.total_busy + demand.total_idle < demand.limit:
        return Assignment.OPEN
    if demand.total_idle:
        return Assignment.EVICT
    return Assignment.WAIT
