"""How long the parts of a request took, from what its exchange wrote down on the way.

Nothing is measured here, and nothing is computed before somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry_pool import Exchange


@dataclass(frozen=True, slots=True)
class ResponseTimings:
    """Seconds that each part took, in the order they come in. Of a redirect: of the last hop.

    `dns`, `connect` and `tls` are 0.0 if an idle connection was used again.
    """

    queue: float
    """Waiting for a free place in the pool, and for whatever else is no part of the next three."""

    dns: float
    """Resolving the host's name."""

    connect: float
    """Until the host, or its proxy, accepted the connection."""

    tls: float
    """The handshakes of TLS."""

    send: float
    """From the first byte of the request to the last one; 0.0 if they left together."""

    first_byte: float
    """From the last byte of the request to the first one of an answer, be it a 1xx."""

    body: float | None
    """From there to the last byte of the response; None until it is there, or if it never came."""


def timings_of(exchange: Exchange) -> ResponseTimings:
    """The timings of an exchange whose response head has arrived."""
    asked = exchange.started if exchange.requested_at is None else exchange.requested_at
    acquired = asked if exchange.acquired_at is None else exchange.acquired_at
    sent = acquired if exchange.sent_at is None else exchange.sent_at
    completed = exchange.completed_at
    first = completed if exchange.first_byte_at is None else exchange.first_byte_at
    if first is None:
        raise ValueError("timings need an exchange whose head has arrived")
    dial = exchange.dial_timings
    dns, connect, tls = (0.0, 0.0, 0.0) if dial is None else (dial.dns, dial.connect, dial.tls)
    return ResponseTimings(
        queue=max(0.0, acquired - asked - dns - connect - tls),
        dns=dns,
        connect=connect,
        tls=tls,
        send=max(0.0, sent - acquired),
        first_byte=max(0.0, first - sent),  # an answer may come before the request is through
        body=None if completed is None else completed - first,
    )
