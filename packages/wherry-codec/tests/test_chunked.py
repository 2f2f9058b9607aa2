"""The chunked coding: against the corpus, for every split, and in linear time."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import (
    DEFAULT_LIMITS,
    LAST_CHUNK,
    ChunkDecoder,
    Limits,
    LineTooLong,
    RemoteProtocolError,
    TransferEncodingError,
    encode_chunk,
)
from wherry_codec import _chunked as chunked_module
from wherry_codec.testing import cut, every_split

pytestmark = pytest.mark.usefixtures("twin")

CORPUS = Path(__file__).parent / "corpus" / "chunked_streams.toml"
CASES = tomllib.loads(CORPUS.read_text("utf-8"))["case"]

Watch = Callable[[Callable[[], object], int], tuple[int, int]]


def decode(
    pieces: list[bytes], limits: Limits = DEFAULT_LIMITS, *, strict: bool = False
) -> dict[str, Any]:
    """Everything that can be told from outside about decoding the pieces."""
    decoder = ChunkDecoder(limits, strict=strict)
    out: list[bytes] = []
    rest = b""
    try:
        for piece in pieces:
            end = decoder.feed(piece, 0, out)
            rest += piece[end:]
            assert decoder.is_done or end == len(piece)
    except RemoteProtocolError as exc:
        return {"error": type(exc).__name__, "body": b"".join(out)}
    assert all(out)
    assert decoder.total == sum(map(len, out))
    return {
        "done": decoder.is_done,
        "body": b"".join(out),
        "ends": decoder.chunk_ends,
        "trailers": [[name, value] for name, value in decoder.trailers.items()],
        "rest": rest,
    }


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_corpus_body_has_the_documented_outcome(case: dict[str, Any], strict: bool) -> None:
    """S-060, SEC-9: decoded or refused, as the corpus says."""
    expected = case.get("strict", case["lenient"]) if strict else case["lenient"]
    result = decode([case["data"].encode("latin-1")], strict=strict)

    if expected == "ok":
        assert result == {
            "done": True,
            "body": case["body"].encode("latin-1"),
            "ends": case["ends"],
            "trailers": case.get("trailers", []),
            "rest": case.get("rest", "").encode("latin-1"),
        }
    else:
        assert result["error"] == expected


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
def test_outcome_does_not_depend_on_the_cut(strict: bool) -> None:
    """S-051, SEC-10: the same body, chunk ends, rest or error for every split."""
    for case in CASES:
        data = case["data"].encode("latin-1")
        expected = decode([data], strict=strict)
        for pieces in every_split(data):
            assert decode(pieces, strict=strict) == expected, case["about"]


CHUNKS = st.lists(st.binary(min_size=1, max_size=40) | st.just(b"0123456789abcdef"), max_size=30)


@settings(max_examples=50)
@given(CHUNKS, st.integers(1, 50))
def test_what_is_encoded_is_decoded(chunks: list[bytes], size: int) -> None:
    """S-033, S-088: one chunk per piece, its end remembered, for any cut."""
    encoded = b"".join(map(encode_chunk, chunks)) + LAST_CHUNK + b"next"
    ends = [sum(map(len, chunks[: index + 1])) for index in range(len(chunks))]
    expected = {
        "done": True,
        "body": b"".join(chunks),
        "ends": ends,
        "trailers": [],
        "rest": b"next",
    }

    assert decode([encoded]) == expected
    assert decode(cut(encoded, size)) == expected


@settings(max_examples=50)
@given(st.binary(max_size=80), st.integers(1, 9))
def test_garbage_is_refused_with_a_documented_error(garbage: bytes, size: int) -> None:
    """Whatever comes, and however it is cut: a result or a RemoteProtocolError."""
    assert decode([garbage]) == decode(cut(garbage, size))


@settings(max_examples=50)
@given(CHUNKS, st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_damaged_body_reads_the_same_for_every_cut(
    chunks: list[bytes], position: int, damage: bytes
) -> None:
    """S-051: the hot loop and the careful one agree about what is broken, and where."""
    encoded = b"".join(map(encode_chunk, chunks)) + LAST_CHUNK
    position = min(position, len(encoded))
    damaged = encoded[:position] + damage + encoded[position:]

    assert decode([damaged]) == decode(cut(damaged, 1)) == decode(cut(damaged, 7))


def test_line_end_before_the_start_is_not_seen() -> None:
    """A size line that has not ended yet must wait, whatever the buffer holds before it."""
    chunked_module._sizes[b"5"] = 5
    data = b"......\r\n" * 4 + b"5\r"
    decoder = ChunkDecoder()

    assert decoder.feed(data, len(data) - 2, []) == len(data)
    assert decoder.total == 0


def test_decoding_begins_at_the_offset_given() -> None:
    """The head before the body need not be cut off first."""
    out: list[bytes] = []
    decoder = ChunkDecoder()

    assert decoder.feed(b"head1\r\na\r\n0\r\n\r\nrest", 4, out) == 15
    assert out == [b"a"]


def test_finished_decoder_takes_nothing() -> None:
    """RFC 9112 §7.1: the body ends with the trailer section."""
    decoder = ChunkDecoder()
    decoder.feed(LAST_CHUNK, 0, [])

    assert decoder.feed(b"5\r\nhello\r\n", 0, []) == 0
    assert decoder.trailers == {}


def test_failed_decoder_stays_failed() -> None:
    """After an error nothing more is taken for body."""
    decoder = ChunkDecoder()
    with pytest.raises(TransferEncodingError, match="not a hexadecimal number: b'x'"):
        decoder.feed(b"x\r\n", 0, [])

    with pytest.raises(TransferEncodingError, match="broken before"):
        decoder.feed(LAST_CHUNK, 0, [])
    assert not decoder.is_done


def test_missing_line_end_is_refused_at_once() -> None:
    """S-060: data not followed by CRLF is an error, not a reason to wait."""
    with pytest.raises(TransferEncodingError, match="not followed by CRLF"):
        ChunkDecoder().feed(b"1\r\nab", 0, [])


@pytest.mark.parametrize("split", [False, True])
def test_size_line_may_have_exactly_the_limit(split: bool) -> None:
    """S-053, SEC-11: extensions count; one byte more fails before the line ends."""
    limits = Limits(max_line_size=10)
    line = b"1;" + b"e" * 8

    assert "error" not in decode(cut(line + b"\r\n", 3 if split else 99), limits)
    for end in (b"e", b"e\r\n", b"e\n"):
        result = decode(cut(line + end, 3 if split else 99), limits)
        assert result == {"error": "LineTooLong", "body": b""}


def test_trailers_are_limited() -> None:
    """S-054, S-055, SEC-11: number and size of trailer fields, and their sum."""
    for limits, trailers in (
        (Limits(max_headers=2), b"A: b\r\n" * 3),
        (Limits(max_field_size=5), b"Ab: cdef"),
        (Limits(max_head_size=10), b"A: b\r\nC: d\r\n"),
    ):
        with pytest.raises(LineTooLong):
            ChunkDecoder(limits).feed(b"0\r\n" + trailers, 0, [])


def test_small_chunks_hold_no_memory_but_their_data(watch_memory: Watch) -> None:
    """SEC-12: fed in reads, with the pieces and chunk ends taken away each time."""
    read = encode_chunk(b"x") * 2_000
    decoder = ChunkDecoder()

    def feed() -> None:
        decoder.feed(read, 0, [])
        decoder.chunk_ends.clear()

    left, peak = watch_memory(feed, 1)

    assert decoder.total == 6_000
    assert left < 1000
    assert peak < 400_000


def test_a_million_chunks_in_one_read_take_linear_time() -> None:
    """SEC-12: quadratic work would run into the time limit of the suite."""
    decoder, out = ChunkDecoder(), list[bytes]()

    decoder.feed(encode_chunk(b"x") * 10**6, 0, out)

    assert len(out) == len(decoder.chunk_ends) == 10**6


@pytest.mark.parametrize("size", [1, 65536])
def test_endless_chunks_pass_through_in_bounded_memory(size: int, watch_memory: Watch) -> None:
    """SEC-12: ten gibibytes or more, cut so that no chunk is ever whole in one read."""
    decoder = ChunkDecoder()
    chunk = encode_chunk(bytes(size))
    decoder.feed(chunk[:2], 0, [])
    read = (chunk * (1 + 1_000 // size))[2:] + chunk[:2]

    def feed() -> None:
        decoder.feed(read, 0, [])
        decoder.chunk_ends.clear()

    left, peak = watch_memory(feed, 3)

    assert left < 1000
    assert peak < 2_000_000


def test_work_per_small_chunk_does_not_grow_with_the_buffer() -> None:
    """SEC-12: each byte is looked at a bounded number of times; counted, not timed."""

    class CountingBytes(bytes):
        copied = 0

        def __getitem__(self, key: Any) -> Any:
            result = super().__getitem__(key)
            CountingBytes.copied += len(result) if isinstance(result, bytes) else 1
            return result

    def copied(count: int) -> int:
        CountingBytes.copied = 0
        ChunkDecoder().feed(CountingBytes(encode_chunk(b"ab") * count), 0, [])
        return CountingBytes.copied

    assert copied(2000) < 2 * copied(1000) + 100


def test_remembered_size_lines_are_bounded() -> None:
    """A peer cannot fill our memory with ways to write a number."""
    encoded = b"".join(b"%04x\r\n%b\r\n" % (n, b"x" * n) for n in range(1, 1200))

    ChunkDecoder().feed(encoded, 0, [])

    assert len(chunked_module._sizes) <= chunked_module._REMEMBERED_LINES
    assert max(map(len, chunked_module._sizes)) <= chunked_module._REMEMBERED_SIZE


def test_empty_piece_is_no_chunk() -> None:
    """S-033: it would end the body."""
    assert encode_chunk(b"") == b""
    assert encode_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
