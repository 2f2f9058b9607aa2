"""Which names of a peer's are charsets (RFC 9110 §8.3.2)."""

import codecs
from typing import Final

MAX_CHARSET_NAME: Final = 64
"""Python remembers every name it was asked for, so long ones of a peer's making are not looked up.
The longest one it knows has 24 characters."""

_NOT_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
"""Codecs of Python's for text that are for names and source code. Undoing punycode takes quadratic
time: minutes for a megabyte."""


def known_charset(name: str | None) -> str | None:
    """Python's own name of the charset `name`; None if there is none, or if it is not for text."""
    if not name or len(name) > MAX_CHARSET_NAME:
        return None
    try:
        b" ".decode(name, "replace")  # of an empty body Python would not look the codec up
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return None if found in _NOT_CHARSETS else found
