"""Whether a connection is worth keeping, and for how long (RFC 9112 §9.3).

Functions of plain values; what follows from their answers is the connection's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._incoming import IncomingBody

DRAIN_UP_TO = 64 * 1024
"""An unread rest up to this size is worth waiting one loop turn for (DECISIONS C-07)."""

KEEP_ALIVE_MARGIN_S = 1.0
"""How much earlier than the server announced we stop using a connection (DECISIONS C-09)."""


def is_worth_draining(body: IncomingBody) -> bool:
    """Whether the rest of `body` is known to be small."""
    return body.length >= 0 and body.length - body.received <= DRAIN_UP_TO


def idle_lifetime(keep_alive: bytes, own: float) -> float:
    """How long a connection may be idle, in seconds: our own time, or less if the server says so.

    `keep_alive` is the value of Keep-Alive; its timeout counts less a margin (DECISIONS C-09).
    """
    for parameter in keep_alive.split(b","):
        name, _, value = parameter.partition(b"=")
        value = value.strip()
        if name.strip().lower() == b"timeout" and value.isdigit():
            return max(0.0, min(own, int(value[:9]) - KEEP_ALIVE_MARGIN_S))
    return own
