"""What follows from a head: versions, fields as pairs and multidict, persistence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDictProxy

from wherry_codec import (
    HttpVersion,
    HttpVersion10,
    HttpVersion11,
    ResponseHead,
    ResponseHeadReader,
)


def read(text: str) -> ResponseHead:
    head = ResponseHeadReader().feed(text.replace("\n", "\r\n").encode("latin-1"))
    assert head is not None
    return head


def test_versions_compare_with_plain_tuples() -> None:
    """S-022."""
    assert HttpVersion10 == (1, 0) < HttpVersion11 == (1, 1)
    assert HttpVersion11.major == HttpVersion11.minor == 1


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("1.0", HttpVersion10), ("1.1", HttpVersion11), ("1.2", (1, 2)), ("2.0", (2, 0))],
)
def test_version_is_what_was_sent(sent: str, expected: HttpVersion) -> None:
    """S-041."""
    assert read(f"HTTP/{sent} 200 OK\n\n").version == expected


def test_headers_are_a_case_insensitive_multidict_in_wire_order() -> None:
    """S-042."""
    head = read("HTTP/1.1 200 OK\nB: 1\na: 2\nb: 3\n\n")

    assert isinstance(head.headers, CIMultiDictProxy)
    assert head.headers.getall("B") == ["1", "3"]
    assert head.raw_headers == ((b"B", b"1"), (b"a", b"2"), (b"b", b"3"))
    assert head.headers is head.headers


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"A", b"b-C", b"!"]),
            st.lists(
                st.sampled_from([b" ", b"\t", b":", b"x", b"\xc3", b"\xa9", b"\xff"]), max_size=6
            ),
        ),
        max_size=4,
    )
)
def test_pairs_and_multidict_say_what_each_line_says(
    fields: list[tuple[bytes, list[bytes]]],
) -> None:
    """S-042: read all at once, with the outcome of one line after the other."""
    lines = [(name, b"".join(parts)) for name, parts in fields]
    raw = b"".join(name + b":" + value + b"\r\n" for name, value in lines)
    head = ResponseHeadReader().feed(b"HTTP/1.1 200 a: b\r\n" + raw + b"\r\n")

    assert head is not None
    expected = [(name, value.strip(b" \t")) for name, value in lines]
    assert list(head.raw_headers) == expected
    assert list(head.headers.items()) == [
        (name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in expected
    ]


def test_a_head_of_blanks_is_read_in_linear_time() -> None:
    """SEC-51: as large as limits may be set."""
    for value in (b" " * 10**6, b"x" + b" " * 10**6, b"x " * 500_000, b" \t:" * 300_000):
        head = ResponseHead(b"HTTP/1.1 200 OK\r\nA:" + value + b"\r\n\r\n", 1, 200, b"OK")

        assert head.raw_headers == ((b"A", value.strip(b" \t")),)


def test_bytes_that_are_not_utf8_survive() -> None:
    """S-042: decoded with surrogateescape, so they can be encoded again."""
    head = read("HTTP/1.1 200 \xe9\nA: \xff\n\n")

    assert head.headers["A"].encode("utf-8", "surrogateescape") == b"\xff"
    assert head.reason.encode("utf-8", "surrogateescape") == b"\xe9"


@pytest.mark.parametrize(
    ("text", "lives"),
    [
        ("HTTP/1.1 200 OK\n\n", True),
        ("HTTP/1.1 200 OK\nConnection: close\n\n", False),
        ("HTTP/1.1 200 OK\nConnection: Close\n\n", False),
        ("HTTP/1.1 200 OK\nConnection: x, close\n\n", False),
        ("HTTP/1.1 200 OK\nConnection: keep-alive, close\n\n", False),
        ("HTTP/1.1 200 OK\nConnection: keep-alive\nConnection: close\n\n", False),
        ("HTTP/1.1 200 OK\nConnection: upgrade\n\n", True),
        ("HTTP/1.0 200 OK\n\n", False),
        ("HTTP/1.0 200 OK\nConnection: keep-alive\n\n", True),
        ("HTTP/1.0 200 OK\nConnection: x, Keep-Alive\n\n", True),
        ("HTTP/1.0 200 OK\nConnection: x\n\n", False),
        ("HTTP/1.0 200 OK\nConnection: keep-alive\nTransfer-Encoding: chunked\n\n", False),
        ("HTTP/2.0 200 OK\nConnection: keep-alive\n\n", False),
        ("HTTP/0.9 200 OK\n\n", False),
    ],
)
def test_persistence_follows_version_and_connection(text: str, lives: bool) -> None:
    """S-065, RFC 9112 §9.3; close wins; §6.1: no trust in transfer codings of HTTP/1.0."""
    assert read(text).keeps_alive is lives
