"""What can be wrong with HTTP/1.1 bytes, and whose fault it is.

`LocalProtocolError` is our side: a caller asked for something that must not be written.
`RemoteProtocolError` is the peer: what it sent is not HTTP/1.1, or not within the limits.
The leaves name the part that was wrong. Peer bytes are quoted with `repr`, at most 100 of them.
"""

# Four of the names are those users of aiohttp know from `__cause__`, so without "Error":
# ruff: noqa: N818

QUOTE_LIMIT = 100
"""How many bytes of a peer's message an error text repeats. Enough to recognise it, no flood."""


def quote(data: bytes | str) -> str:
    """`repr` of peer data, cut to `QUOTE_LIMIT` with a mark that says so."""
    if len(data) <= QUOTE_LIMIT:
        return repr(data)
    return f"{data[:QUOTE_LIMIT]!r}... ({len(data)} in all)"


class ProtocolError(Exception):
    """Something is not HTTP/1.1. Catch this, or one of the two sides below."""


class LocalProtocolError(ProtocolError, ValueError):
    """The caller asked for bytes that must not be sent. Nothing was sent."""


class RemoteProtocolError(ProtocolError):
    """The peer sent bytes that are not acceptable. Close the connection.

    `code` is the status a server would answer with (int, 400 unless a subclass says otherwise).
    """

    code = 400


class BadStatusLine(RemoteProtocolError):
    """The first line of a response is no status line (RFC 9112 §4)."""


class BadRequestLine(RemoteProtocolError):
    """The first line of a request is no request line (RFC 9112 §3)."""


class InvalidHeader(RemoteProtocolError):
    """A field line breaks the grammar of RFC 9112 §5, or framing fields contradict each other."""


class LineTooLong(RemoteProtocolError, ValueError):
    """A line, a field or a whole head goes beyond its limit.

    `limit` is in bytes (or fields, where the message says so), inclusive; `actual` is what had
    arrived when reading stopped, so the true size may be larger.
    """

    code = 431

    def __init__(self, what: str, limit: int, actual: int) -> None:
        super().__init__(what, limit, actual)
        self.what = what
        self.limit = limit
        self.actual = actual

    def __str__(self) -> str:
        return f"{self.what} is longer than allowed: limit {self.limit}, got at least {self.actual}"


class PayloadEncodingError(RemoteProtocolError):
    """The body is not what the head announced."""


class ContentLengthError(PayloadEncodingError):
    """The body ended before, or went on after, its Content-Length (RFC 9112 §6.2)."""


class TransferEncodingError(PayloadEncodingError):
    """The chunked coding is broken or was cut off (RFC 9112 §7.1)."""


class ContentEncodingError(PayloadEncodingError):
    """A content coding cannot be undone: corrupt, cut off, too deep, no decoder (RFC 9110 §8.4)."""
