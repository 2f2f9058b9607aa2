"""One request and its response: the record that a session and a connection share.

The session fills in what to send and waits on `waiter`; the connection fills in what comes back.
Neither keeps it longer than the exchange lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherry_codec import DEFAULT_LIMITS, Limits, ResponseHead
from wherry_errors import SocketTimeoutError, TotalTimeoutError

from ._incoming import IncomingBody
from ._timeout import NO_DEADLINE, ClientTimeout

if TYPE_CHECKING:
    import asyncio

    from multidict import CIMultiDictProxy

    from ._request_body import RequestBody

NO_TIMEOUT = ClientTimeout()


class Exchange:
    """What goes out, what came back, and the limits in between.

    Most attributes keep their class-level default, because one of these is made per request.
    """

    # --- the request ---------------------------------------------------------------------------

    request_body: bytes | RequestBody | None = None
    """None, the whole body, or something that writes it. The head says how it is framed."""

    content_length: int | None = None
    """Of a `RequestBody`: the length announced in the head, or None for chunks."""

    expect_continue = False
    """Whether the head asks for a 100 before the body is sent."""

    continue_wait = 1.0
    """After how many seconds without that 100 the body is sent all the same (DECISIONS C-12)."""

    limits: Limits = DEFAULT_LIMITS
    read_until_eof = True
    read_bufsize = 65536
    """Unread body bytes above twice this pause reading."""

    sender: asyncio.Task[None] | None = None
    """The task that sends a body which takes time."""

    # --- time ----------------------------------------------------------------------------------

    timeout: ClientTimeout = NO_TIMEOUT
    deadline: float = NO_DEADLINE
    """The loop time at which the whole call is over."""

    started = 0.0
    """The loop time at which the call began; the first of several exchanges counts."""

    last_arrival = 0.0
    """The loop time of the last sign of life; only kept while `timeout.sock_read` is set."""

    expected_head: ResponseHead | None = None
    """A head that came before in answer to the same request, parsed under the same limits. If the
    very same bytes come again, they need not be parsed again."""

    # --- the response --------------------------------------------------------------------------

    head: ResponseHead | None = None
    body: bytes | None = None
    """The raw body, if all of it came in one read with the head."""

    incoming: IncomingBody | None = None
    """The body otherwise."""

    chunk_ends: list[int] | None = None
    """Of a chunked `body`: the offsets at which its chunks ended."""

    body_trailers: CIMultiDictProxy[str] | None = None
    """Of a chunked `body`: the trailer fields."""

    informational: tuple[ResponseHead, ...] = ()
    """The 1xx heads before `head`, 101 excepted."""

    leftover = b""
    """After an upgrade: bytes that belong to the new protocol."""

    is_over = False
    """Whether the connection has nothing more to do with this exchange."""

    def __init__(
        self, method: str, request_head: bytes, waiter: asyncio.Future[None], host: str = ""
    ) -> None:
        self.method = method
        self.request_head = request_head
        self.waiter = waiter
        self.host = host

    def body_source(self) -> IncomingBody:
        """The response body as something to read piece by piece."""
        if self.incoming is None:
            self.incoming = IncomingBody.whole(self.body or b"", self.chunk_ends)
        return self.incoming

    @property
    def trailers(self) -> CIMultiDictProxy[str] | None:
        """The trailer fields, once the body is complete; None if it is not chunked."""
        if self.body is not None or self.incoming is None:
            return self.body_trailers
        return self.incoming.trailers

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits, for the head or for the body, that no more will come."""
        self.is_over = True
        if self.incoming is not None:
            self.incoming.fail(error)
        elif not self.waiter.done():
            self.waiter.set_exception(error)

    def next_deadline(self) -> float:
        """The earliest loop time at which `overdue` can have an answer."""
        sock_read = self.timeout.sock_read
        if not sock_read or sock_read < 0:
            return self.deadline
        return min(self.deadline, self.last_arrival + sock_read)

    def overdue(self, now: float) -> BaseException | None:
        """The error of the limit that ran out by `now`, if one did."""
        if now >= self.deadline:
            return TotalTimeoutError(
                phase="total",
                limit=self.timeout.total,
                elapsed=now - self.started,
                host=self.host or None,
            )
        sock_read = self.timeout.sock_read
        if sock_read and 0 < sock_read <= now - self.last_arrival:
            return SocketTimeoutError(
                phase="sock_read",
                limit=sock_read,
                elapsed=now - self.last_arrival,
                host=self.host or None,
            )
        return None
