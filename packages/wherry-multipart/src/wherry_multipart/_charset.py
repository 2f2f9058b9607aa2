"""Text in a charset that the peer names."""

from wherry_codec.fields import known_charset


def decode_text(data: bytes | bytearray, charset: str, errors: str = "strict") -> str:
    """`data` as text.

    Raises `LookupError` if there is no such charset, `ValueError` if `data` is no text in it.
    """
    known = known_charset(charset)
    if known is None:
        raise LookupError(f"{charset[:100]!r} is not a charset")
    return data.decode(known, errors)
