"""An HTTP/1.1 connection: one exchange at a time, parsed in the read callback.

Decides when a response is complete and whether the connection may carry another one (RFC 9112 §9).
Knows nothing of limits on connections, of redirects, or of what a response means.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from wherry_codec import (
    CHUNKED,
    TUNNEL,
    UNTIL_CLOSE,
    LineTooLong,
    RemoteProtocolError,
    ResponseHead,
    ResponseHeadReader,
    match_response_head,
    message_body_length,
)
from wherry_errors import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientPayloadError,
)

from ._incoming import IncomingBody, whole_chunked
from ._persistence import idle_lifetime, is_worth_draining
from ._sending import BodySender
from ._timeout import NO_DEADLINE
from ._translate import body_broken, body_cut_short, broken_off
from ._upgrade import UpgradedConnection

if TYPE_CHECKING:
    from wherry_errors import ClientError

    from ._exchange import Exchange
    from ._timings import DialTimings
    from .protocols import ConnectionOwner

JOIN_UP_TO = 64 * 1024
"""A body up to this size leaves in one write with its head; joining larger ones costs a copy."""


class Http11Connection(asyncio.BufferedProtocol):
    """A connection to one origin, made by a `Dialer` and owned by a pool.

    `buffer` is shared by all connections of a loop: whatever stays is copied out of it before the
    read callback returns. `keepalive_timeout` is in seconds.
    """

    dial_timings: DialTimings | None = None
    """How long it took to make; whoever made it says so. The first exchange takes it along."""

    def __init__(
        self,
        owner: ConnectionOwner,
        loop: asyncio.AbstractEventLoop,
        buffer: memoryview,
        keepalive_timeout: float,
        name: str = "",
    ) -> None:
        self.name = name
        self.uses: int = 0
        self.idle_since: float = 0.0
        self._owner = owner
        self._loop = loop
        self._buffer = buffer
        self._keepalive_timeout = keepalive_timeout
        self._idle_until = NO_DEADLINE
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._is_direct = False
        self._head_reader: ResponseHeadReader | None = None
        self._sender: BodySender | None = None
        self.is_write_paused: bool = False
        self._upgraded: UpgradedConnection | None = None

    def __repr__(self) -> str:
        return f"<Http11Connection {self.name} {self.state} after {self.uses} requests>"

    @property
    def state(self) -> str:
        """`connecting`, `idle`, `waiting for head`, `reading body`, `upgraded` or `closed`."""
        if self._upgraded is not None:
            return "upgraded"
        if self._transport is None:
            return "closed" if self._idle_until < 0 else "connecting"
        if self._exchange is None:
            return "idle"
        return "waiting for head" if self._exchange.head is None else "reading body"

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, or None before it is made and after it is gone."""
        return self._transport

    # --- HttpConnection ------------------------------------------------------------------------

    def can_take(self) -> bool:
        """Whether another exchange may start now."""
        transport = self._transport
        return (
            transport is not None
            and self._exchange is None
            and self._upgraded is None
            and not transport.is_closing()
        )

    def is_idle(self) -> bool:
        """Whether no exchange is under way and the connection was not upgraded."""
        return self._exchange is None and self._upgraded is None

    def has_expired(self, now: float) -> bool:
        """Whether it has been idle for longer than we or the server allow."""
        return now >= self._idle_until

    def next_deadline(self) -> float:
        """When `check_deadlines` will have something to do."""
        exchange = self._exchange
        if exchange is not None:
            return exchange.next_deadline()
        return self._idle_until if self._upgraded is None else NO_DEADLINE

    def check_deadlines(self, now: float) -> None:
        """Fail the exchange, or close the idle connection, whose time is up."""
        exchange = self._exchange
        if exchange is not None:
            error = exchange.overdue(now)
            if error is not None:
                self._abandon(exchange, error)
        elif self._upgraded is None and now >= self._idle_until:
            self.close()

    def start(self, exchange: Exchange) -> None:
        """Send the request; `exchange.waiter` is resolved when the response head is there."""
        transport = self._transport
        if transport is None:
            self._owner.discard(self)
            raise ClientConnectionResetError(
                f"the connection to {self.name} was closed before the request was sent"
            )
        self._exchange = exchange
        self.uses += 1
        if self.dial_timings is not None:
            exchange.dial_timings, self.dial_timings = self.dial_timings, None
        body = exchange.request_body
        if body is None:
            transport.write(exchange.request_head)
        elif type(body) is bytes and not exchange.expect_continue and not exchange.upload_progress:
            if len(body) <= JOIN_UP_TO:
                transport.write(exchange.request_head + body)
            else:
                transport.write(exchange.request_head)
                transport.write(body)
        else:
            transport.write(exchange.request_head)
            self._sender = BodySender(self, self._loop, exchange, body)
            self._sender.begin()
        if exchange.timeout.sock_read:
            self._start_clock(exchange)
            self._owner.watch(exchange.next_deadline())
        else:
            self._owner.watch(exchange.deadline)

    def close(self) -> None:
        """Drop the connection and fail what is under way."""
        self._drop(ClientConnectionError(f"the connection to {self.name} was closed by its owner"))

    def release(self, exchange: Exchange) -> None:
        """The caller wants no more of this response.

        Never waits. A rest that is known to be small is given one loop turn to arrive; otherwise
        the connection is closed, because only a body read to its end leaves it usable (C-07).
        """
        if self._exchange is not exchange:
            return
        body = exchange.incoming
        if body is None or self._sender is not None or not is_worth_draining(body):
            self._abandon(exchange, _released())
            return
        body.discard()
        # Two turns of call_soon: the loop polls the sockets in between.
        self._loop.call_soon(self._loop.call_soon, self._end_draining, exchange)

    def abort(self, exchange: Exchange) -> None:
        """Give the exchange up wherever it stands, and the connection with it."""
        if self._exchange is exchange:
            self._abandon(exchange, _released())
        elif not exchange.is_over and self.is_idle():
            # The connection was acquired for it, but it was never started.
            exchange.end()
            self.close()

    def take_over(self, exchange: Exchange) -> UpgradedConnection:
        """After a 101, or a 2xx to CONNECT: the connection for its new protocol."""
        if self._exchange is not exchange or self._transport is None or self._upgraded is None:
            raise ClientConnectionError(f"{self!r} is not waiting for a new protocol")
        self._exchange = None
        return self._upgraded

    # --- asyncio protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop once the connection, TLS included, is there."""
        self._transport = cast("asyncio.Transport", transport)  # what create_connection makes

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to receive: the shared buffer, or the body that is being collected."""
        exchange = self._exchange
        if exchange is not None and exchange.incoming is not None:
            view = exchange.incoming.view()
            if view is not None:
                self._is_direct = True
                return view
        self._is_direct = False
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes arrived: parse them, and finish the exchange if they complete it."""
        exchange = self._exchange
        if exchange is None or exchange.head is not None or self._head_reader is not None:
            self._receive_other(exchange, nbytes)
            return
        data = bytes(self._buffer[:nbytes])
        head = exchange.expected_head
        if head is not None and data.startswith(head.raw):
            end = len(head.raw)
        else:
            found = match_response_head(data, exchange.limits)
            if found is None or found[0].status < 200:
                self._receive_head(exchange, data)
                return
            head, end = found
        length = message_body_length(exchange.method, head)
        if length == nbytes - end and self._sender is None:
            # The whole response in one read, the common case: nothing is left to do later.
            exchange.head = head
            exchange.body = data[end:]
            self._finish(exchange, head)
            if not exchange.waiter.done():
                exchange.waiter.set_result(None)
            return
        self._begin_response(exchange, head, length, data, end)

    def eof_received(self) -> None:
        """The peer will send no more: the transport closes, `connection_lost` follows."""
        if self._transport is not None and self._upgraded is None:
            # At once: left to itself, the transport would first send what is unsent, and wait for
            # ever if the peer does not read it.
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, for whatever reason."""
        self._transport = None
        self._idle_until = -1.0
        self._owner.discard(self)
        if self._sender is not None:
            self._sender.resume_writing()
        if self._upgraded is not None:
            self._upgraded.connection_lost(exc)
        exchange = self._exchange
        if exchange is None:
            return
        body = exchange.incoming
        if body is not None and exc is None and body.finish_at_close():
            self._end(exchange)
        elif body is not None:
            self._abandon(exchange, body_cut_short(body.length, body.received, exc))
        else:
            self._abandon(exchange, self._disconnected(exchange, exc))

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self.is_write_paused = True
        if self._upgraded is not None:
            self._upgraded.pause_writing()

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self.is_write_paused = False
        if self._sender is not None:
            self._sender.resume_writing()
        if self._upgraded is not None:
            self._upgraded.resume_writing()
        self._note_sent()

    # --- Carrier -------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        """The response is not being read: let the peer wait. `sock_read` stands still (S-099)."""
        if self._transport is not None:
            self._transport.pause_reading()
        if self._exchange is not None:
            self._exchange.last_arrival = NO_DEADLINE

    def resume_reading(self) -> None:
        """The response is being read again."""
        if self._transport is not None:
            self._transport.resume_reading()
        exchange = self._exchange
        if exchange is not None:
            exchange.last_arrival = self._loop.time()
            if exchange.timeout.sock_read:
                self._owner.watch(exchange.next_deadline())

    # --- the sock_read clock -------------------------------------------------------------------

    def _start_clock(self, exchange: Exchange) -> None:
        """Run it from now on, or from the end of sending if that takes time (S-430)."""
        is_sending = self._sender is not None or self.is_write_paused
        exchange.last_arrival = NO_DEADLINE if is_sending else self._loop.time()

    def _note_arrival(self, exchange: Exchange) -> None:
        if exchange.first_byte_at is None:
            exchange.first_byte_at = self._loop.time()
        if not exchange.timeout.sock_read:
            return
        body = exchange.incoming
        if exchange.head is None:
            self._start_clock(exchange)
        elif body is None or not body.is_paused:  # some transports deliver after a pause
            exchange.last_arrival = self._loop.time()
        self._owner.watch(exchange.next_deadline())

    def _note_sent(self) -> None:
        exchange = self._exchange
        if exchange is None or exchange.head is not None:
            return
        exchange.sent_at = self._loop.time()
        if exchange.timeout.sock_read:
            self._start_clock(exchange)
            self._owner.watch(exchange.next_deadline())

    # --- receiving -----------------------------------------------------------------------------

    def _receive_other(self, exchange: Exchange | None, nbytes: int) -> None:
        """Everything but the first bytes of a response."""
        if self._upgraded is not None:
            self._upgraded.data_received(bytes(self._buffer[:nbytes]))
            return
        if exchange is None:
            # Nobody asked. Such bytes must never become the answer to a later request (S-120).
            self.close()
            return
        self._note_arrival(exchange)
        if exchange.incoming is not None and self._is_direct:
            self._receive_directly(exchange, exchange.incoming, nbytes)
        elif exchange.incoming is not None:
            self._receive_body(exchange, exchange.incoming, bytes(self._buffer[:nbytes]), 0)
        elif exchange.head is None:
            self._receive_head(exchange, bytes(self._buffer[:nbytes]))
        else:
            # After a 101 that nobody has taken over yet, or surplus after a finished body.
            self._abandon(exchange, _released())

    def _receive_head(self, exchange: Exchange, data: bytes) -> None:
        """A head that came in pieces, after 1xx heads, or that is not strictly valid."""
        self._note_arrival(exchange)
        try:
            while data:
                if self._head_reader is None:
                    self._head_reader = ResponseHeadReader(exchange.limits)
                head = self._head_reader.feed(data)
                if head is None:
                    return
                data = self._head_reader.surplus
                self._head_reader = None
                if head.status >= 200 or head.status == 101:
                    length = message_body_length(exchange.method, head)
                    self._begin_response(exchange, head, length, data, 0)
                    return
                self._note_informational(exchange, head)
        except RemoteProtocolError as error:
            self._abandon(exchange, error)

    def _note_informational(self, exchange: Exchange, head: ResponseHead) -> None:
        exchange.informational += (head,)
        count, limit = len(exchange.informational), exchange.limits.max_informational
        if count > limit:
            raise LineTooLong("the run of 1xx responses", limit, count)
        if head.status == 100 and self._sender is not None:
            self._sender.go_on()

    def _begin_response(
        self, exchange: Exchange, head: ResponseHead, length: int, data: bytes, end: int
    ) -> None:
        """The head is there; the body, if any, is not (or not only, or not plainly) in `data`."""
        self._head_reader = None
        exchange.head = head
        self._note_arrival(exchange)
        if self._sender is not None:
            self._sender.go_on()
        if length == TUNNEL and self._sender is not None:
            # RFC 9110 §7.8: no other protocol before the request has been read to its end.
            self._abandon(
                exchange,
                RemoteProtocolError("the protocol was switched in the middle of a request"),
            )
            return
        if length == TUNNEL:
            exchange.leftover = data[end:]
            self._upgraded = UpgradedConnection(self, self._loop, exchange.leftover)
            self._resolve(exchange)
            return
        if length == CHUNKED and self._take_whole_chunked(exchange, head, data, end):
            return
        if not exchange.read_until_eof and length < CHUNKED:
            length = 0
        body = IncomingBody(self, length, 2 * exchange.read_bufsize, exchange.limits)
        exchange.incoming = body
        self._receive_body(exchange, body, data, end)
        self._resolve(exchange)

    def _take_whole_chunked(
        self, exchange: Exchange, head: ResponseHead, data: bytes, end: int
    ) -> bool:
        """Finish at once if `data` holds the whole chunked body and nothing else."""
        if self._sender is not None:
            return False
        whole = whole_chunked(data, end, exchange.limits)
        if whole is None:
            return False
        exchange.body, decoder = whole
        exchange.chunk_ends = decoder.chunk_ends
        exchange.body_trailers = decoder.trailers
        self._finish(exchange, head)
        self._resolve(exchange)
        return True

    def _receive_body(
        self, exchange: Exchange, body: IncomingBody, data: bytes, start: int
    ) -> None:
        try:
            end = body.feed(data, start)
        except RemoteProtocolError as error:
            self._abandon(exchange, body_broken(error))
            return
        if body.is_complete:
            self._complete(exchange, has_surplus=end < len(data))

    def _receive_directly(self, exchange: Exchange, body: IncomingBody, nbytes: int) -> None:
        surplus = body.advance(nbytes)
        if body.is_complete:
            self._complete(exchange, has_surplus=surplus > 0)

    def _complete(self, exchange: Exchange, *, has_surplus: bool) -> None:
        if has_surplus or exchange.head is None:
            self._end(exchange)  # whatever follows belongs to no response (S-059)
        elif message_body_length(exchange.method, exchange.head) == UNTIL_CLOSE:
            self._end(exchange)  # taken as empty, but its bytes may still come (S-061, S-065)
        else:
            self._finish(exchange, exchange.head)

    def _resolve(self, exchange: Exchange) -> None:
        if not exchange.waiter.done():
            exchange.waiter.set_result(None)

    # --- ending an exchange --------------------------------------------------------------------

    def _finish(self, exchange: Exchange, head: ResponseHead) -> None:
        """The response is complete: back to the pool if the connection is still good (S-065)."""
        transport = self._transport
        if (
            self._sender is not None
            or self.is_write_paused
            or transport is None
            or transport.is_closing()
            or not head.keeps_alive
        ):
            self._end(exchange)
            return
        exchange.is_over = True
        self._exchange = None
        self.idle_since = exchange.completed_at = now = self._loop.time()
        lifetime = self._keepalive_timeout
        if head.keep_alive is not None:
            lifetime = idle_lifetime(head.keep_alive, lifetime)
        self._idle_until = expiry = now + lifetime
        self._owner.release(self, expiry)
        if exchange.end_callbacks:
            exchange.end()

    def _end(self, exchange: Exchange) -> None:
        """The exchange ended well, but the connection is of no more use."""
        exchange.completed_at = self._loop.time()
        self._exchange = None
        exchange.end()
        self._drop(None)

    def _abandon(self, exchange: Exchange, error: BaseException) -> None:
        """The exchange ended badly, and the connection with it."""
        self._exchange = None
        exchange.fail(error)
        self._drop(error)

    def _drop(self, error: BaseException | None) -> None:
        """Close the transport. What is under way fails with `error`."""
        self._idle_until = -1.0
        self._owner.discard(self)
        if self._sender is not None:
            self._sender.cancel()
            self._sender = None
        exchange, self._exchange = self._exchange, None
        if exchange is not None and error is not None:
            exchange.fail(error)
        if self._transport is not None:
            # abort() rather than close(): unsent request bytes are worth nothing any more, and
            # close() would wait for them, or half a minute for the farewell of a TLS peer.
            self._transport.abort()

    def _end_draining(self, exchange: Exchange) -> None:
        if self._exchange is exchange:
            self._abandon(exchange, _released())

    def _disconnected(self, exchange: Exchange, exc: Exception | None) -> Exception:
        # A call that had been waiting for this connection began before it became idle.
        idle_s = max(0.0, exchange.started - self.idle_since)
        return broken_off(
            exc, self.name, self.uses, idle_s, has_begun=self._head_reader is not None
        )

    # --- SendingCarrier ------------------------------------------------------------------------

    def body_sent(self, exchange: Exchange) -> None:
        """All of the request was handed to the transport."""
        self._sender = None
        if self._exchange is exchange:
            self._note_sent()

    def body_failed(self, exchange: Exchange, error: ClientError) -> None:
        """The request stays incomplete, and the connection is of no more use."""
        if self._exchange is exchange:
            self._sender = None
            self._abandon(exchange, error)


def _released() -> ClientPayloadError:
    return ClientPayloadError("the response was released before its body had been read to the end")
