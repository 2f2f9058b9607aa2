"""How long the parts of making one connection took. Filled by dialers, read by whoever wants it."""

from __future__ import annotations


class DialTimings:
    """Seconds spent on each part of a new connection; 0.0 for a part there was no need of.

    Where a part is repeated, because an address failed, the sum. A dialer around another one adds
    its own part: connecting to a proxy, asking it for a tunnel and the TLS inside are all counted.
    """

    __slots__ = ("connect", "dns", "tls")

    def __init__(self, dns: float = 0.0, connect: float = 0.0, tls: float = 0.0) -> None:
        self.dns: float = dns
        """Resolving the host name; next to nothing for an answer that was remembered."""
        self.connect: float = connect
        """Until an address accepted the connection."""
        self.tls: float = tls
        """The handshakes of TLS, and checking a pinned certificate."""

    def __repr__(self) -> str:
        return f"DialTimings(dns={self.dns:.6f}, connect={self.connect:.6f}, tls={self.tls:.6f})"
