"""Codings applied while a part is written."""

import base64
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart._coded_sink import CodedSink, check_codings, code_whole
from wherry_payload.testing import MemorySink

DATA = bytes(range(256)) * 100


@pytest.mark.parametrize("size", [100, 5000, 30_000])
async def test_content_coding_comes_before_the_transfer_encoding(size: int) -> None:
    """S-309, S-080: small pieces in the loop, large ones in a thread, the same bytes."""
    sink = MemorySink()
    coded = CodedSink(sink, "gzip", "base64")
    for start in range(0, len(DATA), size):
        await coded.write(memoryview(DATA)[start : start + size])
    await coded.finish()

    assert gzip.decompress(base64.b64decode(sink.data, validate=True)) == DATA


async def test_deflate_is_zlib_wrapped() -> None:
    """RFC 9110 §8.4.1.2: deflate is the zlib format."""
    sink = MemorySink()
    coded = CodedSink(sink, "deflate", "")
    await coded.write(DATA)
    await coded.finish()

    assert zlib.decompress(sink.data) == DATA


@given(data=st.binary(max_size=500))
def test_whole_is_the_same_as_piecewise(data: bytes) -> None:
    """S-312: decoding without waiting uses the same coders."""
    assert zlib.decompress(base64.b64decode(code_whole(data, "deflate", "base64"))) == data
    assert code_whole(data, "", "") == data


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("", ""), ("", "")),
        (("identity", "binary"), ("", "")),
        ((" GZIP", "Base64 "), ("gzip", "base64")),
        (("deflate", "quoted-printable"), ("deflate", "quoted-printable")),
    ],
)
def test_names_are_normalised(given: tuple[str, str], expected: tuple[str, str]) -> None:
    """S-309: identity and binary mean that nothing is done."""
    assert check_codings(*given) == expected


@pytest.mark.parametrize("codings", [("br", ""), ("gzip, gzip", ""), ("", "8bit"), ("", "uu")])
def test_unknown_names_are_refused(codings: tuple[str, str]) -> None:
    """S-309: other values raise `RuntimeError`."""
    with pytest.raises(RuntimeError, match="unknown Content-"):
        check_codings(*codings)
