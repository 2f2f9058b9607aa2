"""The productions as patterns: what each takes, and that none backtracks."""

import re

import pytest

from wherry_codec import _abnf


@pytest.mark.parametrize(
    ("pattern", "accepted", "refused"),
    [
        (_abnf.TOKEN, [b"a", b"!#$%&'*+-.^_`|~09AZ"], [b"", b"a b", b"a:", b"(", b'"', b"\xe9"]),
        (_abnf.OWS, [b"", b" \t "], [b"\n", b"\r", b"\x0b", b"\xa0"]),
        (_abnf.FIELD_TEXT, [b"", b" a\tb", b"\x80\xff"], [b"\x00", b"\r", b"\n", b"\x7f", b"\x1f"]),
        (_abnf.FIELD_LINE, [b"a:", b"a: b:c"], [b":", b"a :b", b"a", b"a:\r"]),
        (
            _abnf.STATUS_LINE,
            [b"HTTP/1.1 200 OK", b"HTTP/1.0 999", b"HTTP/1.1 200 ", b"HTTP/1.1 200 \xe9 a"],
            [b"HTTP/1.2 200 OK", b"HTTP/1.1 099 X", b"http/1.1 200 OK", b"HTTP/1.1  200 OK"],
        ),
        (
            _abnf.URI_HOST,
            [b"", b"a_b", b"127.0.0.1", b"[::1]", b"[v1.a:b]", b"a%20", b"a,b;c"],
            [b"a:1", b"::1", b"[", b"[]", b"[::1%25x]", b"%", b"%2g", b"a/", b"\xe9", b"a@b"],
        ),
        (_abnf.CRLF, [b"\r\n"], [b"\n", b"\r", b"\n\r"]),
    ],
    ids=["token", "OWS", "field text", "field line", "status line", "uri-host", "CRLF"],
)
def test_production_takes_what_it_should(
    pattern: bytes, accepted: list[bytes], refused: list[bytes]
) -> None:
    """RFC 9110 §5.5, §5.6; RFC 9112 §4, §5."""
    matches = re.compile(pattern).fullmatch

    assert [text for text in accepted if matches(text) is None] == []
    assert [text for text in refused if matches(text) is not None] == []


@pytest.mark.timeout(20)
def test_a_megabyte_of_almost_a_field_line_is_refused_in_linear_time() -> None:
    """SEC-51: repeats are possessive."""
    many = b"a" * 10**6
    for text in (many, b"a:" + many + b"\x00", b"HTTP/1.1 200 " + many + b"\r"):
        assert re.fullmatch(_abnf.FIELD_LINE, text) is None
        assert re.fullmatch(_abnf.STATUS_LINE, text) is None
