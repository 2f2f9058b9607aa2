"""Bytes in pieces."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from wherry_websocket._pile import Pile


@given(st.lists(st.one_of(st.binary(max_size=50), st.integers(4000, 4200).map(bytes))))
def test_pieces_come_back_joined_in_order(pieces: list[bytes]) -> None:
    """S-226."""
    pile = Pile()
    for piece in pieces:
        pile.add(piece)

    assert pile.size == sum(map(len, pieces))
    assert pile.take() == b"".join(pieces)
    assert (pile.size, pile.take()) == (0, b"")


def test_one_large_piece_is_not_copied() -> None:
    """The common case of a frame within one read."""
    piece = bytes(100_000)
    pile = Pile()
    pile.add(piece)

    assert pile.take() is piece


def test_memory_follows_the_bytes_not_the_pieces() -> None:
    """S-244: two-byte pieces would cost 35 bytes each if kept."""
    pieces = [bytes((i % 256, 7)) for i in range(30_000)]
    tracemalloc.start()
    pile = Pile()
    for piece in pieces:
        pile.add(piece[:1] + piece[1:])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert pile.take() == b"".join(pieces)
    assert peak < 3 * 60_000
