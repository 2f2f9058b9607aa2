"""The fields that rule framing and persistence, judged for requests and responses alike.

Framing is never tolerated bent: two readers that disagree about it see two different conversations
on one connection. Knows nothing about where the body ends in the end, see `_framing`.
RFC 9110 §7.6.1, §7.8, §8.4, §8.6; RFC 9112 §6.1-§6.3, §7.
"""

import re

from . import _abnf
from ._errors import InvalidHeader, quote
from ._lines import HeadLines
from ._message_head import MessageHead

_is_transfer_coding = re.compile(_abnf.TOKEN + rb"(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?").fullmatch
_is_digits = re.compile(rb"[0-9]++").fullmatch

MAX_LENGTH = 2**63 - 1
"""Largest body or chunk length accepted: what a signed 64-bit offset holds, as in other clients."""

_SINGLETONS = frozenset(
    b"age content-length content-location content-range content-type date etag expires host"
    b" last-modified location max-forwards retry-after server user-agent".split()
)
"""Fields RFC 9110 defines with one value; in strict mode a second line is an error."""

_FRAMING = frozenset((b"content-length", b"transfer-encoding"))
_CHUNKED_WITH_PARAMETER = (b"chunked;", b"chunked ", b"chunked\t")

_RULING = frozenset(
    b"content-length transfer-encoding connection keep-alive content-encoding set-cookie upgrade"
    b" sec-websocket-key1".split()
)


def apply_ruling_fields(head: MessageHead, lines: HeadLines, *, strict: bool) -> None:
    """Set the attributes of `head` that depend on its fields.

    Raises `InvalidHeader` where framing is not clear; strict, also where a field repeats that is
    defined with one value.
    """
    ruling = _collect_ruling_fields(lines, strict=strict)
    _apply_framing(head, ruling)
    _apply_the_rest(head, ruling)


def _collect_ruling_fields(lines: HeadLines, *, strict: bool) -> dict[bytes, list[bytes]]:
    """Values of the fields that rule framing and persistence, by name in lower case."""
    ruling: dict[bytes, list[bytes]] = {}
    seen: set[bytes] = set()
    for index, (spelled, value) in enumerate(lines.names_and_values()):
        name = spelled.lower()
        if strict and name in seen and name in _SINGLETONS:
            raise InvalidHeader(f"field may be there only once: {quote(spelled)}")
        seen.add(name)
        if name in _RULING:
            if lines.is_folded(index) and name in _FRAMING:
                raise InvalidHeader(f"field that rules framing is folded: {quote(spelled)}")
            ruling.setdefault(name, []).append(value)
    return ruling


def _apply_framing(head: MessageHead, ruling: dict[bytes, list[bytes]]) -> None:
    lengths = ruling.get(b"content-length")
    codings = ruling.get(b"transfer-encoding")
    if lengths is not None and codings is not None:
        raise InvalidHeader(
            f"Content-Length {quote(lengths[0])} and Transfer-Encoding {quote(codings[0])} "
            "contradict each other"
        )
    if lengths is not None:
        head.content_length = _parse_content_length(lengths)
    if codings is not None:
        head.transfer_encoding = b",".join(codings).lower()
        head.is_chunked = _ends_chunked(head.transfer_encoding)


def _apply_the_rest(head: MessageHead, ruling: dict[bytes, list[bytes]]) -> None:
    if b"sec-websocket-key1" in ruling:
        raise InvalidHeader("Sec-WebSocket-Key1 belongs to a WebSocket draft that is not supported")
    head.has_set_cookie = b"set-cookie" in ruling
    if b"connection" in ruling:
        head.connection = b",".join(ruling[b"connection"]).lower()
    if b"content-encoding" in ruling:
        head.content_encoding = b",".join(ruling[b"content-encoding"]).lower()
    if b"keep-alive" in ruling:
        head.keep_alive = b",".join(ruling[b"keep-alive"]).lower()
    if b"upgrade" in ruling:
        head.upgrade = b",".join(ruling[b"upgrade"]).lower()


def _parse_content_length(values: list[bytes]) -> int:
    """The one Content-Length of a message; several lines are refused, equal or not (S-047)."""
    if len(values) > 1:
        raise InvalidHeader(f"Content-Length is there {len(values)} times: {quote(values[0])} ...")
    value = values[0]
    if _is_digits(value) is None:
        raise InvalidHeader(f"Content-Length is not a decimal number: {quote(value)}")
    # Digits beyond 19, leading zeros aside, are over the limit: do not convert a long text.
    digits = value.lstrip(b"0")
    if len(digits) > 19 or int(digits or b"0") > MAX_LENGTH:
        raise InvalidHeader(f"Content-Length is over {MAX_LENGTH}: {quote(value)}")
    return int(digits or b"0")


def _ends_chunked(value: bytes) -> bool:
    """Whether the last transfer coding of a joined field value is `chunked`.

    Raises `InvalidHeader` if a coding is no token (which catches hidden control characters), if
    none is there, or if `chunked` stands twice, before another `chunked`, or with parameters.
    """
    codings = [coding.strip(b" \t").lower() for coding in value.split(b",")]
    codings = [coding for coding in codings if coding]
    if not codings:
        raise InvalidHeader("Transfer-Encoding is empty")
    for coding in codings:
        if _is_transfer_coding(coding) is None or coding.startswith(_CHUNKED_WITH_PARAMETER):
            raise InvalidHeader(f"Transfer-Encoding is not valid: {quote(value)}")
    if codings.count(b"chunked") > 1:
        raise InvalidHeader(f"Transfer-Encoding says chunked twice: {quote(value)}")
    return codings[-1] == b"chunked"
