"""The WebSocket between its transport and its user: what arrives, what is sent, and how it ends.

Joins the protocol without I/O to a `FrameTransport`, an inbox, an outbox and the timers. It knows
nothing of HTTP, and leaves arguments, JSON and message types to the class users see. RFC 6455 §5.5
and §7.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from wherry_errors import (
    ClientConnectionError,
    ClientError,
    ClientOSError,
    ServerTimeoutError,
)

from ._closing import PeerClosed
from ._frames import BINARY, TEXT
from ._inbox import HIGH_WATER, LOW_WATER, Inbox
from ._messages import Message
from ._outbox import DeflatingOutbox, Outbox, connection_reset
from ._protocol import WebSocketProtocol
from ._state import State, WebSocketStateError
from ._timeouts import Beat, ClientWSTimeout, Heartbeat
from .messages import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WSCloseCode,
    WSMessage,
    WSMsgType,
)
from .protocols import FrameTransport

_CLOSED: Final = State.CLOSED  # members of an enum are slow to look up
_BINARY: Final = WSMsgType.BINARY

_LINGER: Final = 10.0
"""Seconds a closed transport gets to send its rest when `ws_close` sets no limit, or 0."""


class Link:
    """A `FrameReceiver`. Public attributes are read by the owner, never set.

    An end is told in order: messages that arrived before it are taken first, then `closed` turns
    true. Only `close()` drops them.
    """

    def __init__(
        self,
        transport: FrameTransport,
        protocol: WebSocketProtocol,
        *,
        writer: FrameTransport,
        loop: asyncio.AbstractEventLoop,
        timeout: ClientWSTimeout,
        heartbeat: float | None,
        ceil_threshold: float,
        on_closed: Callable[[], None] | None,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._protocol = protocol
        self._timeout = timeout
        self._on_closed = on_closed
        self._inbox = Inbox(loop)
        self._outbox = Outbox(writer, loop)
        self._deflating = (
            DeflatingOutbox(protocol, self._outbox, loop) if protocol.deflater else None
        )
        self._reading = True
        self._over = False  # the transport was closed by us or lost
        self._lost = False
        self._loss: ClientError | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._has_ended = False  # nobody waits for messages any more; the last ones may be left
        self._closing: asyncio.Future[None] | None = None  # done when close() is
        self._peer_closed = PeerClosed(loop)  # what close() waits for
        self.closed = False
        """Whether the user has seen the end."""
        self.close_code: int | None = None
        """How it ended: the server's code, ours for its fault, 1006 without a close frame."""
        self.exception: BaseException | None = None
        """The last failure."""
        self._heartbeat: Heartbeat | None = None
        self._beat: asyncio.TimerHandle | None = None
        if heartbeat:
            self._heartbeat = Heartbeat(heartbeat, loop.time(), ceil_threshold)
            self._beat = loop.call_at(self._heartbeat.wake_at, self._on_beat)
        transport.attach(self)

    # What the transport calls

    def data_received(self, data: bytes, /) -> None:
        """Parse, queue, reply."""
        if self._heartbeat is not None:
            self._heartbeat.received(self._loop.time())
        self._outbox.begin_turn()
        self._parse(data)

    def connection_lost(self, exc: BaseException | None, /) -> None:
        """The transport is gone; unread messages stay."""
        self._lost = self._has_ended = True
        if exc is not None and not self._over:
            self._loss = _as_client_error(exc)
        self._protocol.connection_lost()
        self._outbox.connection_lost()
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        self._give_up_transport()
        if self._closing is not None:
            self._peer_closed.tell()
        elif not self._inbox.messages:
            self._finish(self._loss)
            self._inbox.wake()

    def pause_writing(self) -> None:
        """Hold senders back."""
        self._outbox.pause()

    def resume_writing(self) -> None:
        """Let senders go, and send the replies that were kept."""
        self._outbox.resume()
        self._reply()

    # Receiving

    def take(self) -> Message | None:
        """The next message; CLOSED ones without end after the last; `None` if it has to be awaited
        with `wait()`.

        Raises RuntimeError while another task waits.
        """
        inbox = self._inbox
        if inbox.waiter is not None:
            raise RuntimeError(
                "another task is in receive() of this WebSocket; only one may be at a time"
            )
        if not inbox.messages:
            return self._ending() if self._has_ended else None
        message = inbox.take()
        if not self._reading and inbox.unread <= LOW_WATER:
            self._make_room()
        if message[0] > _BINARY:
            self._notice(message)
        return message

    def wait(self, limit: float | None) -> Awaitable[Message | None]:
        """Wait until there is something to `take()`, or for a message that goes before all others.

        For the errors see `Inbox.wait()`.
        """
        return self._inbox.wait(limit)

    def _parse(self, data: bytes) -> None:
        protocol, inbox = self._protocol, self._inbox
        messages = protocol.receive_data(data, HIGH_WATER - inbox.unread)
        if self._closing is not None:
            self._drop_until_close()
            return
        if messages:
            inbox.put(messages)
        if protocol.has_replies or protocol.state is _CLOSED:
            self._reply()
        if protocol.has_backlog or (inbox.unread > HIGH_WATER and inbox.is_overfull):
            self._pause_reading()

    def _drop_until_close(self) -> None:
        while self._protocol.has_backlog:
            self._protocol.receive_data(b"", HIGH_WATER)
        if self._protocol.state is State.CLOSED:
            self._peer_closed.tell()

    def _reply(self) -> None:
        # While the transport is full, pongs wait in the protocol, which bounds them.
        ended = self._protocol.state is State.CLOSED
        if ended or not self._outbox.paused:
            replies = self._protocol.data_to_send()
            if replies:
                self._outbox.write(replies)
        if ended:
            self._close_transport()

    def _notice(self, message: Message) -> None:
        if message[0] is WSMsgType.CLOSE and not self.closed:
            self._has_ended = True
            self.close_code = self._protocol.close_code
            if self._protocol.state is State.CLOSED:
                self._finish(self._loss)
        elif message[0] is WSMsgType.ERROR:
            self._finish(self._protocol.failure)

    def _make_room(self) -> None:
        while self._protocol.has_backlog and self._inbox.unread <= LOW_WATER:
            self._parse(b"")
        if not self._protocol.has_backlog and self._inbox.unread <= LOW_WATER:
            self._resume_reading()

    def _pause_reading(self) -> None:
        if self._reading and not self._lost:
            self._reading = False
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if not self._reading and not self._lost:
            self._reading = True
            self._transport.resume_reading()

    def _ending(self) -> WSMessage:
        if not self.closed and self._closing is not None:
            return WS_CLOSING_MESSAGE
        if not self.closed:
            if self._protocol.state is State.CLOSE_RECEIVED:
                self._outbox.write(self._protocol.close_reply())
            self._close_transport()
            self._finish(self._loss)
        return WS_CLOSED_MESSAGE

    # Sending

    def send(
        self, opcode: int, payload: bytes, compress: int | None = None
    ) -> Awaitable[None] | None:
        """Send a message or control frame; what has to be awaited now, if anything: room in the
        transport, or its turn to be compressed.

        Raises ClientConnectionResetError, also when awaited, once closing began or the connection
        is lost.
        """
        outbox = self._outbox
        if outbox.is_fresh and self._transport.is_closing():
            raise connection_reset("the connection is closing")
        try:
            if self._deflating is not None and TEXT <= opcode <= BINARY:
                sending = self._deflating.send(opcode, payload, compress)
                if sending is not None:
                    return self._finish_send(sending)
            else:
                outbox.write(self._protocol.send_frame(payload, opcode))
        except WebSocketStateError as exc:
            raise connection_reset(str(exc)) from exc
        return outbox.wait() if outbox.paused and outbox.is_full else None

    async def _finish_send(self, sending: Awaitable[None]) -> None:
        try:
            await sending
        except WebSocketStateError as exc:
            raise connection_reset(str(exc)) from exc
        if self._outbox.is_full:
            await self._outbox.wait()

    # Heartbeat

    def _on_beat(self) -> None:
        self._beat = None
        heartbeat = self._heartbeat
        if heartbeat is None or self._protocol.state is not State.OPEN:
            return
        verdict = heartbeat.beat(self._loop.time(), reading=self._reading)
        if verdict is Beat.PING and not self._transport.is_closing():
            self._outbox.write(self._protocol.ping())
        elif verdict is not Beat.WAIT:
            self._drop(heartbeat.interval / 2)
            return
        self._beat = self._loop.call_at(heartbeat.wake_at, self._on_beat)

    def _drop(self, limit: float) -> None:
        error = ServerTimeoutError(
            "the server sent nothing after a ping", phase="heartbeat", limit=limit
        )
        self._finish(error)
        self._inbox.wake(WSMessage(WSMsgType.ERROR, error, None))
        self._abort_transport()

    # Closing

    async def close(self, code: int, reason: bytes) -> bool:
        """The closing handshake from our side; whether this call brought the end.

        Raises ValueError for a code or reason that may not be sent. A cancellation aborts the
        connection.
        """
        if self.closed:
            return False
        if self._closing is not None:
            await asyncio.shield(self._closing)
            return False
        frame = b"" if self._protocol.state is State.CLOSED else self._protocol.close(code, reason)
        self._closing = self._loop.create_future()
        self._has_ended = True
        failure: BaseException | None = None
        try:
            self._begin_close(frame)
            if self._protocol.state is not _CLOSED:
                await self._peer_closed.wait(self._timeout.ws_close)
        except TimeoutError as exc:
            failure = exc
            self._abort_transport()
        except BaseException:
            self._abort_transport()
            raise
        finally:
            self._close_transport()
            self._finish(failure or self._loss)
            self._closing.set_result(None)
        return True

    def _begin_close(self, frame: bytes) -> None:
        if frame:
            self._outbox.write(frame)
        self._inbox.clear()
        self._inbox.wake(WS_CLOSING_MESSAGE)
        self._stop_heartbeat()
        self._drop_until_close()
        self._resume_reading()

    def _finish(self, failure: BaseException | None) -> None:
        """The user sees the end now."""
        if self.closed:
            return
        self.closed = self._has_ended = True
        code = self._protocol.close_code
        self.close_code = WSCloseCode.ABNORMAL_CLOSURE if code is None else code
        failure = failure or self._protocol.failure
        if failure is not None:
            self.exception = failure
        self._stop_heartbeat()

    def _close_transport(self) -> None:
        if self._over:
            return
        self._outbox.flush()
        self._transport.close()
        if not self._lost:
            # A peer that does not read would keep the last bytes, and the connection, for ever.
            limit = self._timeout.ws_close
            self._linger = self._loop.call_later(limit or _LINGER, self._transport.abort)
        self._give_up_transport()

    def _abort_transport(self) -> None:
        if not self._lost:
            self._transport.abort()
        self._give_up_transport()

    def _give_up_transport(self) -> None:
        self._stop_heartbeat()
        if not self._over:
            self._over = True
            if self._on_closed is not None:
                self._on_closed()

    def _stop_heartbeat(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None


def _as_client_error(exc: BaseException) -> ClientError:
    """What ended the connection, in the vocabulary of the client."""
    if isinstance(exc, ClientError):
        return exc
    if isinstance(exc, OSError):
        error: ClientError = ClientOSError(*exc.args)
    else:
        error = ClientConnectionError(f"the connection broke: {exc!r}"[:200])
    error.__cause__ = exc
    return error
