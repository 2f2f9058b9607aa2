"""In which charset a body is text (S-416)."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wherry_codec.fields import MediaType

MAX_CHARSET_NAME = 64
"""Python remembers every name it was asked for, so long ones of a peer's making are not looked up.
The longest one it knows has 24 characters."""


def declared_charset(media: MediaType) -> str | None:
    """What the media type says: the charset it names if Python knows it, or that of JSON; or None.

    Names come back as Python's own.
    """
    known = known_charset(media.parameters.get("charset"))
    if known is not None:
        return known
    is_json = media.subtype == "json" or media.subtype.startswith("rdap")
    return "utf-8" if media.type == "application" and is_json else None


def known_charset(name: str | None) -> str | None:
    """Python's own name of a charset; None for one it does not know or that is not for text."""
    if not name or len(name) > MAX_CHARSET_NAME:
        return None
    try:
        b" ".decode(name, "replace")  # of an empty body Python would not look the codec up
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
