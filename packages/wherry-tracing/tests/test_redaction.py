"""What is hidden of a request."""

from __future__ import annotations

import pytest

from wherry_tracing._redaction import URLENCODED, Redaction

HIDING = Redaction.of(False, ["X-Mine"])
SHOWING = Redaction.of(True, ["X-Mine"])
FIELDS = (("Accept", "a"), ("COOKIE", "b=c"), ("x-mine", "d"), ("x-mine", "e"))


def test_fields() -> None:
    """SEC-60, and names of the caller's, in any spelling."""
    assert HIDING.headers(FIELDS) == (
        ("Accept", "a"),
        ("COOKIE", "***"),
        ("x-mine", "***"),
        ("x-mine", "***"),
    )
    assert SHOWING.headers(FIELDS) == FIELDS


def test_urls_and_cookies() -> None:
    """SEC-60."""
    assert HIDING.url("http://u:p@h/?key=k&a=b") == "http://***@h/?key=***&a=b"
    assert SHOWING.url("http://u:p@h/?key=k&a=b") == "http://u:p@h/?key=k&a=b"
    assert list(HIDING.cookies([("a", "b")])) == [("a", "***")]
    assert list(SHOWING.cookies([("a", "b")])) == [("a", "b")]


@pytest.mark.parametrize(
    ("body", "media_type", "shown"),
    [
        (b"password=x&b=c", URLENCODED, b"password=***&b=c"),
        (b"b=c&PASSWD=x", URLENCODED + "; charset=utf-8", b"b=c&PASSWD=***"),
        (b"b=\xff\x00c", URLENCODED, b"b=\xff\x00c"),
        (b"password=x", "text/plain", b"password=x"),
    ],
)
def test_forms(body: bytes, media_type: str, shown: bytes) -> None:
    """Bodies of HTML forms have names; of others nothing is known."""
    assert HIDING.form(body, media_type) == shown
    assert SHOWING.form(body, media_type) == body
