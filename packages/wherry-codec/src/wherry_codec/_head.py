"""Response heads: the fast path.

Decides, with two passes of compiled patterns or by the C twin of that, whether the bytes at hand
begin with one complete and strictly valid head, and which fields rule the framing. Whatever is
incomplete, lenient, oversized or wrong is left to `_head_slow`, the only place that decides
leniency and error texts.

RFC 9112 §2-§5. Field lines become a multidict only when somebody asks for them.
"""

import os
import re

from . import _abnf
from ._limits import Limits
from ._message_head import MessageHead
from ._native import ScanHead, ScannedHead, find_speedups

_match_head = re.compile(
    _abnf.STATUS_LINE + _abnf.CRLF + rb"(?:" + _abnf.FIELD_LINE + _abnf.CRLF + rb")*+" + _abnf.CRLF
).match

# One scan finds every field that rules framing, persistence or what the session does next. It runs
# over the head in lower case, which is faster than a pattern that ignores case. The captures are
# here and not in the pattern above because CPython loses track of groups that are captured inside a
# possessive repeat ("The span of capturing group is wrong").
_find_ruling_fields = re.compile(
    rb"\n(content-length|transfer-encoding|connection|keep-alive|content-encoding|set-cookie"
    rb"|upgrade|sec-websocket-key1):" + _abnf.OWS + rb"([^\r]*+)"
).findall


class ResponseHead(MessageHead):
    """A status line and its fields; see `MessageHead` for what is read from the fields."""

    def __init__(self, raw: bytes, minor: int, status: int, reason: bytes) -> None:
        self.raw = raw
        self.minor = minor
        self.status = status
        """Three digits, 100 or more."""
        self.raw_reason = reason
        """The reason phrase as sent."""

    def __repr__(self) -> str:
        return f"<ResponseHead HTTP/1.{self.minor} {self.status} {self.reason!r}>"

    _reason: str | None = None

    @property
    def reason(self) -> str:
        """The reason phrase; may be empty. UTF-8 with surrogateescape."""
        if self._reason is None:
            self._reason = self.raw_reason.decode("utf-8", "surrogateescape").strip(" \t")
        return self._reason


def match_response_head(data: bytes, limits: Limits) -> tuple[ResponseHead, int] | None:
    """The head at the start of `data` and the offset of its end, if it is whole and strictly valid.

    None means: incomplete, or not strictly valid, or near a limit. Then feed the same bytes to a
    `ResponseHeadReader`, which waits, accepts with leniency, or says what is wrong.
    """
    found = scan_head(
        data,
        limits.max_line_size,
        limits.max_field_size,
        limits.max_head_size,
        limits.max_headers,
    )
    if found is None:
        return None
    raw, minor, status, reason, length, others = found
    head = ResponseHead(raw, minor, status, reason)
    if length is not None:
        head.content_length = length
    for name, value in others:
        if not _apply_ruling_field(head, name, value):
            return None
    if length is not None and head.transfer_encoding is not None:
        return None
    return head, len(raw)


def scan_head_plainly(
    data: bytes,
    max_line_size: int,
    max_field_size: int,
    max_head_size: int,
    max_headers: int,
    /,
) -> ScannedHead | None:
    """What the head at the start of `data` says; None as for `match_response_head`.

    Judges Content-Length, which nearly every head has; what other fields mean is for the caller.
    """
    match = _match_head(data)
    if match is None:
        return None
    end = match.end()
    # A head no longer than one line may be, holds no line or field that is too long.
    if end > max_line_size or end > max_field_size or end > max_head_size:
        return None
    # The shortest field line has four bytes, so most heads are too short for too many of them.
    if end > 4 * max_headers and data.count(b"\n", 0, end) > max_headers + 2:
        return None
    minor, status, reason = match.groups()
    raw = data[:end]
    length = None
    others: list[tuple[bytes, bytes]] = []
    for name, value in _find_ruling_fields(raw.lower()):
        if name != b"content-length":
            others.append((name, value.rstrip(b" \t")))
        elif length is None and len(value) <= 18 and value.isdigit():
            length = int(value)
        else:
            return None
    return raw, 1 if minor == b"1" else 0, int(status), reason or b"", length, others


_speedups = find_speedups(os.environ)
scan_head: ScanHead = scan_head_plainly if _speedups is None else _speedups.scan_response_head
"""The twin that runs."""


def _apply_ruling_field(head: ResponseHead, name: bytes, value: bytes) -> bool:
    """Record one framing field; False if it is a repeat or unusual, which the slow path judges."""
    if name == b"connection":
        if head.connection is not None:
            return False
        head.connection = value
    elif name == b"set-cookie":
        head.has_set_cookie = True
    elif name == b"transfer-encoding":
        if head.transfer_encoding is not None or value != b"chunked":
            return False
        head.transfer_encoding = value
        head.is_chunked = True
    elif name == b"content-encoding":
        if head.content_encoding is not None:
            return False
        head.content_encoding = value
    elif name == b"keep-alive":
        if head.keep_alive is not None:
            return False
        head.keep_alive = value
    elif name == b"upgrade":
        if head.upgrade is not None:
            return False
        head.upgrade = value
    else:
        return False
    return True
