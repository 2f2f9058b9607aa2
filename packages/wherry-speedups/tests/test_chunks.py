"""Plain chunks: all whole ones are taken, and of one that goes on what is there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_speedups import take_chunks

pytestmark = pytest.mark.usefixtures("native")

SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,14})\r\n")


def take(data: bytes, start: int = 0, limit: int = 8190, total: int = 0) -> tuple[object, ...]:
    out, ends = list[bytes](), list[int]()
    return *take_chunks(data, start, total, limit, out, ends), out, ends


def read(data: bytes, start: int, limit: int, total: int) -> tuple[object, ...]:
    """The same in other words; a model of the function."""
    out, ends = list[bytes](), list[int]()
    while (line := SIZE_LINE.match(data, start)) and len(line[1]) <= limit:
        size = int(line[1], 16)
        piece = data[line.end() : line.end() + size]
        if size == 0 or (len(piece) == size and data[line.end() + size :][:2] != b"\r\n"):
            break
        total += len(piece)
        out += [piece] if piece else []
        if len(piece) < size:
            return len(data), total, size - len(piece), out, ends
        ends.append(total)
        start = line.end() + size + 2
    return start, total, 0, out, ends


def test_whole_chunks_are_taken_and_the_rest_is_left() -> None:
    """RFC 9112 §7.1: the last chunk is for the caller, who reads trailers."""
    data = b"5\r\nhello\r\n0a\r\n0123456789\r\n0\r\n\r\n"

    assert take(data, total=100) == (26, 115, 0, [b"hello", b"0123456789"], [105, 115])


def test_chunk_that_goes_on_is_taken_as_far_as_it_is_there() -> None:
    """And what is missing of it is told."""
    assert take(b"5\r\nhel") == (6, 3, 2, [b"hel"], [])
    assert take(b"5\r\n") == (3, 0, 5, [], [])


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"5", b"5\r", b"\r\n", b"g\r\nx", b"5;a=b\r\nhello\r\n", b" 5\r\nhello\r\n"),
        *(b"5 \r\nhello\r\n", b"5\nhello\r\n", b"5\r\nhello", b"5\r\nhello\r", b"5\r\nhelloworld"),
        *(b"-5\r\nhello\r\n", b"0x5\r\nhello\r\n", b"000000000000001\r\nx\r\n", b"0\r\n\r\n"),
    ],
)
def test_anything_unusual_is_left_where_it_is(data: bytes) -> None:
    """The caller waits, tolerates or refuses; nothing is taken of it here."""
    assert take(data) == (0, 0, 0, [], [])


def test_greatest_size_is_within_the_callers_bounds() -> None:
    """Fourteen digits: 56 bits, of which most are missing."""
    assert take(b"f" * 14 + b"\r\nx")[:3] == (17, 1, 16**14 - 2)


def test_size_line_may_have_exactly_the_limit() -> None:
    """Without its CRLF."""
    assert take(b"005\r\nhello\r\n", limit=3)[1] == 5
    assert take(b"005\r\nhello\r\n", limit=2)[1] == 0


PIECES = st.sampled_from(
    [
        *(
            b"1\r\nx\r\n",
            b"5\r\nhello\r\n",
            b"1\r\n",
            b"0\r\n\r\n",
            b"A\r\n",
            b"\r\n",
            b"\r",
            b"\n",
        ),
        *(b"1", b"f", b";a", b" ", b"0000001\r\nx\r\n", b"\xff", b"G"),
    ]
)


@given(
    st.lists(PIECES, max_size=8).map(b"".join),
    st.integers(0, 3),
    st.sampled_from([8190, 5, 1, 0, -1]),
    st.integers(0, 2**62),
)
def test_taken_is_what_the_grammar_says(data: bytes, start: int, limit: int, total: int) -> None:
    """Whatever comes; the model reads in another way."""
    start = min(start, len(data))

    assert take(data, start, limit, total) == read(data, start, limit, total)


def test_lists_are_appended_to() -> None:
    """What was in them stays."""
    out, ends = [b"a"], [1]

    take_chunks(b"1\r\nb\r\n", 0, 1, 9, out, ends)

    assert (out, ends) == ([b"a", b"b"], [1, 2])
