"""The scan of response heads, against a plain and slow reading of the grammar."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wherry_speedups import scan_response_head

pytestmark = pytest.mark.usefixtures("native")

Found = tuple[bytes, int, int, bytes, int | None, list[tuple[bytes, bytes]]]

PLENTY = (8190, 8190, 262_144, 128)
RULING = (
    *(b"transfer-encoding", b"connection", b"keep-alive", b"content-encoding", b"set-cookie"),
    *(b"upgrade", b"sec-websocket-key1"),
)
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)([ \t]*)")


def read(data: bytes, max_headers: int = 128) -> Found | None:
    """RFC 9112 §4 and §5, line by line; a model of the function, with one of its limits."""
    head, empty_line, _ = data.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    status = STATUS_LINE.fullmatch(start)
    if not empty_line or status is None or len(lines) > max_headers:
        return None
    length = None
    others = []
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if field is None:
            return None
        name, value, blanks = field[1].lower(), field[2].lower(), field[3]
        if name in RULING:
            others.append((name, value))
        elif name == b"content-length":
            if blanks or length is not None or not re.fullmatch(rb"[0-9]{1,18}", value):
                return None
            length = int(value)
    return head + empty_line, int(status[1]), int(status[2]), status[3] or b"", length, others


def test_head_is_read_with_what_rules() -> None:
    """Names and values in lower case, blanks stripped, in wire order; other fields are not told."""
    head = (
        b"HTTP/1.1 101 Switching It\r\nUpgrade:\t WebSocket \r\nDate: now\r\n"
        b"CONNECTION:Upgrade\r\nset-cookie: A=B\r\nContent-Length:  007\r\n\r\n"
    )

    assert scan_response_head(head + b"rest", *PLENTY) == (
        head,
        1,
        101,
        b"Switching It",
        7,
        [(b"upgrade", b"websocket"), (b"connection", b"upgrade"), (b"set-cookie", b"a=b")],
    )


LINES = st.sampled_from(
    [
        *(b"Content-Length: 5", b"content-length:0", b"Content-Length: 5 ", b"Content-Length:"),
        *(b"Content-Length: 999999999999999999", b"Content-Length: 1000000000000000000"),
        *(b"Content-Lengths: 5", b"Connection: a", b"CONNECTION:\t", b"Keep-Alive: \xff", b"A: b"),
        *(b"A :b", b"A", b":", b"", b"A: \x7f", b"A: \x00", b" A: b", b"Upgrade:X ", b"T\xe9: a"),
        *(b"Transfer-Encoding: Chunked", b"Content-Encoding: gzip", b"Sec-WebSocket-Key1: 1"),
    ]
)
STATUS_LINES = st.sampled_from(
    [
        *([b"HTTP/1.1 200 OK"] * 5),
        *(b"HTTP/1.0 304", b"HTTP/1.1 999 ", b"HTTP/1.1 099 x", b"HTTP/1.2 200 OK", b"HTTP/1.1 20"),
        *(b"HTTP/1.1 200OK", b"HTTP/1.1  200 OK", b"http/1.1 200 OK", b"HTTP/1.1 200 a\x01", b""),
    ]
)
HEADS = st.builds(
    lambda start, lines, end: b"\r\n".join([start, *lines]) + end,
    STATUS_LINES,
    st.lists(LINES, max_size=4),
    st.sampled_from([b"\r\n\r\n"] * 4 + [b"\r\n", b"", b"\n\n", b"\r\n\r", b"\r\n\r\nHTTP"]),
)


@given(HEADS | st.binary(max_size=40))
@example(b"HTTP/1.1 200\r\n\r\n")
def test_head_is_what_the_grammar_says_or_undecided(data: bytes) -> None:
    """RFC 9112 §4, §5; the model reads in another way."""
    assert scan_response_head(data, *PLENTY) == read(data)


@pytest.mark.parametrize("octet", range(256))
def test_each_octet_is_allowed_where_the_grammar_allows_it(octet: int) -> None:
    """RFC 9110 §5.5, §5.6.2: in a name, at both ends of a value, in a reason phrase."""
    one = bytes((octet,))
    for line in (b"a" + one + b":", b"A:" + one, b"A: b" + one + b"c", b"Upgrade: b" + one):
        data = b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n"
        assert scan_response_head(data, *PLENTY) == read(data)
    data = b"HTTP/1.1 200 O" + one + b"K\r\n\r\n"
    assert scan_response_head(data, *PLENTY) == read(data)


def test_no_beginning_of_a_head_is_one() -> None:
    """It waits, whatever it has seen so far; what lies behind the end is not looked at."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nUpgrade: a\r\n\r\n"
    for end in range(len(head)):
        assert scan_response_head(head[:end], *PLENTY) is None
        assert scan_response_head(memoryview(head)[:end], *PLENTY) is None
    assert scan_response_head(head, *PLENTY) is not None


@pytest.mark.parametrize("place", range(3))
def test_head_of_exactly_a_limit_is_decided(place: int) -> None:
    """All limits are inclusive."""
    head = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
    limits = [8190, 8190, 262_144, 128]

    for limit, is_decided in ((len(head), True), (len(head) - 1, False), (-1, False)):
        limits[place] = limit
        assert (scan_response_head(head, *limits) is not None) is is_decided
    limits[place] = 2**100
    assert scan_response_head(head, *limits) is not None


@given(st.integers(0, 6), st.integers(-1, 6))
def test_fields_are_counted(fields: int, limit: int) -> None:
    """As many as allowed are decided, one more is not."""
    data = b"HTTP/1.1 200 OK\r\n" + b"A:\r\n" * fields + b"\r\n"

    found = scan_response_head(data, 8190, 8190, 8190, limit)

    assert found == read(data, limit)


def test_any_buffer_is_read() -> None:
    """The results are bytes whatever was given; bytes that are all head are not copied."""
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    found = scan_response_head(head, *PLENTY)

    assert found is not None
    assert found[0] is head
    for kind in (bytearray, memoryview):
        again = scan_response_head(kind(head), *PLENTY)
        assert again == found
        assert again is not None
        assert type(again[0]) is bytes
