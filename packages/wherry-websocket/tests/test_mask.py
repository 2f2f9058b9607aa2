"""Masking, RFC 6455 §5.3."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_websocket._mask import apply_mask, masking_keys

pytestmark = pytest.mark.usefixtures("twin")


def test_mask_of_the_rfc_example() -> None:
    """RFC 6455 §5.7: "Hello" under 37 fa 21 3d."""
    assert apply_mask(b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("7f9f4d5158")


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 511, 512, 513, 514, 515, 516, 4099])
def test_every_octet_is_xored_with_its_octet_of_the_key(size: int) -> None:
    """RFC 6455 §5.3, on both sides of the change of method at 512 bytes."""
    data, key = os.urandom(size), b"\x01\x80\x00\xff"

    expected = bytes(octet ^ key[i % 4] for i, octet in enumerate(data))

    assert apply_mask(data, key) == expected


@given(st.binary(max_size=2000), st.binary(min_size=4, max_size=4))
def test_masking_twice_gives_the_data_back(data: bytes, key: bytes) -> None:
    """RFC 6455 §5.3: the same algorithm both ways."""
    assert apply_mask(apply_mask(data, key), key) == data


@pytest.mark.parametrize("size", [10, 1000])
def test_the_callers_buffer_is_not_modified(size: int) -> None:
    """S-251."""
    data = bytearray(size)

    apply_mask(data, b"\x01\x02\x03\x04")

    assert data == bytearray(size)


def test_keys_are_the_random_bytes_in_order() -> None:
    """SEC-5: every key is four fresh bytes of the source."""
    source = os.urandom(4096)
    drawn: list[int] = []

    def random(size: int) -> bytes:
        drawn.append(size)
        start = sum(drawn[:-1])
        return source[start : start + size]

    keys = masking_keys(random)

    assert b"".join(next(keys) for _ in range(1024)) == source
    assert sum(drawn) == 4096


def test_a_million_keys_never_repeat_in_order() -> None:
    """SEC-5: no run of keys comes back."""
    keys = masking_keys(os.urandom)
    drawn = b"".join(next(keys) for _ in range(1_000_000))

    runs = {drawn[start : start + 16] for start in range(0, len(drawn), 16)}

    assert len(runs) == 250_000
