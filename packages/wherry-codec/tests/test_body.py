"""Bodies with their framing, read and written."""

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from wherry_codec import (
    CHUNKED,
    DEFAULT_LIMITS,
    LAST_CHUNK,
    UNTIL_CLOSE,
    ChunkExtensions,
    ContentEncodingError,
    ContentLengthError,
    LocalProtocolError,
    TransferEncodingError,
    encode_chunk,
    make_transfer_decoder,
)
from wherry_codec._body import CodedReader, SilentWriter, make_reader, make_writer
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


def test_extensions_are_told_with_the_bytes_of_their_chunk() -> None:
    """RFC 9112 §7.1.1: once each; those of the last chunk on request."""
    reader = make_reader(CHUNKED, DEFAULT_LIMITS)
    reader.feed(b"1;a\r\nx\r\n1;b\r\n", 0, [])

    assert reader.take_extensions(of_last_chunk=False) == (ChunkExtensions(0, b";a"),)
    reader.feed(b"y\r\n0;c\r\n\r\n", 0, [])
    assert reader.take_extensions(of_last_chunk=False) == (ChunkExtensions(1, b";b"),)
    assert reader.take_extensions(of_last_chunk=True) == (ChunkExtensions(2, b";c"),)
    assert reader.take_extensions(of_last_chunk=True) == ()


@pytest.mark.parametrize("length", [5, UNTIL_CLOSE])
def test_only_chunks_have_extensions(length: int) -> None:
    """RFC 9112 §7.1.1."""
    assert make_reader(length, DEFAULT_LIMITS).take_extensions(of_last_chunk=True) == ()


@pytest.mark.parametrize("strict", [False, True])
def test_chunk_sizes_are_read_as_strictly_as_asked(strict: bool) -> None:
    """S-039, SEC-9."""
    reader = make_reader(CHUNKED, DEFAULT_LIMITS, strict=strict)

    if strict:
        with pytest.raises(TransferEncodingError, match="hexadecimal"):
            reader.feed(b"1 \r\n", 0, [])
    else:
        assert reader.feed(b"1 \r\n", 0, []) == 4


def coded_reader(length: int) -> CodedReader:
    decoder = make_transfer_decoder(b"gzip, chunked" if length == CHUNKED else b"gzip")
    assert decoder is not None
    return CodedReader(make_reader(length, DEFAULT_LIMITS), decoder)


def read_all(reader: CodedReader, pieces: list[bytes]) -> list[bytes]:
    """What comes out, in steps, as a connection takes them."""
    out: list[bytes] = []
    for piece in pieces:
        start = 0
        while (start < len(piece) or reader.has_pending) and not reader.is_done:
            start = reader.feed(piece, start, out)
    return out


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_coded_body_is_undone_in_bounded_steps(size: int) -> None:
    """RFC 9112 §7.2, SEC-18: a megabyte in a kibibyte comes in several pieces."""
    body = gzip.compress(bytes(10**6))
    sent = b"".join(map(encode_chunk, cut(body, 100))) + LAST_CHUNK
    reader = coded_reader(CHUNKED)

    out = read_all(reader, cut(sent, size))

    assert reader.is_done
    assert b"".join(out) == bytes(10**6)
    assert max(map(len, out)) <= 262_144


def test_coded_body_may_run_until_close() -> None:
    """S-048: the final coding is not chunked."""
    reader = coded_reader(UNTIL_CLOSE)

    assert read_all(reader, [gzip.compress(b"hello")]) == [b"hello"]
    assert not reader.is_done
    reader.end()
    assert reader.is_done


def test_coded_body_that_is_cut_off_is_an_error() -> None:
    """SEC-14: by its chunks, or by the close."""
    chunked, until_close = coded_reader(CHUNKED), coded_reader(UNTIL_CLOSE)
    half = gzip.compress(b"hello")[:-5]

    with pytest.raises(ContentEncodingError, match="cut off"):
        read_all(chunked, [encode_chunk(half) + LAST_CHUNK])
    read_all(until_close, [half])
    with pytest.raises(ContentEncodingError, match="cut off"):
        until_close.end()


def test_fault_in_the_framing_comes_after_what_was_before_it() -> None:
    """S-051: however much of it there is."""
    reader, out = coded_reader(CHUNKED), list[bytes]()
    data = encode_chunk(gzip.compress(bytes(10**6))) + b"x\r\n"
    start = 0

    for _ in range(3):
        start = reader.feed(data, start, out)
    with pytest.raises(TransferEncodingError, match="hexadecimal"):
        reader.feed(data, start, out)
    assert b"".join(out) == bytes(10**6)
