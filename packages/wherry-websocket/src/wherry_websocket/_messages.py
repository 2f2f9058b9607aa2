"""From bytes to messages: fragments joined, payloads inflated, text decoded, sizes bounded.

RFC 6455 §5.4 (fragmentation), §5.6 and §8.1 (text is UTF-8), RFC 7692 §7.2.2 (inflating). What to
answer to a control frame is decided by the protocol, to which they are handed at once, also between
the fragments of a message.
"""

import codecs
import os
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from wherry_errors import WebSocketError

from ._deflate import Inflater
from ._frames import BINARY, CLOSE, CONTINUATION, FIN, RSV1, TEXT, FrameHead, read_head
from ._mask import apply_mask
from ._native import Speedups, find_speedups
from ._pile import Pile
from .messages import WSCloseCode, WSMessage, WSMessageTextBytes, WSMsgType

Message: TypeAlias = WSMessage | WSMessageTextBytes
OnControl: TypeAlias = Callable[[int, bytes, "list[Message]"], None]

MESSAGE_OVERHEAD: Final = 128
"""What a waiting message is taken to cost beside its payload, in bytes; an empty one is not
free.
"""

UNBOUNDED: Final = 1 << 62

_TEXT_TYPE: Final = WSMsgType.TEXT
_BINARY_TYPE: Final = WSMsgType.BINARY
_FIRST_TEXT: Final = FIN | TEXT
_FIRST_BINARY: Final = FIN | BINARY
_WHOLE_DATA: Final = frozenset({_FIRST_TEXT, _FIRST_BINARY})
_MAX_SMALL: Final = 65535  # the lengths that take two bytes at most
_WITH_PAYLOAD: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})
_new_tuple = tuple.__new__
_Utf8Decoder = codecs.getincrementaldecoder("utf-8")


def message_cost(message: Message) -> int:
    """What an unread message counts for, in bytes: its payload (a `str` by characters) and an
    overhead.
    """
    # No isinstance() here: this runs for every message.
    return MESSAGE_OVERHEAD + (len(message[1]) if message[0] in _WITH_PAYLOAD else 0)


class TakeSmallFrames(Protocol):
    """Takes small frames; see `take_small_frames_plainly`."""

    def __call__(
        self,
        data: bytes,
        pos: int,
        out: list[Message],
        room: int,
        limit: int,
        decode_text: bool,
        inflate: Callable[[bytes], bytes] | None = None,
    ) -> int:
        """Where the rest starts."""


def take_small_frames_plainly(
    data: bytes,
    pos: int,
    out: list[Message],
    room: int,
    limit: int,
    decode_text: bool,
    inflate: Callable[[bytes], bytes] | None = None,
) -> int:
    """Append the messages of the whole unmasked frames that start at `pos`; return where the rest
    starts.

    Taken are text (if `decode_text`) and binary frames with FIN set, of at most `limit` bytes
    (itself at most 65535); compressed ones with `inflate`. Stops before anything else, and once
    the messages cost more than `room`. Raises WebSocketError 1007 for text that is not UTF-8, and
    what `inflate` raises.
    """
    end = len(data)
    while end - pos >= 2 and room > 0:
        first = data[pos]
        length = data[pos + 1]
        start = pos + 2
        if length == 126 and end >= pos + 4:
            length = data[start] << 8 | data[pos + 3]
            start = pos + 4
        elif length > 125:
            break
        stop = start + length
        if length > limit or stop > end:
            break
        payload = data[start:stop]
        if first & RSV1 and inflate is not None:
            first ^= RSV1
            if first not in _WHOLE_DATA or (first == _FIRST_TEXT and not decode_text):
                break
            payload = inflate(payload)
        if first == _FIRST_TEXT and decode_text:
            try:
                text = str(payload, "utf-8")
            except UnicodeDecodeError as exc:
                raise _not_utf8(exc) from exc
            # The same as WSMessage(...) without its Python-level __new__, which costs as much as
            # the parsing.
            out.append(_new_tuple(WSMessage, (_TEXT_TYPE, text, "")))
        elif first == _FIRST_BINARY:
            out.append(_new_tuple(WSMessage, (_BINARY_TYPE, payload, "")))
        else:
            break
        room -= MESSAGE_OVERHEAD + len(payload)
        pos = stop
    return pos


def native_take(speedups: Speedups) -> TakeSmallFrames:
    """What `take_small_frames_plainly` does, by its C twin where nothing is compressed.

    Text that is not UTF-8 is left where it is, and refused by whoever takes other frames.
    """
    take = speedups.take_small_frames

    def take_small_frames(
        data: bytes,
        pos: int,
        out: list[Message],
        room: int,
        limit: int,
        decode_text: bool,
        inflate: Callable[[bytes], bytes] | None = None,
    ) -> int:
        if inflate is not None:
            return take_small_frames_plainly(data, pos, out, room, limit, decode_text, inflate)
        text = _TEXT_TYPE if decode_text else None
        return take(data, pos, out, room, limit, MESSAGE_OVERHEAD, WSMessage, text, _BINARY_TYPE)

    return take_small_frames


_speedups = find_speedups(os.environ)
take_small_frames: TakeSmallFrames = (
    take_small_frames_plainly if _speedups is None else native_take(_speedups)
)
"""The twin that runs."""


class MessageReader:
    """Takes bytes in pieces of any size and yields messages; control frames go to `on_control`.

    `masked`: the peer is a client. `inflater`: given if compression was negotiated. `max_size`
    (bytes, inclusive, 0 = none) bounds a message as declared, as summed over fragments and as
    inflated.
    """

    __slots__ = (
        "_check_text",
        "_decode_text",
        "_head",
        "_inflate",
        "_masked",
        "_max_size",
        "_message",
        "_on_control",
        "_opcode",
        "_payload",
        "_rsv1",
        "_small",
        "_tail",
        "_tail_start",
        "backlog",
        "finished",
    )

    def __init__(
        self,
        on_control: OnControl,
        *,
        masked: bool,
        inflater: Inflater | None,
        max_size: int,
        decode_text: bool,
    ) -> None:
        self._on_control = on_control
        self._masked = masked
        self._max_size = max_size
        self._decode_text = decode_text
        self._inflate = None if inflater is None else inflater.inflate
        self._small = -1 if masked else min(max_size or _MAX_SMALL, _MAX_SMALL)
        self._tail = b""  # received, and not parsed from _tail_start on
        self._tail_start = 0
        self._head: FrameHead | None = None  # of the frame whose payload is arriving
        self._payload = Pile()  # of that frame
        self._opcode = CONTINUATION  # of the fragmented message in progress, CONTINUATION if none
        self._rsv1 = False  # of that message
        self._message = Pile()  # of that message, compressed if _rsv1
        self._check_text: Callable[[bytes, bool], str] | None = None  # of it, if it is plain text
        self.backlog = False
        """Whether the last `feed()` stopped for lack of room, with bytes left that may hold
        messages.
        """
        self.finished = False
        """Set by the owner when nothing more is to be read; later bytes are dropped."""

    def feed(self, data: bytes, out: list[Message], room: int) -> None:
        """Append to `out` the messages that `data` completes, until they cost more than `room`.

        What was not parsed stays; `feed(b"", out, room)` goes on. Raises WebSocketError, with the
        messages before the fault in `out`; the reader is of no use afterwards.
        """
        if self.finished:
            return
        pos = 0
        if self._tail:
            data, pos = self._after_tail(data)
        elif self._head is not None:
            pos = self._payload_from(self._head, data, 0, out)
        seen = 0
        end = len(data)
        while pos < end and not self.finished:
            while seen < len(out):
                room -= message_cost(out[seen])
                seen += 1
            if room <= 0:
                break
            before = pos
            if self._opcode == CONTINUATION:
                pos = take_small_frames(
                    data, pos, out, room, self._small, self._decode_text, self._inflate
                )
            if pos == before:
                pos = self._next(data, pos, out)
                if pos == before:
                    break
        self.backlog = False
        if pos < end and not self.finished:
            self.backlog = room <= 0
            self._tail, self._tail_start = data, pos

    def _after_tail(self, data: bytes) -> tuple[bytes, int]:
        """What is to be parsed, and from where: the tail and `data`."""
        tail, start = self._tail, self._tail_start
        self._tail = b""
        return (tail[start:] + data, 0) if data else (tail, start)

    def _next(self, data: bytes, pos: int, out: list[Message]) -> int:
        head = read_head(data, pos, masked=self._masked)
        if head is None:
            return pos
        if head.opcode < CLOSE:
            self._check_sequence(head)
            self._check_size(head.length)
        stop = head.end + head.length
        if stop <= len(data):
            self._frame(head, data[head.end : stop], out)
            return stop
        self._head = head
        return self._payload_from(head, data, head.end, out)

    def _payload_from(self, head: FrameHead, data: bytes, pos: int, out: list[Message]) -> int:
        wanted = head.length - self._payload.size
        self._payload.add(data[pos : pos + wanted])
        if self._payload.size == head.length:
            self._head = None
            self._frame(head, self._payload.take(), out)
        return min(pos + wanted, len(data))

    def _check_sequence(self, head: FrameHead) -> None:
        if head.opcode == CONTINUATION:
            if self._opcode == CONTINUATION:
                raise _violation("a continuation frame follows a fragment; none is in progress")
            if head.rsv1:
                raise _violation(
                    "RSV1 belongs to the first frame of a message; a continuation had it"
                )
        elif self._opcode != CONTINUATION:
            raise _violation("a fragmented message ends before the next one; a new data frame came")
        elif head.rsv1 and self._inflate is None:
            raise _violation("RSV1 is clear when no compression was negotiated; it was set")

    def _check_size(self, length: int) -> None:
        total = self._message.size + length
        if total > self._max_size > 0:
            raise WebSocketError(
                WSCloseCode.MESSAGE_TOO_BIG,
                f"a message has at most {self._max_size} bytes (limit: max_msg_size); "
                f"this one has {total} or more",
            )

    def _frame(self, head: FrameHead, payload: bytes, out: list[Message]) -> None:
        if head.key:
            payload = bytes(apply_mask(payload, head.key))
        if head.opcode >= CLOSE:
            self._on_control(head.opcode, payload, out)
        elif head.fin and head.opcode != CONTINUATION:
            self._deliver(head.opcode, head.rsv1, payload, out)
        else:
            self._fragment(head, payload, out)

    def _fragment(self, head: FrameHead, payload: bytes, out: list[Message]) -> None:
        if head.opcode != CONTINUATION:
            self._opcode, self._rsv1 = head.opcode, head.rsv1
            self._check_text = None
            if head.opcode == TEXT and self._decode_text and not head.rsv1:
                self._check_text = _Utf8Decoder().decode
        if self._check_text is not None:
            # RFC 6455 §8.1 at the earliest: the rest of a text that is none is not waited for.
            try:
                self._check_text(payload, head.fin)
            except UnicodeDecodeError as exc:
                raise _not_utf8(exc) from exc
        self._message.add(payload)
        if head.fin:
            opcode, self._opcode = self._opcode, CONTINUATION
            self._deliver(opcode, self._rsv1, self._message.take(), out)

    def _deliver(self, opcode: int, compressed: bool, payload: bytes, out: list[Message]) -> None:
        if compressed and self._inflate is not None:
            payload = self._inflate(payload)
        if opcode == BINARY:
            out.append(WSMessage(_BINARY_TYPE, payload, ""))
        elif self._decode_text:
            try:
                out.append(WSMessage(_TEXT_TYPE, payload.decode("utf-8"), ""))
            except UnicodeDecodeError as exc:
                raise _not_utf8(exc) from exc
        else:
            out.append(WSMessageTextBytes(_TEXT_TYPE, payload, ""))


def _violation(message: str) -> WebSocketError:
    return WebSocketError(WSCloseCode.PROTOCOL_ERROR, message)


def _not_utf8(exc: UnicodeDecodeError) -> WebSocketError:
    shown = bytes(exc.object[exc.start : exc.start + 16])
    return WebSocketError(
        WSCloseCode.INVALID_TEXT,
        f"a text message is UTF-8; got {shown!r} at byte {exc.start} ({exc.reason})",
    )
