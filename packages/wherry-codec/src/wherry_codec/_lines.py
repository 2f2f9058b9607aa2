"""The lines of a head or a trailer section, as they arrive.

Decides where a line ends, which lines are acceptable, and when a limit is passed; the one place
for leniency about line ends and folding. Knows nothing about start lines beyond their length, and
nothing about what a field means. RFC 9112 §2.2, §5, §5.2.
"""

import re
from collections.abc import Callable
from typing import Final

from . import _abnf
from ._errors import InvalidHeader, LineTooLong, quote
from ._limits import Limits

_is_field_name = re.compile(_abnf.TOKEN).fullmatch
# NUL and CR are never acceptable: a peer that reads them as a line end sees other fields than we
# do. LF cannot be inside a line, it ends it.
_find_never_allowed = re.compile(rb"[\x00\r]").search
_find_control = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search

_BLANK: Final = (0x20, 0x09)


class HeadLines:
    """Collects lines up to and including the empty one that ends them.

    `take_start_line` receives the first line, without its line end, as soon as it is whole, and
    raises if it is none; leave it out where fields begin at once. Feed bytes until `is_done`; then
    `fields` is complete.

    Lenient, it takes bare LF as a line end and joins folded lines, the white space of the fold
    kept; strict, it refuses both, and control characters in values too.

    A limit is enforced on the byte that passes it, also in a line that has not ended yet, so the
    outcome does not depend on how the bytes were cut.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        strict: bool,
        take_start_line: Callable[[bytes], None] | None = None,
    ) -> None:
        self._limits = limits
        self._strict = strict
        self._take_start_line = take_start_line
        self._partial = bytearray()
        self._taken = 0
        self._folded: set[int] = set()
        self.fields: list[bytes] = []
        """Unfolded field lines without line end, each a token, a colon and a value."""
        self.is_done = False
        """Whether the empty line has been taken."""

    def feed(self, data: bytes, start: int = 0) -> int:
        """Take lines from `data[start:]`; the offset of the first byte not taken.

        That is `len(data)` unless the section ended inside. Raises `InvalidHeader`, `LineTooLong`
        or what `take_start_line` raises; do not feed again then.
        """
        while not self.is_done:
            newline = data.find(b"\n", start)
            if newline < 0:
                self._partial += data[start:]
                self._check_sizes(self._partial)
                return len(data)
            line: bytes | bytearray = data[start : newline + 1]
            if self._partial:
                line = self._partial + line
                self._partial = bytearray()
            self._check_sizes(line)
            self._taken += len(line)
            self._take_line(bytes(line))
            start = newline + 1
        return start

    @property
    def has_begun(self) -> bool:
        """Whether anything but empty lines has been taken."""
        return self._take_start_line is None or bool(self._partial)

    def names_and_values(self) -> list[tuple[bytes, bytes]]:
        """Name and value of each field in wire order and spelling, blanks stripped."""
        pairs = []
        for line in self.fields:
            name, _, value = line.partition(b":")
            pairs.append((name, value.strip(b" \t")))
        return pairs

    def is_folded(self, index: int) -> bool:
        """Whether the field at `index` came on more than one line."""
        return index in self._folded

    def _check_sizes(self, line: bytes | bytearray) -> None:
        limits = self._limits
        if self._taken + len(line) > limits.max_head_size:
            raise LineTooLong("the head", limits.max_head_size, self._taken + len(line))
        size = len(line) - line_end_size(line)
        if self._take_start_line is not None:
            if size > limits.max_line_size:
                raise LineTooLong("the start line", limits.max_line_size, size)
        elif line[:1] in (b" ", b"\t") and self.fields:
            size = _field_size(self.fields[-1], len(self.fields[-1])) + size
            if size > limits.max_field_size:
                raise LineTooLong("a folded header field", limits.max_field_size, size)
        elif size > limits.max_field_size:
            size = _field_size(line, size)
            if size > limits.max_field_size:
                raise LineTooLong("a header field", limits.max_field_size, size)

    def _take_line(self, raw: bytes) -> None:
        line = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
        if self._strict and len(raw) - len(line) == 1:
            raise InvalidHeader(f"line ends with LF instead of CRLF: {quote(line)}")
        if self._take_start_line is not None:
            # Empty lines before it are skipped: some servers end a body with a line too many.
            if line:
                self._take_start_line(line)
                self._take_start_line = None
        elif not line:
            self.is_done = True
        elif line[0] in _BLANK:
            self._take_fold(line)
        else:
            self._take_field(line)

    def _take_fold(self, line: bytes) -> None:
        if not self.fields:
            raise InvalidHeader(f"first field line begins with white space: {quote(line)}")
        if self._strict:
            raise InvalidHeader(f"field line is folded (obsolete): {quote(line)}")
        name = self.fields[-1].partition(b":")[0]
        self._check_value(name, line)
        self.fields[-1] += line
        self._folded.add(len(self.fields) - 1)

    def _take_field(self, line: bytes) -> None:
        if len(self.fields) >= self._limits.max_headers:
            limit = self._limits.max_headers
            raise LineTooLong("the list of header fields", limit, limit + 1)
        name, colon, value = line.partition(b":")
        if not colon:
            raise InvalidHeader(f"field line has no colon: {quote(line)}")
        if _is_field_name(name) is None:
            raise InvalidHeader(f"field name is not a token: {quote(name)}")
        self._check_value(name, value)
        self.fields.append(line)

    def _check_value(self, name: bytes, value: bytes) -> None:
        # The value may be a secret, such as a cookie: name the character, do not repeat the value.
        found = _find_control(value) if self._strict else _find_never_allowed(value)
        if found is not None:
            raise InvalidHeader(
                f"value of field {quote(name)} has the control character {found.group()!r}"
            )


def line_end_size(line: bytes | bytearray) -> int:
    """How many bytes at the end are a line end, or may become one when more arrives."""
    if line.endswith(b"\r\n"):
        return 2
    return 1 if line.endswith((b"\n", b"\r")) else 0


def _field_size(line: bytes | bytearray, end: int) -> int:
    """Size of name and value in `line[:end]`: without the colon and one blank after it.

    Further blanks around the value do count, or a peer could send them without end.
    """
    colon = line.find(b":", 0, end)
    if colon < 0:
        return end
    has_blank = line[colon + 1 : min(colon + 2, end)] in (b" ", b"\t")
    return end - 2 if has_blank else end - 1
