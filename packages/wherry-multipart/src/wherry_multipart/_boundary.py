"""Multipart boundaries (RFC 2046 §5.1.1).

Makes them, checks them, and reads and writes them as the parameter of a content type.
"""

import re
import secrets

from wherry_codec.fields import is_token, parse_media_type, quote_string

MAX_BOUNDARY = 70
"""Characters of a boundary, from RFC 2046 §5.1.1."""

_find_control = re.compile(r"[\x00-\x1f\x7f]").search


def new_boundary() -> str:
    """32 hex digits from the operating system's random source: nobody can put it into a part."""
    return secrets.token_hex(16)


def check_boundary(boundary: str) -> None:
    """Raise `ValueError` unless `boundary` may be written.

    It has 1 to 70 ASCII characters, no control character, and no blank at its end.
    """
    if not boundary.isascii():
        raise ValueError(f"boundary must be ASCII, got {boundary[:100]!r}")
    if _find_control(boundary):
        raise ValueError(f"boundary must not hold control characters: {boundary[:100]!r}")
    if not 1 <= len(boundary) <= MAX_BOUNDARY:
        raise ValueError(f"boundary must have 1 to {MAX_BOUNDARY} characters, got {len(boundary)}")
    if boundary.endswith(" "):
        raise ValueError(f"boundary must not end in a blank: {boundary!r}")


def multipart_content_type(subtype: str, boundary: str) -> str:
    """A content type such as `multipart/mixed; boundary=abc`, the boundary quoted where needed."""
    if not is_token(subtype):
        raise ValueError(f"multipart subtype must be a token such as mixed, got {subtype[:100]!r}")
    value = boundary if is_token(boundary) else quote_string(boundary)
    return f"multipart/{subtype}; boundary={value}"


def subtype_and_boundary(content_type: str) -> tuple[str, str]:
    """The subtype in lower case and the boundary of a multipart content type that was received.

    Raises `ValueError` if it is no multipart type, has no boundary, or one over 70 characters.
    """
    media_type = parse_media_type(content_type)
    if media_type.type != "multipart":
        raise ValueError(f"content type is not multipart/...: {content_type[:100]!r}")
    boundary = media_type.parameters.get("boundary", "")
    if not boundary:
        raise ValueError(f"multipart content type has no boundary: {content_type[:100]!r}")
    if len(boundary) > MAX_BOUNDARY:
        raise ValueError(
            f"boundary has {len(boundary)} characters, at most {MAX_BOUNDARY} are allowed: "
            f"{boundary[:100]!r}"
        )
    return media_type.subtype, boundary
