"""`_decoding`: content codings of whole bodies, and of those that are refused."""

import gzip

import pytest

from wherry import ClientPayloadError
from wherry._decoding import WHOLE_DECODE_STEP, decode_whole, decoder_for
from wherry_codec import ContentEncodingError


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
