"""One request and its response: the record that a session and a connection share.

The session fills in what to send and waits on `waiter`; the connection fills in what comes back.
Neither keeps it longer than the exchange lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherry_codec import DEFAULT_LIMITS, UNTIL_CLOSE, Limits, ResponseHead, message_body_length
from wherry_errors import SocketTimeoutError, TotalTimeoutError

from ._incoming import IncomingBody
from ._timeout import NO_DEADLINE, ClientTimeout

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from multidict import CIMultiDictProxy

    from ._progress import ProgressCallback
    from ._request_body import RequestBody
    from ._timings import DialTimings

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

    continue_wait: float = 1.0
    """After how many seconds without that 100 the body is sent all the same (DECISIONS C-12)."""

    limits: Limits = DEFAULT_LIMITS
    read_until_eof = True
    read_bufsize = 65536
    """Unread body bytes above twice this pause reading."""

    sender: asyncio.Task[None] | None = None
    """The task that sends a body which takes time."""

    upload_progress: ProgressCallback | None = None
    """Is told how much of the request body was sent."""

    body_output_size = 0
    """Bytes that `sender` has handed to the transport, framing included."""

    _upload_complete: asyncio.Future[None] | None = None

    # --- time ----------------------------------------------------------------------------------

    timeout: ClientTimeout = NO_TIMEOUT
    deadline: float = NO_DEADLINE
    """The loop time at which the whole call is over."""

    started: float = 0.0
    """The loop time at which the call began; the first of several exchanges counts."""

    last_arrival: float = 0.0
    """The loop time of the last sign of life; only kept while `timeout.sock_read` is set."""

    # Points in loop time, None if not reached, or if another one stands for it as well: what most
    # exchanges have in common is not written down for each of them.

    requested_at: float | None = None
    """When this exchange began to wait for a connection."""

    acquired_at: float | None = None
    """When it had waited and got one; None: as soon as it asked."""

    sent_at: float | None = None
    """When the last byte of the request was handed over; None: together with the head."""

    first_byte_at: float | None = None
    """When the first byte of a response arrived; None: together with the last one."""

    completed_at: float | None = None
    """When the last byte of the response arrived."""

    dial_timings: DialTimings | None = None
    """How long its connection took to make, if it was made for this exchange."""

    # --- what came before ----------------------------------------------------------------------

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

    is_over: bool = False
    """Whether the connection has nothing more to do with this exchange."""

    end_callbacks: tuple[Callable[[], None], ...] = ()
    """Are called once when the exchange is over. They must not raise."""

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

    @property
    def is_close_delimited(self) -> bool:
        """Whether nothing but the end of the connection ends the response body (SEC-14)."""
        if self.head is None or not self.read_until_eof:
            return False
        return message_body_length(self.method, self.head) == UNTIL_CLOSE

    @property
    def output_size(self) -> int:
        """Of a started exchange: the bytes handed to the transport so far, all counted (S-038)."""
        size = len(self.request_head)
        if self.sender is None and isinstance(self.request_body, bytes):
            return size + len(self.request_body)
        return size + self.body_output_size

    @property
    def upload_complete(self) -> asyncio.Future[None]:
        """Done when the request is sent or its sending was given up; always the same object."""
        if self._upload_complete is None:
            self._upload_complete = self.waiter.get_loop().create_future()
            if self.sender is None or self.sender.done():
                self._upload_complete.set_result(None)
            else:
                self.sender.add_done_callback(self._note_upload_complete)
        return self._upload_complete

    def _note_upload_complete(self, _: object) -> None:
        future = self._upload_complete
        if future is not None and not future.done():
            future.set_result(None)

    def call_at_end(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the exchange is over, at once if it is. It must not raise."""
        if self.is_over:
            callback()
        else:
            self.end_callbacks += (callback,)

    def end(self) -> None:
        """The connection has nothing more to do with this exchange. May be called again."""
        self.is_over = True
        callbacks, self.end_callbacks = self.end_callbacks, ()
        for callback in callbacks:
            callback()

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits, for the head or for the body, that no more will come."""
        self.end()
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
