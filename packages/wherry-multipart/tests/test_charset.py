"""Text in a charset that the peer names."""

import pytest

from wherry_multipart._charset import decode_text


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"\xc3\xa9", "UTF-8", "é"),
        (b"\xe9", "latin1", "é"),
        (bytearray(b"\xc5"), "koi8-r", "\u0435"),
    ],
)
def test_charsets_by_any_of_their_names(data: bytes, charset: str, text: str) -> None:
    """S-323: all that Python knows."""
    assert decode_text(data, charset) == text


def test_bytes_that_are_no_text() -> None:
    """S-303: replaced on request."""
    with pytest.raises(UnicodeDecodeError):
        decode_text(b"\xff", "utf-8")
    assert decode_text(b"\xff", "utf-8", "replace") == "\ufffd"


@pytest.mark.parametrize(
    "charset", ["klingon", "base64", "rot13", "IDNA", "punycode", "Unicode_Escape", "undefined"]
)
def test_codecs_that_are_no_charsets(charset: str) -> None:
    """SEC-51: some of them take quadratic time, and none is a charset."""
    with pytest.raises(LookupError):
        decode_text(b"a-" + b"9" * 1_000_000, charset)
