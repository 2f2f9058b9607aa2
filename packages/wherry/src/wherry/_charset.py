"""In which charset a body is text (S-416)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherry_codec.fields import known_charset

if TYPE_CHECKING:
    from wherry_codec.fields import MediaType


def declared_charset(media: MediaType) -> str | None:
    """What the media type says: the charset it names if Python knows it, or that of JSON; or None.

    Names come back as Python's own.
    """
    known = known_charset(media.parameters.get("charset"))
    if known is not None:
        return known
    is_json = media.subtype == "json" or media.subtype.startswith("rdap")
    return "utf-8" if media.type == "application" and is_json else None
