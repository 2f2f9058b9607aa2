"""`_decoding`: content codings of whole bodies, and of those that are refused."""

import gzip
import zlib
from collections.abc import Callable

import pytest

from wherry import ClientPayloadError, ClientSession
from wherry._decoding import WHOLE_DECODE_STEP, decode_whole, decoder_for
from wherry.testing import FakeConnector, RawPlan
from wherry_codec import LAST_CHUNK, ContentEncodingError, encode_chunk

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


def test_a_whole_body_is_decoded_step_by_step() -> None:
    """S-078, S-079: all of it in the end."""
    body = bytes(range(256)) * (2 * WHOLE_DECODE_STEP // 256 + 1)
    decoder = decoder_for(b"gzip")

    assert decoder is not None
    assert decode_whole(decoder, gzip.compress(body)) == body


@pytest.mark.parametrize("raw", [b"no gzip", gzip.compress(b"cut off")[:-3]])
def test_a_broken_body_is_an_error_with_its_cause(raw: bytes) -> None:
    """S-076, S-077."""
    decoder = decoder_for(b"gzip")

    assert decoder is not None
    with pytest.raises(ClientPayloadError, match="cannot be decoded") as caught:
        decode_whole(decoder, raw)
    assert isinstance(caught.value.__cause__, ContentEncodingError)


def test_a_refused_coding_fails_at_the_first_byte() -> None:
    """S-420, SEC-19: not when the response comes; a body of no bytes is fine."""
    decoder = decoder_for(b"gzip, " * 6)

    assert decoder is not None
    assert decode_whole(decoder, b"") == b""
    with pytest.raises(ClientPayloadError):
        decode_whole(decoder, b"x")


def test_unknown_codings_leave_the_body_alone() -> None:
    """S-070."""
    assert decoder_for(b"identity") is None
    assert decoder_for(b"gzip, unheard-of") is None


@pytest.mark.parametrize("transfer", [b"gzip, chunked", b"gzip,chunked", b"x-gzip", b"deflate"])
def test_transfer_codings_are_undone_below_content_codings(transfer: bytes) -> None:
    """S-048, RFC 9112 §7: whether or not the body has a content coding."""
    code = zlib.compress if transfer == b"deflate" else gzip.compress
    for content, body in ((None, b"x" * 100), (b"gzip", gzip.compress(b"x" * 100))):
        decoder = decoder_for(content, transfer)
        assert decoder is not None
        assert decode_whole(decoder, code(body)) == b"x" * 100


def test_plain_chunks_need_no_decoder() -> None:
    """S-060: the connection has undone them."""
    assert decoder_for(None, b"chunked") is None
    assert decoder_for(None, None) is None


def test_an_unknown_transfer_coding_fails_at_the_first_byte() -> None:
    """SEC-7: its bytes are no body."""
    decoder = decoder_for(None, b"unheard-of, chunked")
    assert decoder is not None
    with pytest.raises(ClientPayloadError, match="unheard-of"):
        decode_whole(decoder, b"x")


@pytest.mark.parametrize("auto_decompress", [True, False])
async def test_a_body_with_a_transfer_coding_is_read(fake: Fake, auto_decompress: bool) -> None:
    """S-048: whole or in pieces, and whatever is done about content codings."""
    packed = gzip.compress(b"hello")
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    session, _ = fake(RawPlan([head + encode_chunk(packed) + LAST_CHUNK], closes=False))
    response = await session.get("http://h/", auto_decompress=auto_decompress)
    assert await response.read() == b"hello"
    response = await session.get("http://h/", auto_decompress=auto_decompress)
    assert [line async for line in response.content] == [b"hello"]
