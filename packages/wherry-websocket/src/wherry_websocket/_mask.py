"""Masking of client frames, RFC 6455 §5.3: where keys come from and how they are applied.

It knows nothing of frames. Keys are applied here or by the C twin.
"""

import os
from collections.abc import Callable, Iterator
from typing import Final

from ._native import ApplyMask, find_speedups

KEY_BATCH: Final = 1024
"""Bytes of randomness drawn at a time: 256 keys for one system call."""

# Measured on CPython 3.11: the integer way costs less up to here, the table way above.
_INTEGER_UP_TO: Final = 512

_IDENTITY: Final = int.from_bytes(bytes(range(256)), "little")
_XOR_TABLES: Final = tuple(
    (_IDENTITY ^ int.from_bytes(bytes((key,)) * 256, "little")).to_bytes(256, "little")
    for key in range(256)
)


def masking_keys(random: Callable[[int], bytes]) -> Iterator[bytes]:
    """An endless supply of 4-byte masking keys, each used once.

    `random(n)` returns n unpredictable bytes; `os.urandom` in production (RFC 6455 §10.3).
    """
    while True:
        batch = random(KEY_BATCH)
        for start in range(0, KEY_BATCH, 4):
            yield batch[start : start + 4]


def apply_mask_plainly(data: bytes | bytearray, key: bytes, /) -> bytes | bytearray:
    """A copy of `data` with octet i XORed with octet i mod 4 of `key`; its own inverse."""
    size = len(data)
    if size <= _INTEGER_UP_TO:
        repeated = int.from_bytes((key * (size // 4 + 1))[:size], "little")
        return (int.from_bytes(data, "little") ^ repeated).to_bytes(size, "little")
    masked = bytearray(size)
    for offset in range(4):
        masked[offset::4] = data[offset::4].translate(_XOR_TABLES[key[offset]])
    return masked


_speedups = find_speedups(os.environ)
apply_mask: ApplyMask = apply_mask_plainly if _speedups is None else _speedups.apply_mask
"""The twin that runs."""
