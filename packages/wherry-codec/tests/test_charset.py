"""`_charset`: which names of a peer's are charsets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_codec.fields import known_charset


@pytest.mark.parametrize(
    ("name", "known"),
    [("UTF-8", "utf-8"), ("latin1", "iso8859-1"), ("KOI8-R", "koi8-r"), ("us-ascii", "ascii")],
)
def test_charsets_by_any_of_their_names(name: str, known: str) -> None:
    """S-416: all that Python knows, under the name that Python gives them."""
    assert known_charset(name) == known


@pytest.mark.parametrize(
    "name",
    [
        None, "", "klingon", "x" * 65, "a\0b", "base64", "rot13", "hex", "IDNA", "punycode",
        "Unicode_Escape", "raw_unicode_escape", "undefined",
    ],
)  # fmt: skip
def test_what_is_no_charset(name: str | None) -> None:
    """SEC-51: some codecs take quadratic time, and some are not for text."""
    assert known_charset(name) is None


@given(st.text(max_size=80))
def test_any_name_has_an_answer(name: str) -> None:
    """S-416: and what is known decodes."""
    known = known_charset(name)
    assert known is None or isinstance(b" ".decode(known, "replace"), str)
