"""One frame on the wire, RFC 6455 §5.2: reading its head, writing it whole.

Checks what one head alone can tell. How frames make messages, and how large those may be, is
decided by `_messages`. Lengths in more bytes than needed are accepted, as other implementations do.
"""

import os
from typing import Final, NamedTuple, Protocol

from wherry_errors import WebSocketError

from ._mask import apply_mask
from ._native import Speedups, WriteFrame, find_speedups
from .messages import WSCloseCode

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

FIN: Final = 0x80
RSV1: Final = 0x40
MAX_CONTROL: Final = 125
"""Largest payload of a control frame, in bytes (RFC 6455 §5.5)."""

_RSV2_AND_RSV3: Final = 0x30
_MASK: Final = 0x80
_OPCODES: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_SHOW: Final = 14  # no head is longer


class FrameHead(NamedTuple):
    """What a frame says before its payload.

    `length` is the payload's size in bytes, `key` the masking key or `b""`, `end` the position
    after the head in the data it was read from.
    """

    fin: bool
    rsv1: bool
    opcode: int
    length: int
    key: bytes
    end: int


class ReadHead(Protocol):
    """Reads a head; see `read_head_plainly`."""

    def __call__(self, data: bytes, start: int, /, *, masked: bool) -> FrameHead | None:
        """The head, or None while it is incomplete."""


def read_head_plainly(data: bytes, start: int, /, *, masked: bool) -> FrameHead | None:
    """The head that begins at `start`, or `None` while it is incomplete.

    `masked` says whether the peer must mask: true for a client's frames, false for a server's (RFC
    6455 §5.1). Raises WebSocketError 1002 as soon as the first two bytes break a rule.
    """
    if len(data) - start < 2:
        return None
    first, second = data[start], data[start + 1]
    length = second & 0x7F
    _check_first_bytes(first, second, length, masked)
    end = start + 2
    if length > 125:
        size = 2 if length == 126 else 8
        field = data[end : end + size]
        if len(field) < size:
            return None
        end += size
        length = int.from_bytes(field, "big")
        if length >> 63:
            raise _violation("a payload length has its highest bit clear", data, start)
    key = b""
    if masked:
        key = data[end : end + 4]
        if len(key) < 4:
            return None
        end += 4
    return FrameHead(bool(first & FIN), bool(first & RSV1), first & 0x0F, length, key, end)


def _check_first_bytes(first: int, second: int, length: int, masked: bool) -> None:
    opcode = first & 0x0F
    shown = bytes((first, second))
    if first & _RSV2_AND_RSV3:
        raise _violation("RSV2 and RSV3 are clear", shown)
    if opcode not in _OPCODES:
        raise _violation("an opcode is 0, 1, 2, 8, 9 or 10", shown)
    if opcode >= CLOSE:
        if not first & FIN:
            raise _violation("a control frame is not fragmented", shown)
        if length > MAX_CONTROL:
            raise _violation(f"a control frame holds at most {MAX_CONTROL} bytes", shown)
        if first & RSV1:
            raise _violation("a control frame is not compressed (RSV1 is clear)", shown)
    if bool(second & _MASK) is not masked:
        rule = "a client masks its frames" if masked else "a server does not mask its frames"
        raise _violation(rule, shown)


def _violation(rule: str, data: bytes, start: int = 0) -> WebSocketError:
    shown = bytes(data[start : start + _SHOW])
    return WebSocketError(WSCloseCode.PROTOCOL_ERROR, f"{rule}; got a frame starting {shown!r}")


def native_read(speedups: Speedups) -> ReadHead:
    """What `read_head_plainly` does, by its C twin; what that leaves undecided, plainly."""
    read = speedups.read_frame_head

    def read_head(data: bytes, start: int, /, *, masked: bool) -> FrameHead | None:
        found = read(data, start, masked, FrameHead)
        return read_head_plainly(data, start, masked=masked) if found is None else found

    return read_head


def write_frame_plainly(first: int, payload: bytes | bytearray, key: bytes, /) -> bytes:
    """A whole frame. `first` is its first byte (FIN, RSV1, opcode); `key` masks it unless empty.

    The length takes the shortest form. `payload` is not modified.
    """
    size = len(payload)
    if size < 126:
        if key:
            # What `apply_mask()` does, without its call: most messages come this way.
            repeated = int.from_bytes((key * (size // 4 + 1))[:size], "little")
            masked = (int.from_bytes(payload, "little") ^ repeated).to_bytes(size, "little")
            return bytes((first, size | _MASK)) + key + masked
        head = bytes((first, size))
    elif size < 65536:
        head = bytes((first, 126 | _MASK if key else 126, size >> 8, size & 0xFF))
    else:
        head = bytes((first, 127 | _MASK if key else 127)) + size.to_bytes(8, "big")
    if key:
        return b"".join((head, key, apply_mask(payload, key)))
    return head + payload


_speedups = find_speedups(os.environ)
read_head: ReadHead = read_head_plainly if _speedups is None else native_read(_speedups)
write_frame: WriteFrame = write_frame_plainly if _speedups is None else _speedups.write_frame
"""The twins that run."""
