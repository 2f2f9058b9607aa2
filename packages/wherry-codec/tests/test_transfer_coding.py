"""Transfer codings other than chunked: which are undone, which are refused."""

import gzip
import zlib

import pytest

from wherry_codec import ContentEncodingError, TransferEncodingError, make_transfer_decoder

BODY = b"hello" * 100


@pytest.mark.parametrize(
    "value", [None, b"chunked", b"", b"identity", b"identity, chunked", b" chunked ,"]
)
def test_there_may_be_nothing_to_undo(value: bytes | None) -> None:
    """RFC 9112 §7.1: chunks are another module's."""
    assert make_transfer_decoder(value) is None


@pytest.mark.parametrize(
    ("value", "coded"),
    [
        (b"gzip, chunked", gzip.compress(BODY)),
        (b"GZip", gzip.compress(BODY)),
        (b"x-gzip,chunked", gzip.compress(BODY)),
        (b"deflate, chunked", zlib.compress(BODY)),
        (b"deflate, gzip, chunked", gzip.compress(zlib.compress(BODY))),
    ],
)
def test_known_codings_are_undone_last_one_first(value: bytes, coded: bytes) -> None:
    """RFC 9112 §7.2: as the content codings of the same name."""
    decoder = make_transfer_decoder(value)

    assert decoder is not None
    assert decoder.decode(coded) == BODY
    decoder.finish()


@pytest.mark.parametrize(
    "value", [b"compress, chunked", b"br", b"gzip;q=1, chunked", b"chunked, gzip", b"xchunked"]
)
def test_unknown_coding_is_refused(value: bytes) -> None:
    """SEC-7: nobody can tell what the body is."""
    with pytest.raises(TransferEncodingError, match="transfer coding is none of"):
        make_transfer_decoder(value)


def test_number_of_codings_is_limited() -> None:
    """SEC-19."""
    with pytest.raises(ContentEncodingError, match="more than 5"):
        make_transfer_decoder(b"gzip," * 6 + b"chunked")
