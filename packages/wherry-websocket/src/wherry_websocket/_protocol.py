"""One end of a WebSocket connection without I/O: bytes in, messages out; calls in, bytes out. RFC
6455, both roles.

Decides which control frames are answered and how, and when the closing handshake is complete. It
never waits, owns no socket and no clock: closing the transport, limits on time and pings against
silence are left to the caller.
"""

import os
from collections.abc import Callable
from typing import Final

from wherry_errors import WebSocketError

from ._close import NO_CODE, close_payload, parse_close
from ._deflate import Deflater, Inflater
from ._frames import BINARY, CLOSE, FIN, MAX_CONTROL, PING, PONG, RSV1, TEXT, write_frame
from ._mask import masking_keys
from ._messages import UNBOUNDED, Message, MessageReader
from ._state import Move, Role, State, WebSocketStateError, after
from .messages import WSCloseCode, WSMessage, WSMsgType

DEFAULT_MAX_MSG_SIZE: Final = 4 * 1024 * 1024

MAX_PONG_BYTES: Final = 16384
"""Automatic pongs kept before they are sent; above this only the latest ping is answered (RFC 6455
§5.5.3).
"""

_DATA: Final = frozenset({TEXT, BINARY})
_OPEN: Final = State.OPEN  # looking it up on the enum takes as long as all else in the hot path
_NOT_SENDABLE: Final = "send_frame() sends TEXT, BINARY, PING or PONG; use close() to close"


class WebSocketProtocol:
    """The state of one end.

    After the opening handshake, give received bytes to `receive_data()` and deliver the messages it
    returns, then send what `data_to_send()` returns. Whatever `send_text()` and its like return is
    to be sent too, in order. When `state` is CLOSED and everything is sent, close the connection.

    `compress` is the window size for permessage-deflate as negotiated (9 to 15), 0 for none.
    `max_msg_size` is in bytes, inclusive, 0 for none. With `autoping` pings are answered and pongs
    dropped; with `autoclose` a close frame is answered at once. `random(n)` gives the masking keys
    of a client.
    """

    __slots__ = (
        "_autoclose",
        "_autoping",
        "_keys",
        "_late_pong",
        "_pong_bytes",
        "_reader",
        "_replies",
        "close_code",
        "close_reason",
        "deflater",
        "failure",
        "has_backlog",
        "has_replies",
        "state",
    )

    def __init__(
        self,
        role: Role = Role.CLIENT,
        *,
        compress: int = 0,
        client_notakeover: bool = False,
        server_notakeover: bool = False,
        max_msg_size: int = DEFAULT_MAX_MSG_SIZE,
        decode_text: bool = True,
        autoping: bool = True,
        autoclose: bool = True,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        client = role is Role.CLIENT
        ours, theirs = client_notakeover, server_notakeover
        if not client:
            ours, theirs = theirs, ours
        inflater = Inflater(no_takeover=theirs, max_size=max_msg_size) if compress else None
        self.deflater: Deflater | None = Deflater(compress, no_takeover=ours) if compress else None
        """What compresses our messages, `None` without compression."""
        self._keys = masking_keys(random).__next__ if client else bytes
        self._reader = MessageReader(
            self._on_control,
            masked=not client,
            inflater=inflater,
            max_size=max_msg_size,
            decode_text=decode_text,
        )
        self._autoping = autoping
        self._autoclose = autoclose
        self._replies: list[bytes] = []
        self._pong_bytes = 0
        self._late_pong: bytes | None = None
        self.state: State = State.OPEN
        """Where the closing handshake stands."""
        self.close_code: int | None = None
        """The peer's close code (0 if it gave none), or the code of `failure`; `None` before
        either.
        """
        self.close_reason: str = ""
        """The peer's close reason."""
        self.failure: WebSocketError | None = None
        """What the peer did wrong, once it did."""
        self.has_backlog: bool = False
        """Whether the last `receive_data()` stopped for lack of room."""
        self.has_replies: bool = False
        """Whether `data_to_send()` has something."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state.value}>"

    # Receiving

    def receive_data(self, data: bytes, room: int = UNBOUNDED) -> list[Message]:
        """The messages that `data` completes, in order.

        A CLOSE message, or an ERROR message with the `WebSocketError` of a violation, is the last
        one ever; later bytes are dropped. Once the messages cost more than `room` bytes the rest
        stays unparsed and `has_backlog` is true: call again with `b""` when there is room.
        """
        out: list[Message] = []
        try:
            self._reader.feed(data, out, room)
        except WebSocketError as exc:
            self._fail(exc)
            out.append(WSMessage(WSMsgType.ERROR, exc, None))
        self.has_backlog = self._reader.backlog
        return out

    def data_to_send(self) -> bytes:
        """The automatic replies (pongs, close frames) since the last call, to be sent now; `b""` if
        none.
        """
        if self._late_pong is not None:
            self._replies.append(self._frame(PONG, self._late_pong))
            self._late_pong = None
        replies = b"".join(self._replies)
        self._replies.clear()
        self.has_replies = False
        self._pong_bytes = 0
        return replies

    def connection_lost(self) -> None:
        """Tell that the transport is gone: nothing can be sent any more.

        Bytes received before may still be parsed.
        """
        self.state = after(self.state, Move.LOSE)

    def _on_control(self, opcode: int, payload: bytes, out: list[Message]) -> None:
        if opcode == CLOSE:
            self._on_close(payload, out)
        elif not self._autoping:
            out.append(WSMessage(WSMsgType(opcode), payload, ""))
        elif opcode == PING and self.state is State.OPEN:
            self._queue_pong(payload)

    def _queue_pong(self, payload: bytes) -> None:
        if self._pong_bytes > MAX_PONG_BYTES:
            self._late_pong = payload
            return
        pong = self._frame(PONG, payload)
        self._pong_bytes += len(pong)
        self._add_reply(pong)

    def _add_reply(self, frame: bytes) -> None:
        self._replies.append(frame)
        self.has_replies = True

    def _on_close(self, payload: bytes, out: list[Message]) -> None:
        code, reason = parse_close(payload)
        self.state = after(self.state, Move.RECEIVE_CLOSE)
        self._reader.finished = True
        self.close_code, self.close_reason = code, reason
        out.append(WSMessage(WSMsgType.CLOSE, code, reason))
        if self._autoclose and self.state is State.CLOSE_RECEIVED:
            self._add_reply(self.close_reply())

    def _fail(self, exc: WebSocketError) -> None:
        # RFC 6455 §7.1.7: tell the peer why, unless a close frame has gone out already.
        if self.state is State.OPEN:
            self._add_reply(self.close(exc.code))
        self.state = after(self.state, Move.FAIL)
        self._reader.finished = True
        self.failure = exc
        self.close_code = exc.code

    # Sending: each method returns the bytes to send

    def send_text(self, data: str | bytes, compress: int | None = None) -> bytes:
        """A text message; `bytes` must be UTF-8 already. For `compress` see `send_frame()`."""
        payload = data.encode("utf-8") if isinstance(data, str) else data
        return self.send_frame(payload, TEXT, compress)

    def send_binary(self, data: bytes | bytearray, compress: int | None = None) -> bytes:
        """A binary message. For `compress` see `send_frame()`."""
        return self.send_frame(data, BINARY, compress)

    def ping(self, payload: bytes = b"") -> bytes:
        """A ping. Raises ValueError above 125 bytes."""
        return self.send_frame(payload, PING)

    def pong(self, payload: bytes = b"") -> bytes:
        """A pong, asked for or not. Raises ValueError above 125 bytes."""
        return self.send_frame(payload, PONG)

    def send_frame(
        self, payload: bytes | bytearray, opcode: int, compress: int | None = None
    ) -> bytes:
        """A message or control frame, FIN set, compressed if that was negotiated.

        `compress` (9 to 15) gives this message a compressor of its own with that window. Raises
        WebSocketStateError unless the state is OPEN, ValueError for an opcode that is not sent this
        way.
        """
        if opcode in _DATA:
            if self.state is not _OPEN:
                raise self._not_open()
            if self.deflater is None:
                return write_frame(FIN | opcode, payload, self._keys())
            payload = self.deflater.compress(payload, compress)
            return self.frame_of(opcode, payload, compressed=True)
        if opcode not in (PING, PONG):
            raise ValueError(f"{_NOT_SENDABLE}; got opcode {opcode!r}")
        if len(payload) > MAX_CONTROL:
            raise ValueError(
                f"a control frame holds at most {MAX_CONTROL} bytes; got {len(payload)}"
            )
        return self.frame_of(opcode, payload)

    def frame_of(
        self, opcode: int, payload: bytes | bytearray, *, compressed: bool = False
    ) -> bytes:
        """The frame for a payload that is ready, for example one that `deflater` compressed in
        another thread.

        Raises WebSocketStateError unless the state is OPEN.
        """
        if self.state is not _OPEN:
            raise self._not_open()
        return self._frame(opcode | RSV1 if compressed else opcode, payload)

    def close(self, code: int = WSCloseCode.OK, reason: bytes = b"") -> bytes:
        """A close frame, after the replies still unsent; code 0 sends none.

        Raises ValueError for a code or reason that may not be sent, WebSocketStateError if one was
        sent before.
        """
        payload = close_payload(code, reason)
        self.state = after(self.state, Move.SEND_CLOSE)
        return self.data_to_send() + self._frame(CLOSE, payload)

    def close_reply(self) -> bytes:
        """The close frame that answers the peer's, with its code; for `autoclose=False`.

        Raises WebSocketStateError if it was sent before.
        """
        return self.close(self.close_code or NO_CODE)

    def _not_open(self) -> WebSocketStateError:
        return WebSocketStateError(f"cannot send: the connection is {self.state.value}")

    def _frame(self, first: int, payload: bytes | bytearray) -> bytes:
        return write_frame(FIN | first, payload, self._keys())
