"""`_charset`: in which charset a body is text."""

import pytest

from wherry._charset import declared_charset
from wherry_codec.fields import parse_media_type


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
