"""Codings undone piece by piece, with bounded output."""

import base64
import gzip
import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart._decoder import PartDecoder

DATA = bytes(range(256)) * 300


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def run(decoder: PartDecoder, data: bytes, size: int) -> list[bytes]:
    feeds = [decoder.feed(data[start : start + size]) for start in range(0, len(data), size)]
    return list(itertools.chain(*feeds, decoder.finish()))


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("", DATA),
        ("identity", DATA),
        ("gzip", gzip.compress(DATA)),
        ("GZIP ", gzip.compress(DATA)),
        ("deflate", zlib.compress(DATA)),
        ("deflate", raw_deflate(DATA)),
        ("gzip", gzip.compress(DATA[:7]) + gzip.compress(DATA[7:])),
    ],
)
@pytest.mark.parametrize("size", [1, 17, 100_000])
def test_body_is_decoded_in_bounded_pieces(coding: str, body: bytes, size: int) -> None:
    """S-324, S-325: raw and wrapped deflate, several gzip members, any split."""
    pieces = run(PartDecoder("", coding, 1000), body, size)

    assert b"".join(pieces) == DATA
    assert all(0 < len(piece) <= 1000 for piece in pieces)


@given(data=st.binary(max_size=300), size=st.integers(1, 40))
def test_both_codings_come_back(data: bytes, size: int) -> None:
    """S-324: transfer encoding first, then content coding."""
    body = base64.encodebytes(zlib.compress(data))

    assert b"".join(run(PartDecoder("base64", "deflate", 50), body, size)) == data


def test_bomb_is_handed_out_piece_by_piece() -> None:
    """SEC-18: one megabyte of zeros a thousand times over is never whole in memory."""
    compressor = zlib.compressobj()
    bomb = b"".join(compressor.compress(bytes(1_000_000)) for _ in range(100)) + compressor.flush()

    longest = max(map(len, PartDecoder("", "deflate", 4096).feed(bomb)))

    assert longest <= 4096


@pytest.mark.parametrize("body", [gzip.compress(DATA)[:-1], b"\x1f\x8b\x08garbage", b"x"])
def test_corrupt_or_cut_data_is_a_value_error(body: bytes) -> None:
    """S-324: with a text that says what."""
    with pytest.raises(ValueError, match=r"part cannot be decoded: .*gzip"):
        run(PartDecoder("", "gzip", 1000), body, 100)


def test_unknown_content_coding_is_a_runtime_error() -> None:
    """S-324."""
    with pytest.raises(RuntimeError, match="'snappy'"):
        PartDecoder("", "snappy", 1000)
