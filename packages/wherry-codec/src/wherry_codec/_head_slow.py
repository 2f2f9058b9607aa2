"""Response heads: the slow path.

Decides everything `_head` leaves open: heads that arrive in pieces, what is tolerated of servers
that bend the grammar, and what is wrong with a head that is refused. The fields that rule framing
are judged in `_ruling`, where nothing is tolerated.

RFC 9112 §2.2, §4, §5. For a strictly valid head the outcome equals that of `_head`.
"""

import re

from . import _abnf
from ._errors import BadStatusLine, quote
from ._head import ResponseHead
from ._limits import DEFAULT_LIMITS, Limits
from ._lines import HeadLines
from ._ruling import apply_ruling_fields

_match_strict_status_line = re.compile(_abnf.STATUS_LINE).fullmatch
# RFC 9112 §4 allows to split at white space; whichever reason follows is for people only.
_match_status_line = re.compile(
    rb"HTTP/([0-9])\.([0-9])[ \t]++([0-9]{3})(?:[ \t]([^\x00\r\n]*+))?"
).fullmatch


class ResponseHeadReader:
    """Reads one response head from bytes that arrive in pieces of any size.

    Feed it until it returns a head; then the bytes that came after the head are in `surplus`. After
    an error it is of no more use, and neither is the connection.

    Lenient unless `strict`: bare LF ends a line, folded lines are joined, fields that should be
    there once may repeat, control characters other than NUL and CR may stand in values.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, strict: bool = False) -> None:
        self._strict = strict
        self._head = ResponseHead(b"", 1, 0, b"")
        self._lines = HeadLines(limits, strict=strict, take_start_line=self._take_status_line)
        self._surplus = b""

    @property
    def surplus(self) -> bytes:
        """The bytes after the head; valid once `feed` has returned a head."""
        return self._surplus

    @property
    def has_begun(self) -> bool:
        """Whether anything but empty lines has been taken."""
        return self._lines.has_begun

    def feed(self, data: bytes) -> ResponseHead | None:
        """Take the next bytes; the head once it is whole, None while it is not.

        Raises `BadStatusLine`, `InvalidHeader` or `LineTooLong`; a limit is enforced on the byte
        that passes it.
        """
        lines = self._lines
        end = lines.feed(data)
        if not lines.is_done:
            return None
        self._surplus = data[end:]
        head = self._head
        # Unfolded and with CRLF, so that everything made from it later has one form to read.
        head.raw = b"\r\n".join((self._status_line, *lines.fields, b"", b""))
        apply_ruling_fields(head, lines, strict=self._strict)
        return head

    def _take_status_line(self, line: bytes) -> None:
        match = _match_status_line(line)
        if match is None or (self._strict and _match_strict_status_line(line) is None):
            raise BadStatusLine(f"expected HTTP/1.1, a status code and a reason, got {quote(line)}")
        major, minor, status, reason = match.groups()
        if int(status) < 100:
            raise BadStatusLine(f"status code is below 100: {quote(line)}")
        self._status_line = line
        head = self._head
        head.major, head.minor, head.status = int(major), int(minor), int(status)
        head.raw_reason = reason or b""
