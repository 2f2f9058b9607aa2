"""`_charset`: in which charset a body is text."""

import pytest

from wherry._charset import MAX_CHARSET_NAME, declared_charset, known_charset
from wherry_codec.fields import parse_media_type


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("UTF8", "utf-8"),
        ("latin1", "iso8859-1"),
        ("no-such", None),
        ("base64", None),
        ("idna\x00", None),
        ("", None),
        (None, None),
        ("utf_8" + "_" * MAX_CHARSET_NAME, None),
    ],
)
def test_names_are_pythons_own(name: str | None, known: str | None) -> None:
    """S-416: codecs that are not for text, and endless names, do not count."""
    assert known_charset(name) == known


@pytest.mark.parametrize(
    ("field", "charset"),
    [
        ("text/plain; charset=UTF-8", "utf-8"),
        ("application/json", "utf-8"),
        ("application/rdap+json", "utf-8"),
        ("application/json; charset=nonsense", "utf-8"),
        ("application/json; charset=latin-1", "iso8859-1"),
        ("text/json", None),
        ("text/html; charset=nonsense", None),
        ("", None),
    ],
)
def test_media_type_may_say_the_charset(field: str, charset: str | None) -> None:
    """S-416: by its parameter, or by being JSON."""
    assert declared_charset(parse_media_type(field)) == charset
