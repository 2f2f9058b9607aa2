"""Bodies with their framing, read and written."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import (
    CHUNKED,
    DEFAULT_LIMITS,
    UNTIL_CLOSE,
    ContentLengthError,
    LocalProtocolError,
    TransferEncodingError,
    encode_chunk,
)
from wherry_codec._body import SilentWriter, make_reader, make_writer
from wherry_codec.testing import cut

Watch = Callable[[Callable[[], object], int], tuple[int, int]]

NO_TRAILERS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())
TRAILERS = CIMultiDictProxy(CIMultiDict(A="b"))


@settings(max_examples=50)
@given(
    st.lists(st.binary(max_size=20), max_size=10),
    st.sampled_from(["length", "chunked", "close"]),
    st.integers(1, 9),
)
def test_what_is_written_is_read(pieces: list[bytes], kind: str, size: int) -> None:
    """RFC 9112 §6: for each framing and any cut."""
    body = b"".join(pieces)
    length = {"length": len(body), "chunked": CHUNKED, "close": UNTIL_CLOSE}[kind]
    writer, reader = make_writer(length), make_reader(length, DEFAULT_LIMITS)
    sent = b"".join(map(writer.write, pieces)) + writer.finish(NO_TRAILERS)
    out: list[bytes] = []

    for piece in cut(sent, size):
        assert reader.feed(piece, 0, out) == len(piece)
    reader.end()

    assert b"".join(out) == body
    assert reader.is_done


def test_length_reader_leaves_what_is_not_its_own() -> None:
    """S-059."""
    reader = make_reader(3, DEFAULT_LIMITS)
    out: list[bytes] = []

    assert reader.feed(b"xabcdef", 1, out) == 4
    assert out == [b"abc"]
    assert reader.feed(b"def", 0, out) == 0


def test_empty_body_is_done_at_once() -> None:
    """RFC 9112 §6.3."""
    assert make_reader(0, DEFAULT_LIMITS).is_done


def test_huge_length_costs_nothing() -> None:
    """SEC-15: nothing is made in advance."""
    reader = make_reader(10**15, DEFAULT_LIMITS)
    out: list[bytes] = []

    assert reader.feed(b"abc", 0, out) == 3
    assert out == [b"abc"]


@pytest.mark.parametrize(
    ("length", "start"),
    [(10 * 2**30, b""), (UNTIL_CLOSE, b""), (CHUNKED, b"280000000\r\n")],
    ids=["length", "close", "one chunk"],
)
def test_ten_gibibytes_pass_through_in_bounded_memory(
    length: int, start: bytes, watch_memory: Watch
) -> None:
    """SEC-12, SEC-15: what a step leaves behind is nothing, so the number of steps is no matter."""
    reader = make_reader(length, DEFAULT_LIMITS)
    reader.feed(start, 0, [])
    read = bytes(65536)

    left, peak = watch_memory(lambda: reader.feed(read, 0, []), 100)

    assert left < 1000
    assert peak < 3 * len(read)
    assert not reader.is_done


def test_end_inside_a_body_of_known_length_is_an_error() -> None:
    """S-062, SEC-14: with both sizes in the message."""
    reader = make_reader(5, DEFAULT_LIMITS)
    reader.feed(b"abc", 0, [])

    with pytest.raises(ContentLengthError, match="after 3 of 5 bytes"):
        reader.end()


def test_end_inside_a_chunked_body_is_an_error() -> None:
    """S-062, SEC-14: also after a chunk, before the last one."""
    reader = make_reader(CHUNKED, DEFAULT_LIMITS)
    reader.feed(encode_chunk(b"abc"), 0, [])

    with pytest.raises(TransferEncodingError, match="after 3 bytes"):
        reader.end()


def test_chunk_ends_do_not_pile_up() -> None:
    """SEC-12."""
    reader = make_reader(CHUNKED, DEFAULT_LIMITS)
    reader.feed(encode_chunk(b"a") * 100, 0, [])

    assert reader._decoder.chunk_ends == []  # type: ignore[attr-defined]


def test_body_longer_than_declared_is_refused() -> None:
    """S-031, SEC-4: nothing of the piece is sent, the rest may still come."""
    writer = make_writer(5)
    writer.write(b"abc")

    with pytest.raises(LocalProtocolError, match="5 bytes declared, 6 given"):
        writer.write(b"def")
    assert writer.write(b"de") == b"de"
    assert writer.finish(NO_TRAILERS) == b""


def test_body_shorter_than_declared_is_refused() -> None:
    """S-032, SEC-4."""
    writer = make_writer(5)
    writer.write(b"abc")

    with pytest.raises(LocalProtocolError, match="5 bytes declared, 3 given"):
        writer.finish(NO_TRAILERS)


def test_trailers_follow_only_chunks() -> None:
    """RFC 9112 §7.1.2."""
    assert make_writer(CHUNKED).finish(TRAILERS) == b"0\r\nA: b\r\n\r\n"
    for length in (0, UNTIL_CLOSE):
        with pytest.raises(LocalProtocolError, match="chunked"):
            make_writer(length).finish(TRAILERS)


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Host", "Trailer"])
def test_framing_fields_are_no_trailers(name: str) -> None:
    """RFC 9110 §6.5.1."""
    with pytest.raises(LocalProtocolError, match=name):
        make_writer(CHUNKED).finish(CIMultiDictProxy(CIMultiDict({name: "1"})))


def test_trailers_are_checked_like_other_fields() -> None:
    """SEC-1."""
    with pytest.raises(LocalProtocolError):
        make_writer(CHUNKED).finish(CIMultiDictProxy(CIMultiDict(A="b\r\nC: d")))


def test_answer_to_head_sends_no_body() -> None:
    """RFC 9110 §9.3.2."""
    writer = SilentWriter()

    assert writer.write(b"abc") + writer.finish(TRAILERS) == b""
