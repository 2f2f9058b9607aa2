"""Find the parts in a multipart body (RFC 2046 §5.1.1). Bytes in, events out; no I/O.

Decides where a part begins and ends, and parses the heads. What the bytes of a part mean is not
known here. A delimiter stands after CRLF; lines of a head, and those before the first delimiter,
may end in LF alone. Time is linear in the input, and no more than one line of a head is kept.
"""

import enum
import re
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import LineTooLong, quote

from ._errors import InvalidPartHeader

MAX_FIELD_SIZE = 8190
"""Bytes of one header line of a part, inclusive; what web servers allow for a header."""

MAX_HEADERS = 128
"""Header lines of one part, inclusive. Real parts have five at most."""

MAX_PADDING = 256
"""Bytes that may follow a boundary on its line: blanks that a gateway left (RFC 2046 §5.1.1)."""

_match_field = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]++):[ \t]*+([^\x00-\x08\x0a-\x1f\x7f]*+)"
).fullmatch


@dataclass(frozen=True, slots=True)
class PartHead:
    """A part begins; these are its headers."""

    headers: CIMultiDictProxy[str]


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part, at least one."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is complete."""


@dataclass(frozen=True, slots=True)
class End:
    """The closing delimiter was seen. Whatever follows is the epilogue, and skipped."""


Event = PartHead | PartData | PartEnd | End


class _State(enum.Enum):
    PREAMBLE = enum.auto()
    DELIMITER = enum.auto()  # behind a boundary, before the end of its line
    HEAD = enum.auto()
    BODY = enum.auto()
    DONE = enum.auto()


class MultipartParser:
    """Takes a multipart body in any pieces and gives its events.

    Call `feed(data)`, then `next_event()` until it returns None; at the end of the input
    `feed_eof()` and `next_event()` again. The events, and the error if there is one, are the same
    however the input was cut, but for how the bytes of a part are divided.

    With `inside_part` the input begins with the data of a part, its head was read by others.
    Raises `ValueError` for a boundary with a line break.
    """

    def __init__(
        self,
        boundary: str,
        *,
        max_field_size: int = MAX_FIELD_SIZE,
        max_headers: int = MAX_HEADERS,
        inside_part: bool = False,
    ) -> None:
        if "\r" in boundary or "\n" in boundary:
            raise ValueError(f"boundary must not hold line breaks: {boundary[:100]!r}")
        self._dashes = b"--" + boundary.encode("utf-8", "surrogateescape")
        self._delimiter = b"\r\n" + self._dashes
        self._max_field_size = max_field_size
        self._max_headers = max_headers
        # Input that was adopted as it came, or a copy of what was left with new input behind it.
        self._buffer: bytes | bytearray = b""
        self._position = 0  # what is before it has been dealt with
        self._scanned = 0  # and up to here a search found nothing
        self._has_ended = False
        self._failure: ValueError | None = None
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._state = _State.BODY if inside_part else _State.PREAMBLE
        self._at_part_start = inside_part
        self._at_line_start = True
        self._ends_part = False

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take more input. Nothing is looked at before `next_event`."""
        if self._state is _State.DONE or self._failure is not None:
            return
        if self._position == len(self._buffer):
            self._buffer = bytes(data)  # no copy of bytes; a caller may go on to change others
        else:
            if isinstance(self._buffer, bytearray):
                del self._buffer[: self._position]
            else:
                self._buffer = bytearray(memoryview(self._buffer)[self._position :])
            self._buffer += data
        self._scanned = max(0, self._scanned - self._position)
        self._position = 0

    def feed_eof(self) -> None:
        """Say that there is no more input."""
        self._has_ended = True

    def next_event(self) -> Event | None:
        """The next event, or None if that needs more input; after the last one, `End` for ever.

        Raises `ValueError` if this is no multipart body with this boundary, `InvalidPartHeader` or
        `LineTooLong` (both `ValueError` too) for the head of a part. The same error is raised from
        then on.
        """
        if self._failure is not None:
            raise self._failure
        if self._position == len(self._buffer) and self._may_wait():
            return None
        try:
            return self._advance()
        except ValueError as exc:
            self._failure = exc
            self._forget_input()
            raise

    def _may_wait(self) -> bool:
        return not self._has_ended and self._state is not _State.DONE

    def _advance(self) -> Event | None:
        while True:
            state, position = self._state, self._position
            if state is _State.DONE:
                return End()
            event = self._read_body() if state is _State.BODY else self._read_frame(state)
            if event is not None:
                return event
            if state is self._state and position == self._position:
                self._check_not_ended()
                return None

    def _read_frame(self, state: _State) -> Event | None:
        """What stands around the data of the parts."""
        if state is _State.HEAD:
            return self._read_head_line()
        if state is _State.DELIMITER:
            return self._read_delimiter()
        self._skip_preamble()
        return None

    def _check_not_ended(self) -> None:
        """More input is needed: that is an error if there will be none."""
        if not self._has_ended:
            return
        raise ValueError(
            {
                _State.PREAMBLE: f"no line {quote(bytes(self._dashes))} in the multipart body",
                _State.DELIMITER: "multipart body ended inside a boundary line",
                _State.HEAD: "multipart body ended inside the headers of a part",
                _State.BODY: "multipart body ended inside a part, without a closing boundary",
            }[self._state]
        )

    def _skip_preamble(self) -> None:
        """Skip to a line that is the boundary and nothing else but blanks."""
        if self._at_line_start:
            line = self._boundary_line()
            if line is None:
                return
            if line:
                self._position += len(self._dashes)
                self._enter(_State.DELIMITER)
                return
        newline = self._buffer.find(b"\n", self._position)
        self._at_line_start = newline >= 0
        self._position = newline + 1 if newline >= 0 else len(self._buffer)

    def _boundary_line(self) -> bool | None:
        """Whether the line at the position is a delimiter; None if that cannot be seen yet."""
        head = bytes(self._buffer[self._position : self._position + len(self._dashes)])
        if not self._dashes.startswith(head):
            return False
        if len(head) < len(self._dashes):
            return False if self._has_ended else None
        rest = self._rest_of_line(self._position + len(self._dashes))
        return None if rest is None else rest in (b"", b"--")

    def _rest_of_line(self, start: int) -> bytes | None:
        """What follows a boundary on its line, without blanks; None if that cannot be seen yet.

        Two dashes end the body, whatever comes behind them.
        """
        if self._buffer.startswith(b"--", start):
            return b"--"
        newline = self._buffer.find(b"\n", start, start + MAX_PADDING)
        if newline >= 0:
            return bytes(self._buffer[start:newline]).removesuffix(b"\r").rstrip(b" \t")
        if len(self._buffer) - start < MAX_PADDING:
            return None
        return bytes(self._buffer[start : start + MAX_PADDING])

    def _read_delimiter(self) -> Event | None:
        """Behind a boundary: two dashes, or blanks and the end of the line."""
        rest = self._rest_of_line(self._position)
        if rest is None:
            return None
        if rest == b"--":
            return self._close()
        if rest:
            raise ValueError(
                f"boundary line goes on after the boundary: {quote(bytes(self._dashes) + rest)}"
            )
        if self._ends_part:
            self._ends_part = False
            return PartEnd()
        self._position = self._buffer.index(b"\n", self._position) + 1
        self._headers = CIMultiDict()
        self._enter(_State.HEAD)
        return None

    def _close(self) -> Event:
        if self._ends_part:
            self._ends_part = False
            return PartEnd()
        self._enter(_State.DONE)
        self._forget_input()
        return End()

    def _forget_input(self) -> None:
        self._buffer = b""
        self._position = self._scanned = 0

    def _enter(self, state: _State) -> None:
        self._state = state
        self._scanned = self._position

    def _read_head_line(self) -> Event | None:
        newline = self._buffer.find(b"\n", self._scanned)
        end = newline if newline >= 0 else len(self._buffer)
        if end - self._position > self._max_field_size + 1:  # one for a CR
            raise self._line_too_long()
        if newline < 0:
            self._scanned = end
            return None
        line = bytes(self._buffer[self._position : newline]).removesuffix(b"\r")
        self._position = self._scanned = newline + 1
        if not line:
            self._enter(_State.BODY)
            self._at_part_start = True
            return PartHead(CIMultiDictProxy(self._headers))
        self._add_field(line)
        return None

    def _line_too_long(self) -> LineTooLong:
        limit = self._max_field_size
        return LineTooLong("header line of a part", limit, limit + 1)

    def _add_field(self, line: bytes) -> None:
        if len(line) > self._max_field_size:
            raise self._line_too_long()
        if len(self._headers) >= self._max_headers:
            limit = self._max_headers
            raise LineTooLong("list of headers of a part", limit, limit + 1)
        field = _match_field(line)
        if field is None:
            raise InvalidPartHeader(f"header line of a part is not `name: value`: {quote(line)}")
        name, value = field.groups()
        self._headers.add(
            name.decode("ascii"), value.rstrip(b" \t").decode("utf-8", "surrogateescape")
        )

    def _read_body(self) -> Event | None:
        if self._at_part_start:
            # An empty part: the line end of the empty line is that of the delimiter, too.
            found = self._boundary_at_start()
            if found is None:
                return None
            self._at_part_start = False
            if found:
                self._end_part(self._position + len(self._dashes))
                return None
        # Most input holds no delimiter, and rfind sees that in half the time find takes.
        found_at = self._buffer.rfind(self._delimiter, self._scanned)
        if found_at < 0:
            return self._take_data(self._safe_end())
        found_at = self._buffer.find(
            self._delimiter, self._scanned, found_at + len(self._delimiter)
        )
        if found_at > self._position:
            return self._take_data(found_at)
        self._end_part(found_at + len(self._delimiter))
        return None

    def _boundary_at_start(self) -> bool | None:
        head = bytes(self._buffer[self._position : self._position + len(self._dashes)])
        if len(head) < len(self._dashes) and self._dashes.startswith(head):
            return False if self._has_ended else None
        return head == self._dashes

    def _end_part(self, position: int) -> None:
        self._position = position
        self._ends_part = True
        self._enter(_State.DELIMITER)

    def _safe_end(self) -> int:
        """Up to where the buffer holds data for certain, not perhaps the start of a delimiter."""
        tail = max(self._position, len(self._buffer) - len(self._delimiter) + 1)
        start = self._buffer.rfind(b"\r", tail)  # the last one: a boundary holds none
        if start >= 0 and self._delimiter.startswith(bytes(self._buffer[start:])):
            return start
        return len(self._buffer)

    def _take_data(self, end: int) -> Event | None:
        start, self._position, self._scanned = self._position, end, end
        if isinstance(self._buffer, bytes):
            data = self._buffer[start:end]  # no copy if that is all of it
        else:
            data = memoryview(self._buffer)[start:end].tobytes()
        return PartData(data) if data else None
