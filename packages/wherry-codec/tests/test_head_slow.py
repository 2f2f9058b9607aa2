"""Response heads in pieces, in both modes, against the corpus and against the fast path."""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import (
    DEFAULT_LIMITS,
    BadStatusLine,
    InvalidHeader,
    Limits,
    LineTooLong,
    RemoteProtocolError,
    ResponseHead,
    ResponseHeadReader,
    match_response_head,
)
from wherry_codec.testing import every_split

pytestmark = pytest.mark.usefixtures("twin")

CORPUS = Path(__file__).parent / "corpus" / "response_heads.toml"
CASES = tomllib.loads(CORPUS.read_text("utf-8"))["case"]

RULING = [
    *("raw", "major", "minor", "status", "raw_reason", "version", "reason", "raw_headers"),
    *("content_length", "transfer_encoding", "is_chunked", "content_encoding", "connection"),
    *("keep_alive", "upgrade", "has_set_cookie", "headers", "keeps_alive"),
]


def read(
    pieces: list[bytes], limits: Limits = DEFAULT_LIMITS, *, strict: bool = False
) -> tuple[ResponseHead | None, bytes]:
    """The head, if the pieces hold a whole one, and all bytes after it."""
    reader = ResponseHeadReader(limits, strict=strict)
    for index, piece in enumerate(pieces):
        head = reader.feed(piece)
        if head is not None:
            return head, reader.surplus + b"".join(pieces[index + 1 :])
    return None, b""


def outcome(pieces: list[bytes], limits: Limits = DEFAULT_LIMITS, *, strict: bool = False) -> Any:
    """Everything that can be told from outside about reading the pieces."""
    try:
        head, surplus = read(pieces, limits, strict=strict)
    except RemoteProtocolError as exc:
        return type(exc).__name__
    if head is None:
        return None
    return [getattr(head, name) for name in RULING], surplus


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_corpus_head_has_the_documented_outcome(case: dict[str, Any]) -> None:
    """S-039 to S-049, SEC-7, SEC-8, SEC-10: accepted or refused, as the corpus says."""
    for strict in (False, True):
        check_documented_outcome(case, strict=strict)


def check_documented_outcome(case: dict[str, Any], *, strict: bool) -> None:
    expected = case.get("strict", case["lenient"]) if strict else case["lenient"]
    data = case["data"].encode("latin-1")

    if expected != "ok":
        assert outcome([data], strict=strict) == expected
        return
    head, surplus = read([data], strict=strict)
    assert head is not None
    assert surplus == case.get("surplus", "").encode()
    assert head.status == case.get("status", head.status)
    assert head.reason == case.get("reason", head.reason)
    assert head.content_length == case.get("length")
    assert head.is_chunked == case.get("chunked", False)
    if "headers" in case:
        assert [[name, value] for name, value in head.headers.items()] == case["headers"]


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
def test_outcome_does_not_depend_on_the_cut(strict: bool) -> None:
    """S-051, SEC-10: the same head or the same error for every split of the bytes."""
    for case in CASES:
        data = case["data"].encode("latin-1")
        expected = outcome([data], strict=strict)
        for pieces in every_split(data):
            assert outcome(pieces, strict=strict) == expected, case["about"]


def test_fast_path_agrees_or_abstains() -> None:
    """SEC-10: two parsers, one outcome."""
    for case in CASES:
        data = case["data"].encode("latin-1")
        found = match_response_head(data, DEFAULT_LIMITS)
        if found is not None:
            head, end = found
            fast = [getattr(head, name) for name in RULING], data[end:]
            assert outcome([data]) == fast, case["about"]


TOKENS = st.text("abcXYZ019-_!#", min_size=1, max_size=12)
VALUES = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=0x20), max_size=20
)
KNOWN_FIELDS = st.sampled_from(
    [
        ("Content-Length", "12"),
        ("Transfer-Encoding", "chunked"),
        ("transfer-encoding", "Chunked "),
        ("CONNECTION", "Keep-Alive, Upgrade"),
        ("Connection", "close "),
        ("Keep-Alive", "timeout=5 "),
        ("Content-Encoding", "gzip "),
        ("Set-Cookie", "a=b"),
        ("Upgrade", "websocket "),
        ("Content-Type", "text/html"),
    ]
)
HEADS = st.builds(
    lambda minor, status, reason, fields: "".join(
        (
            f"HTTP/1.{minor} {status} {reason}\r\n",
            *(f"{name}: {value}\r\n" for name, value in fields),
            "\r\n",
        )
    ).encode(),
    st.integers(0, 1),
    st.integers(100, 999),
    VALUES,
    st.lists(st.tuples(TOKENS, VALUES) | KNOWN_FIELDS, max_size=8),
)


@settings(max_examples=50)
@given(HEADS, st.binary(max_size=10), st.data())
def test_valid_head_reads_the_same_fast_slow_and_in_pieces(
    head: bytes, rest: bytes, data: st.DataObject
) -> None:
    """S-051: the fast path, the slow path and any cut give equal heads."""
    everything = head + rest
    cuts = sorted(data.draw(st.lists(st.integers(0, len(everything)), max_size=5)))
    edges = [0, *cuts, len(everything)]
    pieces = [everything[a:b] for a, b in pairwise(edges)]

    expected = outcome([everything])
    fast = match_response_head(everything, DEFAULT_LIMITS)

    assert outcome(pieces) == expected
    if fast is not None:
        assert expected == ([getattr(fast[0], name) for name in RULING], everything[fast[1] :])


@settings(max_examples=50)
@given(st.binary(max_size=60), st.booleans())
def test_garbage_is_refused_with_a_documented_error(garbage: bytes, strict: bool) -> None:
    """Whatever comes: a head, more bytes needed, or a RemoteProtocolError."""
    whole = outcome([b"HTTP/1.1 200 OK\r\n" + garbage], strict=strict)

    assert whole is None or isinstance(whole, tuple | str)
    assert outcome([garbage], strict=strict) in (None, "BadStatusLine", "InvalidHeader") or (
        garbage.lstrip(b"\r\n").startswith(b"HTTP/")
    )


def test_status_line_may_have_exactly_the_limit() -> None:
    """S-053, S-056, SEC-11: one byte more fails, before the line has ended."""
    limits = Limits(max_line_size=20)
    line = b"HTTP/1.1 200 " + b"r" * 7

    assert read([line + b"\r\n\r\n"], limits)[0] is not None
    with pytest.raises(LineTooLong, match="limit 20, got at least 21"):
        read([line + b"r"], limits)


@pytest.mark.parametrize("blank", [b"", b" "], ids=["no blank", "one blank"])
def test_field_may_have_exactly_the_limit(blank: bytes) -> None:
    """S-054, S-056, SEC-11: name plus value, without colon and blank."""
    limits = Limits(max_field_size=10)
    start = b"HTTP/1.1 200 OK\r\nName:" + blank + b"123456"

    assert read([start + b"\r\n\r\n"], limits)[0] is not None
    with pytest.raises(LineTooLong, match="a header field"):
        read([start + b"7"], limits)


def test_field_is_measured_after_unfolding() -> None:
    """S-054: the parts of a folded field count together, the fold's white space too."""
    limits = Limits(max_field_size=10)
    start = b"HTTP/1.1 200 OK\r\nName: 123\r\n 56"

    assert read([start + b"\r\n\r\n"], limits)[0] is not None
    with pytest.raises(LineTooLong, match="a folded header field"):
        read([start + b"7"], limits)


def test_endless_blanks_count_as_field() -> None:
    """SEC-11: blanks around a value cannot be sent without end."""
    with pytest.raises(LineTooLong):
        read([b"HTTP/1.1 200 OK\r\nName:" + b" " * 20], Limits(max_field_size=10))


@pytest.mark.parametrize("count", [3, 4])
def test_number_of_fields_is_limited(count: int) -> None:
    """S-055, SEC-11: the limit is inclusive and counts fields."""
    data = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * count + b"\r\n"

    if count == 3:
        assert read([data], Limits(max_headers=3))[0] is not None
    else:
        with pytest.raises(LineTooLong, match="limit 3"):
            read([data], Limits(max_headers=3))


def test_whole_head_is_limited() -> None:
    """SEC-11: small fields cannot add up to a large head; empty lines before it count."""
    head = b"\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n"

    assert read([head], Limits(max_head_size=len(head)))[0] is not None
    with pytest.raises(LineTooLong, match="the head"):
        read([head], Limits(max_head_size=len(head) - 1))


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 a-long-reason\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName: and-a-long-value\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA:b\r\n and-a-long-fold\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA:b\r\nA:b\r\nA:b\r\nA:b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA:b\r\n\r\n",
        b"\r\n" * 30,
    ],
    ids=["status line", "field", "fold", "count", "nothing", "empty lines"],
)
def test_limits_hold_for_every_split(data: bytes) -> None:
    """S-056, SEC-11: byte by byte the same outcome as at once."""
    limits = Limits(max_line_size=20, max_field_size=12, max_headers=3, max_head_size=50)
    expected = outcome([data], limits)

    for pieces in every_split(data):
        assert outcome(pieces, limits) == expected


def test_endless_head_is_refused_while_it_arrives() -> None:
    """S-056: fed byte by byte, the reader stops at the limit, not at a line end."""
    reader = ResponseHeadReader()
    for _ in range(DEFAULT_LIMITS.max_line_size):
        assert reader.feed(b"x") is None

    with pytest.raises(LineTooLong):
        reader.feed(b"x")


def test_status_line_is_judged_before_the_head_is_complete() -> None:
    """A peer that speaks another protocol is noticed at its first line."""
    with pytest.raises(BadStatusLine, match="SSH-2"):
        ResponseHeadReader().feed(b"SSH-2.0-server\r\n")


def test_value_of_a_broken_field_is_not_repeated_in_the_error() -> None:
    """SEC-60: a cookie must not appear in an error text."""
    with pytest.raises(InvalidHeader) as caught:
        ResponseHeadReader().feed(b"HTTP/1.1 200 OK\r\nSet-Cookie: secret\0\r\n\r\n")

    assert "Set-Cookie" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_normalised_bytes_can_be_read_again() -> None:
    """`raw` of a lenient head is a strictly valid head with the same fields."""
    head, _ = read([b"HTTP/1.1 200 OK\nA: b\n c\nD:\x01e\n\n"])

    assert head is not None
    assert head.raw == b"HTTP/1.1 200 OK\r\nA: b c\r\nD:\x01e\r\n\r\n"
    assert head.raw_headers == ((b"A", b"b c"), (b"D", b"\x01e"))


def test_repeated_list_fields_are_joined() -> None:
    """S-064: Connection and its like are lists over all their lines."""
    head, _ = read(
        [
            b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nConnection: X\r\n"
            b"Upgrade: a\r\nUpgrade: b\r\n"
            b"Content-Encoding: gzip\r\nContent-Encoding: br\r\nKeep-Alive: max=1\r\n"
            b"Keep-Alive: timeout=2\r\n\r\n"
        ]
    )

    assert head is not None
    assert head.connection == b"upgrade,x"
    assert head.upgrade == b"a,b"
    assert head.content_encoding == b"gzip,br"
    assert head.keep_alive == b"max=1,timeout=2"


def test_reader_knows_whether_a_head_has_begun() -> None:
    """An end of the connection is an error only inside a head."""
    reader = ResponseHeadReader()

    reader.feed(b"\r\n")
    assert not reader.has_begun
    reader.feed(b"H")
    assert reader.has_begun
