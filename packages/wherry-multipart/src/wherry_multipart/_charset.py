"""Text in a charset that the peer names."""

import codecs

_NOT_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""Codecs of Python's for text that are for names and source code. Undoing punycode takes quadratic
time: minutes for a megabyte."""


def decode_text(data: bytes | bytearray, charset: str, errors: str = "strict") -> str:
    """`data` as text.

    Raises `LookupError` if there is no such charset, `ValueError` if `data` is no text in it or the
    name cannot be one.
    """
    if codecs.lookup(charset).name in _NOT_CHARSETS:
        raise LookupError(f"{charset} is not a charset")
    return data.decode(charset, errors)
