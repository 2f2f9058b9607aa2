"""Masking, RFC 6455 §5.3."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_speedups import apply_mask

pytestmark = pytest.mark.usefixtures("native")


def test_mask_of_the_rfc_example() -> None:
    """RFC 6455 §5.7: "Hello" under 37 fa 21 3d."""
    assert apply_mask(b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("7f9f4d5158")


@pytest.mark.parametrize("size", [*range(70), 4099, 65_536])
def test_every_octet_is_xored_with_its_octet_of_the_key(size: int) -> None:
    """RFC 6455 §5.3, wherever the data lies in memory."""
    data, key = os.urandom(size), b"\x01\x80\x00\xff"

    for start in range(min(size, 9)):
        piece = memoryview(data)[start:]
        expected = bytes(octet ^ key[i % 4] for i, octet in enumerate(piece))
        assert apply_mask(piece, key) == expected


@given(st.binary(max_size=2000), st.binary(min_size=4, max_size=4))
def test_masking_twice_gives_the_data_back(data: bytes, key: bytes) -> None:
    """RFC 6455 §5.3: the same algorithm both ways; the caller's data is not modified."""
    mutable = bytearray(data)
    masked = apply_mask(mutable, key)

    assert mutable == data
    assert apply_mask(masked, bytearray(key)) == data


@pytest.mark.parametrize("key", [b"", b"abc", b"abcde"])
def test_key_of_another_size_is_refused(key: bytes) -> None:
    """Four bytes, RFC 6455 §5.2."""
    with pytest.raises(ValueError, match="has 4 bytes"):
        apply_mask(b"data", key)
