"""Response heads: the fast path.

Decides, with two passes of compiled patterns, whether the bytes at hand begin with one complete and
strictly valid head, and which fields rule the framing. Whatever is incomplete, lenient, oversized
or wrong is left to `_head_slow`, the only place that decides leniency and error texts.

RFC 9112 §2-§5. Field lines become a multidict only when somebody asks for them.
"""

import re
from functools import cached_property
from typing import NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

from . import _abnf
from ._limits import Limits


class HttpVersion(NamedTuple):
    """An HTTP version, comparable with plain tuples: `HttpVersion11 == (1, 1)`."""

    major: int
    minor: int


HttpVersion10 = HttpVersion(1, 0)
HttpVersion11 = HttpVersion(1, 1)

_match_head = re.compile(
    _abnf.STATUS_LINE + _abnf.CRLF + rb"(?:" + _abnf.FIELD_LINE + _abnf.CRLF + rb")*+" + _abnf.CRLF
).match

# One scan finds every field that rules framing, persistence or what the session does next. The
# captures are here and not in the pattern above because CPython loses track of groups that are
# captured inside a possessive repeat ("The span of capturing group is wrong").
_find_ruling_fields = re.compile(
    rb"\n((?i:content-length|transfer-encoding|connection|keep-alive|content-encoding|set-cookie"
    rb"|upgrade)):" + _abnf.OWS + rb"([^\r]*+)"
).findall


class ResponseHead:
    """A status line and its fields.

    Attributes are cheap to set and most keep their class-level default; the multidict, the raw
    pairs and the reason text are made when first read.
    """

    content_length: int | None = None
    """The value of Content-Length, if there was exactly one valid one."""

    transfer_encoding: bytes | None = None
    """All Transfer-Encoding lines joined with commas, as sent."""

    is_chunked = False
    """Whether `chunked` is the last (and only the last) transfer coding."""

    content_encoding: bytes | None = None
    """All Content-Encoding lines joined with commas, as sent."""

    connection: bytes | None = None
    """All Connection lines joined with commas, in lower case."""

    keep_alive: bytes | None = None
    """The Keep-Alive field value, e.g. `b"timeout=5, max=100"`."""

    upgrade: bytes | None = None
    """The Upgrade field value."""

    has_set_cookie = False
    """Whether a Set-Cookie field is there at all."""

    def __init__(self, raw: bytes, minor: int, status: int, reason: bytes) -> None:
        self.raw = raw
        self.minor = minor
        self.status = status
        self.raw_reason = reason

    def __repr__(self) -> str:
        return f"<ResponseHead HTTP/1.{self.minor} {self.status} {self.reason!r}>"

    @property
    def version(self) -> HttpVersion:
        """`HttpVersion10` or `HttpVersion11`."""
        return HttpVersion11 if self.minor else HttpVersion10

    @cached_property
    def reason(self) -> str:
        """The reason phrase; may be empty. UTF-8 with surrogateescape."""
        return self.raw_reason.decode("utf-8", "surrogateescape").strip(" \t")

    @cached_property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Name and value of each field line in wire order and spelling, blanks stripped."""
        pairs = []
        for line in self.raw.split(b"\r\n")[1:-2]:
            name, _, value = line.partition(b":")
            pairs.append((name, value.strip(b" \t")))
        return tuple(pairs)

    @cached_property
    def headers(self) -> CIMultiDictProxy[str]:
        """The fields as a case-insensitive multidict, wire order kept."""
        decoded = [
            (name.decode("ascii"), value.decode("utf-8", "surrogateescape"))
            for name, value in self.raw_headers
        ]
        return CIMultiDictProxy(CIMultiDict(decoded))

    @property
    def keeps_alive(self) -> bool:
        """Whether the peer lets the connection live on after this message (RFC 9112 §9.3)."""
        connection = self.connection
        if connection is None:
            return self.minor > 0
        if connection == b"keep-alive":
            return True
        options = [option.strip(b" \t") for option in connection.split(b",")]
        if b"close" in options:
            return False
        return self.minor > 0 or b"keep-alive" in options


def match_response_head(data: bytes, limits: Limits) -> tuple[ResponseHead, int] | None:
    """The head at the start of `data` and the offset of its end, if it is whole and strictly valid.

    None means: incomplete, or not strictly valid, or near a limit. Then feed the same bytes to a
    `ResponseHeadReader`, which waits, accepts with leniency, or says what is wrong.
    """
    match = _match_head(data)
    if match is None:
        return None
    end = match.end()
    # A head shorter than one line may be holds no line or field that is too long.
    if end > limits.max_line_size or end > limits.max_field_size:
        return None
    if data.count(b"\n", 0, end) > limits.max_headers + 2:
        return None
    minor, status, reason = match.groups()
    head = ResponseHead(data[:end], 1 if minor == b"1" else 0, int(status), reason or b"")
    for name, value in _find_ruling_fields(data, 0, end):
        if not _apply_ruling_field(head, name.lower(), value):
            return None
    return head, end


def _apply_ruling_field(head: ResponseHead, name: bytes, value: bytes) -> bool:
    """Record one framing field; False if it is a repeat or unusual, which the slow path judges."""
    if name == b"content-length":
        if head.content_length is not None or head.transfer_encoding is not None:
            return False
        if not value.isdigit() or len(value) > 18:
            return False
        head.content_length = int(value)
    elif name == b"connection":
        if head.connection is not None:
            return False
        head.connection = value.lower()
    elif name == b"set-cookie":
        head.has_set_cookie = True
    elif name == b"transfer-encoding":
        if head.transfer_encoding is not None or head.content_length is not None:
            return False
        if value.lower() != b"chunked":
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
    else:
        if head.upgrade is not None:
            return False
        head.upgrade = value
    return True
