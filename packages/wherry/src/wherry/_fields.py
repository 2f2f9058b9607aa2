"""The fields of a request: what the caller gave, what is added, in which order (S-378).

Decides the framing too, so that a request carries exactly one of Content-Length,
`Transfer-Encoding: chunked`, or no body (S-034, RFC 9112 §6).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multidict import CIMultiDict, istr

from wherry_codec import quote
from wherry_codec.coding import ACCEPT_ENCODING

from ._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .protocols import PayloadProtocol
    from .typedefs import LooseHeaders

SERVER_SOFTWARE = f"Python/{sys.version_info.major}.{sys.version_info.minor} wherry/{__version__}"
"""The default User-Agent."""

AUTOMATIC_FIELDS = (("Accept", "*/*"), ("Accept-Encoding", ACCEPT_ENCODING))
"""What every request says besides its User-Agent, unless told otherwise."""

BODYLESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"})
"""Without a body these send no Content-Length (S-385; CONNECT after RFC 9110 §9.3.6)."""

_DEFAULT_TYPE_METHODS = frozenset({"POST", "PUT", "PATCH"})

_NOT_OF_A_WHOLE_BODY = frozenset({"content-disposition", "content-length", "transfer-encoding"})

CONTENT_FIELDS = (
    "Content-Length",
    "Content-Type",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Expect",
    "Transfer-Encoding",
)
"""Fields that describe a body; they go when the body goes (S-438), and so does Expect."""


# No repr: it would show credentials.
@dataclass(frozen=True, slots=True, repr=False)
class Extras:
    """What is added to the caller's fields, besides the body's own."""

    host: str
    cookie: str = ""
    authorization: str = ""
    skip: frozenset[str] = frozenset()
    """Automatic fields to leave out, in lower case."""
    is_chunked: bool = False
    expects_continue: bool = False
    content_encoding: str = ""
    """The coding that the session applies to the body."""
    proxy_authorization: str = ""
    """For a proxy that the request itself goes to."""
    drops_proxy_authorization: bool = False
    """Whether the field would reach the origin: in a tunnel the proxy does not see it (SEC-26)."""
    closes: bool = False
    """Whether to announce that the connection will not be kept."""
    minor: int = 1


def as_headers(headers: LooseHeaders | None) -> CIMultiDict[str]:
    """A multidict of its own from any form that users may pass; `TypeError` for other values.

    Of a subclass of `str`, such as a member of a text enum, the text itself is taken: what is
    checked is what goes out, whatever its `__str__` says (SEC-1).
    """
    result: CIMultiDict[str] = CIMultiDict()
    if not headers:
        return result
    result.extend(headers)
    is_plain = True
    for name, value in result.items():
        if type(value) is not str or type(name) not in (str, istr):
            is_plain = False
            if not isinstance(value, str):
                raise TypeError(f"header {name} must be str, got {type(value).__name__}")
    if is_plain:
        return result
    return CIMultiDict([(_text(name), _text(value)) for name, value in result.items()])


def _text(value: str) -> str:
    return str.__str__(value)


def merge_headers(base: CIMultiDict[str], changes: CIMultiDict[str]) -> CIMultiDict[str]:
    """`base` with the fields of `changes` in their places, new ones behind (S-378, S-379)."""
    if not changes:
        return base.copy()
    merged: CIMultiDict[str] = CIMultiDict()
    placed: set[str] = set()
    for name, value in base.items():
        key = name.lower()
        if key in placed:
            continue
        if name in changes:
            placed.add(key)
            merged.extend(_fields_named(changes, key))
        else:
            merged.add(name, value)
    merged.extend([item for item in changes.items() if item[0].lower() not in placed])
    return merged


def _fields_named(headers: CIMultiDict[str], key: str) -> list[tuple[str, str]]:
    return [item for item in headers.items() if item[0].lower() == key]


def compose_fields(
    method: str, given: CIMultiDict[str], body: PayloadProtocol | None, extras: Extras
) -> CIMultiDict[str]:
    """All fields of the request in the order of the wire.

    Raises `ValueError` for contradictory framing or a Content-Length that is no number.
    """
    fields = leading_fields(given, extras)
    add_own_fields(fields, method, body, extras)
    return fields


def leading_fields(given: CIMultiDict[str], extras: Extras) -> CIMultiDict[str]:
    """Host, the caller's fields, and the automatic ones that the caller did not give."""
    fields: CIMultiDict[str] = CIMultiDict()
    fields.add("Host", given.get("Host", extras.host))
    left_out = {"host"}
    if extras.cookie:
        left_out.add("cookie")
    if extras.drops_proxy_authorization:
        left_out.add("proxy-authorization")
    fields.extend(_without(given, left_out))
    _add_automatic(fields, extras.skip)
    return fields


def add_own_fields(
    fields: CIMultiDict[str], method: str, body: PayloadProtocol | None, extras: Extras
) -> None:
    """Add what says who asks, and what comes with it: cookies, credentials, the body's fields."""
    if extras.cookie:
        fields.add("Cookie", extras.cookie)
    if extras.content_encoding:
        if "Content-Encoding" in fields:
            raise ValueError(
                "compress= cannot be combined with a Content-Encoding header; drop one of them"
            )
        fields.add("Content-Encoding", extras.content_encoding)
    if extras.authorization:
        fields.add("Authorization", extras.authorization)
    _add_framing(fields, method, body, extras)
    has_content = body is not None or "Transfer-Encoding" in fields
    # RFC 9110 §10.1.1: no expectation without content.
    if extras.expects_continue and has_content and "Expect" not in fields:
        fields.add("Expect", "100-continue")
    if extras.proxy_authorization and "Proxy-Authorization" not in fields:
        fields.add("Proxy-Authorization", extras.proxy_authorization)
    needs_type = body is not None or method in _DEFAULT_TYPE_METHODS
    if needs_type and "Content-Type" not in fields and "content-type" not in extras.skip:
        fields.add("Content-Type", "application/octet-stream")
    if "Connection" not in fields:
        if extras.closes and extras.minor:
            fields.add("Connection", "close")
        elif not extras.closes and not extras.minor:
            fields.add("Connection", "keep-alive")


def _without(headers: CIMultiDict[str], names: Iterable[str]) -> list[tuple[str, str]]:
    return [item for item in headers.items() if item[0].lower() not in names]


def _add_automatic(fields: CIMultiDict[str], skip: frozenset[str]) -> None:
    for name, value in (*AUTOMATIC_FIELDS, ("User-Agent", SERVER_SOFTWARE)):
        if name not in fields and name.lower() not in skip:
            fields.add(name, value)


def _add_framing(
    fields: CIMultiDict[str], method: str, body: PayloadProtocol | None, extras: Extras
) -> None:
    length = fields.get("Content-Length")
    codings = fields.getall("Transfer-Encoding", None)
    coding = ",".join(codings) if codings else None
    is_chunked = extras.is_chunked
    if not extras.minor and (is_chunked or coding or (length is None and _has_no_size(body))):
        raise ValueError("HTTP/1.0 has no chunks: give a Content-Length or a body of known size")
    if length is not None:
        _check_content_length(fields, length)
    if is_chunked and (length is not None or coding is not None):
        which = "Content-Length" if length is not None else "Transfer-Encoding"
        raise ValueError(f"chunked=True cannot be combined with a {which} header; drop one of them")
    if coding is not None:
        if coding.strip().lower() != "chunked":
            raise ValueError(
                f"Transfer-Encoding can only be 'chunked', got {quote(coding)}; for compression "
                "set Content-Encoding"
            )
        if length is not None:
            raise ValueError("a request has Content-Length or Transfer-Encoding, not both")
        _add_body_fields(fields, body, extras.skip)
        return
    if length is None and not is_chunked:
        size = body.size if body is not None else 0
        if size is None:
            is_chunked = True
        elif body is not None or method not in BODYLESS_METHODS:
            fields.add("Content-Length", str(size))
    _add_body_fields(fields, body, extras.skip)
    if is_chunked:
        fields.add("Transfer-Encoding", "chunked")


def _has_no_size(body: PayloadProtocol | None) -> bool:
    return body is not None and body.size is None


def _check_content_length(fields: CIMultiDict[str], length: str) -> None:
    if len(fields.getall("Content-Length")) > 1:
        raise ValueError("a request has at most one Content-Length header")
    if not (length.isascii() and length.isdigit()):
        raise ValueError(f"Content-Length must be decimal digits only, got {quote(length)}")


def _add_body_fields(
    fields: CIMultiDict[str], body: PayloadProtocol | None, skip: frozenset[str]
) -> None:
    if body is None:
        return
    for name, value in body_fields(body):
        if name not in fields and name.lower() not in skip:
            fields.add(name, value)


def body_fields(body: PayloadProtocol) -> list[tuple[str, str]]:
    """The fields a body brings along that describe it.

    A whole body is no attachment and no part, and its length is decided with the framing.
    """
    return _without(body.headers, _NOT_OF_A_WHOLE_BODY)
