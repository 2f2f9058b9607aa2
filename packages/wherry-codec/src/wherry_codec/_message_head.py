"""What request and response heads have in common.

Holds the facts other modules found out; decides only what follows from them: persistence, and how
field lines read as pairs and as a multidict. RFC 9112 §2.3, §5, §9.3.
"""

import re
from typing import NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

# Name and value of each field line of a head that is known to be sound: a name has no colon, a
# value no CR. All lines at once, and cheap to match, as this is most of what reading the fields of
# a head costs. A value gives back the blanks at its end, and only those, so the time is linear.
_FIELD = r"\n([^:]++):[ \t]*+([^\r]*(?<![ \t])|)"
_find_fields = re.compile(_FIELD).findall
_find_raw_fields = re.compile(_FIELD.encode()).findall


class HttpVersion(NamedTuple):
    """An HTTP version, comparable with plain tuples: `HttpVersion11 == (1, 1)`."""

    major: int
    minor: int


HttpVersion10: HttpVersion = HttpVersion(1, 0)
HttpVersion11: HttpVersion = HttpVersion(1, 1)


class MessageHead:
    """A start line and its fields.

    Attributes are cheap to set and most keep their class-level default; the multidict and the raw
    pairs are made when first read.
    """

    raw: bytes
    """The head with its empty line. Unfolded and with CRLF, whatever the peer sent."""

    minor: int
    """Minor version, as sent."""

    major = 1
    """Major version; something else than 1 only from a peer that is not to be trusted."""

    content_length: int | None = None
    """The value of Content-Length, if there was exactly one valid one."""

    transfer_encoding: bytes | None = None
    """All Transfer-Encoding lines joined with commas, in lower case."""

    is_chunked = False
    """Whether `chunked` is the last (and only the last) transfer coding."""

    content_encoding: bytes | None = None
    """All Content-Encoding lines joined with commas, in lower case."""

    connection: bytes | None = None
    """All Connection lines joined with commas, in lower case."""

    keep_alive: bytes | None = None
    """The Keep-Alive field value in lower case, e.g. `b"timeout=5, max=100"`."""

    upgrade: bytes | None = None
    """The Upgrade field value in lower case."""

    has_set_cookie = False
    """Whether a Set-Cookie field is there at all."""

    @property
    def version(self) -> HttpVersion:
        """`HttpVersion10` or `HttpVersion11`; from an odd peer, whatever it said."""
        if self.major == 1 and self.minor < 2:
            return HttpVersion11 if self.minor else HttpVersion10
        return HttpVersion(self.major, self.minor)

    # Properties, since `functools.cached_property` asks for `__dict__`, which then has to be made,
    # and before Python 3.12 for a lock: together half of what making the multidict takes.
    _raw_headers: tuple[tuple[bytes, bytes], ...] | None = None
    _headers: CIMultiDictProxy[str] | None = None

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Name and value of each field line in wire order and spelling, blanks stripped."""
        if self._raw_headers is None:
            self._raw_headers = tuple(_find_raw_fields(self.raw))
        return self._raw_headers

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The fields as a case-insensitive multidict, wire order kept."""
        headers = self._headers
        if headers is None:
            # In one piece: what ends a name or a value is ASCII, so no character reaches across.
            text = self.raw.decode("utf-8", "surrogateescape")
            headers = self._headers = CIMultiDictProxy(CIMultiDict(_find_fields(text)))
        return headers

    @property
    def keeps_alive(self) -> bool:
        """Whether the peer lets the connection live on after this message (RFC 9112 §9.3).

        Never with a Transfer-Encoding in HTTP/1.0, whose framing is not to be trusted (§6.1), nor
        with another major version.
        """
        connection = self.connection
        if self.major != 1 or (self.minor == 0 and self.transfer_encoding is not None):
            return False
        if connection is None:
            return self.minor > 0
        if connection == b"keep-alive":
            return True
        options = [option.strip(b" \t") for option in connection.split(b",")]
        if b"close" in options:
            return False
        return self.minor > 0 or b"keep-alive" in options
