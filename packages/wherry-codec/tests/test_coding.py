"""Content codings: round trips, bounds, corruption, for every library that is installed."""

import gzip
import random
import types
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import ContentEncodingError, LocalProtocolError, coding
from wherry_codec.coding import MAX_CODINGS, MAX_MEMBERS, ContentDecoder, make_decoder
from wherry_codec.testing import cut


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def brotli_compress(data: bytes) -> bytes:
    module: Any = pytest.importorskip("brotli" if has("brotli") else "brotlicffi")
    return bytes(module.compress(data, quality=4))


def zstd_compress(data: bytes) -> bytes:
    name = "compression.zstd" if has("compression") else "backports.zstd"
    module: Any = pytest.importorskip(name)
    return bytes(module.compress(data))


def has(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    return True


Compress = Callable[[bytes], bytes]
Watch = Callable[[Callable[[], object], int], tuple[int, int]]
CODINGS = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("deflate", raw_deflate, id="raw deflate"),
    pytest.param("br", brotli_compress, id="br"),
    pytest.param("zstd", zstd_compress, id="zstd"),
]
BODY = random.Random(1).randbytes(3000) + b"0" * 100_000


def decode_all(
    decoder: ContentDecoder | None, pieces: list[bytes], max_output: int = 262_144
) -> bytes:
    """The whole body, taken as the docstring of the decoder says."""
    assert decoder is not None
    out = []
    for piece in pieces:
        out.append(decoder.decode(piece, max_output))
        while decoder.has_pending:
            out.append(decoder.decode(b"", max_output))
    decoder.finish()
    assert max(map(len, out), default=0) <= max_output
    return b"".join(out)


@pytest.mark.parametrize("max_output", [1000, 10**9])
@pytest.mark.parametrize("size", [1, 1000, 10**9])
@pytest.mark.parametrize(("name", "compress"), CODINGS)
def test_body_is_decoded_for_any_cut_and_bound(
    name: str, compress: Compress, size: int, max_output: int
) -> None:
    """S-069, S-073, S-078: never more than the bound at once, nothing lost."""
    assert decode_all(make_decoder(name), cut(compress(BODY), size), max_output) == BODY


@pytest.mark.parametrize(("name", "compress"), CODINGS)
def test_output_held_back_by_the_library_is_pending(name: str, compress: Compress) -> None:
    """S-078: all input may be used up while output is still to come, also at the very end."""
    for size in range(1, 400, 7):
        assert decode_all(make_decoder(name), [compress(b"0" * size)], 3) == b"0" * size


@settings(max_examples=50)
@given(st.binary(max_size=500), st.integers(1, 50), st.integers(1, 50))
def test_round_trip(data: bytes, size: int, max_output: int) -> None:
    """S-037: what the encoder makes of a body, the decoder undoes."""
    for name in ("gzip", "deflate"):
        encoder = coding.make_encoder(name)
        encoded = b"".join(map(encoder.encode, cut(data, size))) + encoder.finish()
        assert decode_all(make_decoder(name), cut(encoded, size), max_output) == data


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd"]))
def test_garbage_is_refused_with_a_documented_error(garbage: bytes, name: str) -> None:
    """S-076: output, or ContentEncodingError, the same whole and in pieces."""

    def is_accepted(size: int) -> bool:
        try:
            decode_all(make_decoder(name), cut(garbage, size))
        except ContentEncodingError:
            return False
        return True

    assert is_accepted(1) == is_accepted(1000)


@pytest.mark.parametrize("size", [1, 10**9])
@pytest.mark.parametrize(("name", "compress"), CODINGS)
def test_body_that_is_cut_off_is_an_error(name: str, compress: Compress, size: int) -> None:
    """S-077: at whichever byte."""
    encoded = compress(b"hello, " * 30)

    for end in range(1, len(encoded)):
        with pytest.raises(ContentEncodingError, match="cut off"):
            decode_all(make_decoder(name), cut(encoded[:end], size))


@pytest.mark.parametrize(("name", "compress"), CODINGS)
def test_empty_body_is_fine(name: str, compress: Compress) -> None:
    """S-077: no bytes at all are an empty body."""
    assert decode_all(make_decoder(name), []) == b""
    assert decode_all(make_decoder(name), [b""]) == b""


@pytest.mark.parametrize("size", [1, 10**9])
@pytest.mark.parametrize(("name", "compress"), CODINGS)
def test_garbage_after_the_end_is_an_error(name: str, compress: Compress, size: int) -> None:
    """SEC-19."""
    with pytest.raises(ContentEncodingError):
        decode_all(make_decoder(name), cut(compress(BODY) + b"\xff garbage", size))


@pytest.mark.parametrize(("name", "compress"), [c for c in CODINGS if c.id != "br"])
def test_several_streams_are_one_body(name: str, compress: Compress) -> None:
    """S-074: also when a stream ends exactly at the end of a piece."""
    parts = [compress(b"one "), compress(b""), compress(b"two")]

    assert decode_all(make_decoder(name), parts) == b"one two"
    assert decode_all(make_decoder(name), [b"".join(parts)]) == b"one two"


@pytest.mark.parametrize(("name", "compress"), [c for c in CODINGS if c.id != "br"])
def test_streams_in_one_piece_are_limited(name: str, compress: Compress) -> None:
    """S-074, SEC-19: 1024 are fine, one more is an error; over several pieces any number."""
    stream = compress(b"x")

    assert len(decode_all(make_decoder(name), [stream * MAX_MEMBERS] * 3)) == 3 * MAX_MEMBERS
    with pytest.raises(ContentEncodingError, match="1024 streams"):
        decode_all(make_decoder(name), [stream * (MAX_MEMBERS + 1)])


@pytest.mark.parametrize("name", ["GZIP", " gzip\t", "x-gzip", "X-GZip", b"gzip", "identity, gzip"])
def test_name_is_matched_in_any_case(name: str | bytes) -> None:
    """S-069, SEC-19."""
    assert decode_all(make_decoder(name), [gzip.compress(b"hello")]) == b"hello"


@pytest.mark.parametrize("name", ["", "identity", "compress", "gzip, compress", "x", b"\xff", ","])
def test_unknown_coding_leaves_the_bytes(name: str | bytes) -> None:
    """S-070."""
    assert make_decoder(name) is None


@pytest.mark.parametrize("max_output", [7, 10**9])
def test_stacked_codings_are_undone_in_reverse(max_output: int) -> None:
    """C-10: the coding named last was applied last."""
    body = b"hello, world" * 50
    encoded = gzip.compress(zlib.compress(gzip.compress(body)))

    decoder = make_decoder("gzip, deflate, x-gzip")

    assert decode_all(decoder, cut(encoded, 11), max_output) == body


def test_number_of_codings_is_limited() -> None:
    """C-10, SEC-19: five are undone, six are refused."""
    body = b"hello"
    for _ in range(MAX_CODINGS):
        body = gzip.compress(body)

    assert decode_all(make_decoder(", ".join(["gzip"] * 5)), [body]) == b"hello"
    with pytest.raises(ContentEncodingError, match="more than 5"):
        make_decoder(", ".join(["gzip"] * 6))


def test_inner_coding_cut_off_is_noticed() -> None:
    """S-077: every coding of a stack has to be complete."""
    with pytest.raises(ContentEncodingError, match="deflate body was cut off"):
        decode_all(make_decoder("deflate, gzip"), [gzip.compress(zlib.compress(BODY)[:-1])])


@pytest.mark.parametrize(("name", "compress"), CODINGS)
def test_bomb_gives_bounded_output_per_call(name: str, compress: Compress) -> None:
    """S-078, SEC-18: the first call returns the bound and keeps the rest compressed."""
    bomb = compress(bytes(2_000_000))
    decoder = make_decoder(name)
    assert decoder is not None

    assert 0 < len(decoder.decode(bomb, 1024)) <= 1024
    assert decoder.has_pending
    assert 0 < len(decoder.decode(b"")) <= 262_144


def endless(name: str) -> tuple[bytes, bytes]:
    """The beginning of a coded body, and a piece of it that may be repeated without end."""
    if name == "zstd":
        return b"", zstd_compress(bytes(200_000))
    compressor = zlib.compressobj(wbits=31 if name == "gzip" else 15)
    start = compressor.compress(b"x") + compressor.flush(zlib.Z_FULL_FLUSH)
    return start, compressor.compress(bytes(200_000)) + compressor.flush(zlib.Z_FULL_FLUSH)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd"])
def test_endless_body_passes_through_in_bounded_memory(name: str, watch_memory: Watch) -> None:
    """S-078, SEC-18: ten gibibytes or more; what a step leaves behind is nothing."""
    start, piece = endless(name)
    decoder = make_decoder(name)
    assert decoder is not None
    decoder.decode(start)
    sizes: list[int] = []

    def decode() -> None:
        size = len(decoder.decode(piece, 65536))
        while decoder.has_pending:
            size += len(decoder.decode(b"", 65536))
        sizes[:] = [size]

    left, peak = watch_memory(decode, 20)

    assert sizes == [200_000]
    assert left < 2000
    assert peak < 1_000_000


@pytest.mark.parametrize(("name", "compress"), CODINGS)
def test_bomb_passes_through_in_bounded_memory(
    name: str, compress: Compress, watch_memory: Watch
) -> None:
    """S-078, SEC-18: output a thousand times the input and more, for as long as it lasts."""
    decoder = make_decoder(name)
    assert decoder is not None
    decoder.decode(compress(bytes(2_000_000)), 1024)

    left, peak = watch_memory(lambda: decoder.decode(b"", 4096), 100)

    assert decoder.has_pending
    assert left < 70_000
    assert peak < 1_000_000


def test_endless_small_streams_leave_nothing_behind(watch_memory: Watch) -> None:
    """SEC-19: a hundred thousand gzip members are work for the peer, not memory for us."""
    decoder = make_decoder("gzip")
    assert decoder is not None
    piece = gzip.compress(b"x") * 200

    def decode() -> None:
        decoder.decode(piece)
        while decoder.has_pending:
            decoder.decode(b"")

    left, peak = watch_memory(decode, 5)

    assert left < 2000
    assert peak < 1_000_000


def test_long_input_is_handed_on_in_steps() -> None:
    """What zlib has not used yet is copied at each call, so it gets little at once."""
    encoded = gzip.compress(random.Random(2).randbytes(300_000), 1)
    decoder = make_decoder("gzip")
    assert decoder is not None

    decoder.decode(encoded, 1)

    assert len(decoder._stages[0]._queue) == len(encoded) // 65536


def test_decoder_is_of_no_use_after_a_failure() -> None:
    """SEC-20: valid data does not bring it back."""
    decoder = make_decoder("gzip")
    assert decoder is not None
    with pytest.raises(ContentEncodingError, match="gzip body is corrupt") as caught:
        decoder.decode(b"no gzip at all")

    for call in (lambda: decoder.decode(gzip.compress(b"hello")), decoder.finish):
        with pytest.raises(ContentEncodingError, match="gzip body is corrupt"):
            call()
    assert isinstance(caught.value.__cause__, zlib.error)


def test_decoder_is_of_no_use_after_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-20: a MemoryError in the library leaves the stream in an unknown place."""

    class Exhausted:
        eof = False
        unconsumed_tail = b""

        def decompress(self, data: bytes, max_length: int) -> bytes:
            raise MemoryError

    backend = types.ModuleType("backend")
    for name in coding._BACKEND_MEMBERS:
        setattr(backend, name, getattr(zlib, name))
    backend.decompressobj = lambda wbits: Exhausted()  # type: ignore[attr-defined]
    monkeypatch.setattr(coding, "_zlib_backend", backend)
    decoder = make_decoder("gzip")
    assert decoder is not None

    with pytest.raises(MemoryError):
        decoder.decode(b"x")
    with pytest.raises(ContentEncodingError, match="MemoryError"):
        decoder.decode(b"x")


def test_finish_needs_all_output_taken() -> None:
    """Our mistake, not the peer's."""
    decoder = make_decoder("gzip")
    assert decoder is not None
    decoder.decode(gzip.compress(BODY), 10)

    with pytest.raises(LocalProtocolError, match="has_pending"):
        decoder.finish()


def test_bound_must_be_positive() -> None:
    """For zlib, 0 would mean no bound at all."""
    decoder = make_decoder("gzip")
    assert decoder is not None

    with pytest.raises(ValueError, match="at least 1"):
        decoder.decode(b"", 0)


def test_accept_encoding_names_what_can_be_undone() -> None:
    """S-068: in this order."""
    names = ["gzip", "deflate"]
    names += ["br"] if has("brotli") or has("brotlicffi") else []
    names += ["zstd"] if has("compression.zstd") or has("backports.zstd") else []

    assert coding.ACCEPT_ENCODING.split(", ") == names


def test_zlib_backend_is_used_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-081: objects that exist keep theirs."""
    monkeypatch.setattr(coding, "_zlib_backend", zlib)
    made: list[int] = []
    backend = types.ModuleType("backend")
    for name in coding._BACKEND_MEMBERS:
        setattr(backend, name, getattr(zlib, name))

    def decompressobj(wbits: int) -> Any:
        made.append(wbits)
        return zlib.decompressobj(wbits)

    backend.decompressobj = decompressobj  # type: ignore[attr-defined]
    before = make_decoder("gzip")

    coding.set_zlib_backend(backend)

    assert coding.get_zlib_backend() is backend
    assert decode_all(before, [gzip.compress(b"a")]) == b"a"
    assert made == []
    assert decode_all(make_decoder("gzip"), [gzip.compress(b"a")]) == b"a"
    assert made == [31]


@pytest.mark.parametrize("name", ["isal.isal_zlib", "zlib_ng.zlib_ng"])
def test_other_zlib_backends_behave_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """S-081."""
    monkeypatch.setattr(coding, "_zlib_backend", zlib)
    coding.set_zlib_backend(pytest.importorskip(name))

    encoder = coding.make_encoder("gzip")
    encoded = encoder.encode(BODY) + encoder.finish()
    assert decode_all(make_decoder("gzip"), cut(encoded, 100), 1000) == BODY
    assert decode_all(make_decoder("deflate"), [raw_deflate(BODY)]) == BODY
    with pytest.raises(ContentEncodingError):
        decode_all(make_decoder("gzip"), [encoded[:-1]])
    with pytest.raises(ContentEncodingError):
        decode_all(make_decoder("gzip"), [b"garbage, not gzip"])


def test_module_that_is_no_backend_is_refused() -> None:
    """S-081: the names it needs are said."""
    with pytest.raises(TypeError, match="it lacks compressobj"):
        coding.set_zlib_backend(types)


def test_encoder_knows_two_codings() -> None:
    """S-037: deflate is zlib-wrapped."""
    encoder = coding.make_encoder("deflate")

    assert zlib.decompress(encoder.encode(b"hello") + encoder.finish()) == b"hello"
    with pytest.raises(LocalProtocolError, match="not 'br'"):
        coding.make_encoder("br")  # type: ignore[arg-type]
