"""`_chunk_ends`: ends of chunks on the wire, as offsets in what was decoded."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from wherry._chunk_ends import ChunkEnds


def test_an_end_is_told_once_and_where_it_is() -> None:
    """S-088: a piece never crosses it."""
    ends = ChunkEnds([4, 6])
    assert ends.raw_left(0) == 4
    assert ends.left(0) == -1

    ends.note(4, 4, 0)

    assert (len(ends), ends.left(1), ends.raw_left(4)) == (1, 3, 2)
    assert not ends.pop_at(3)
    assert ends.pop_at(4)
    assert not ends.pop_at(4)


def test_an_end_in_the_middle_of_decoding_is_not_known_yet() -> None:
    """S-088: not before all bytes up to it were taken from the wire."""
    ends = ChunkEnds([4])

    ends.note(3, 3, 0)

    assert len(ends) == 0
    assert ends.raw_left(3) == 1


def test_ends_that_were_read_past_are_counted() -> None:
    """S-089."""
    ends = ChunkEnds([2, 4])
    ends.note(2, 2, 0)
    ends.note(4, 4, 0)

    assert ends.drop_passed(3) == 1
    assert ends.drop_passed(3) == 0
    assert ends.pop_at(4)


def test_a_chunk_that_decodes_to_nothing_has_no_end() -> None:
    """S-090: two wire chunks, and all bytes come from the second one."""
    ends = ChunkEnds([10, 20])
    ends.note(10, 0, 0)
    assert len(ends) == 0

    ends.note(20, 100, 0)

    assert ends.left(0) == 100


def test_a_chunk_that_has_not_come_yet_is_open() -> None:
    """S-088: the wire's list grows as chunks arrive."""
    wire: list[int] = []
    ends = ChunkEnds(wire)
    assert ends.raw_left(0) == -1

    wire.append(5)

    assert ends.raw_left(3) == 2


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_reader_who_asks_every_time_hears_of_every_chunk(sizes: list[int]) -> None:
    """S-088, SEC-12: and nothing piles up on the way."""
    wire = list(accumulate(sizes))
    ends, taken, heard = ChunkEnds(wire), 0, []
    while taken < sum(sizes):
        taken += ends.raw_left(taken)
        ends.note(taken, taken, taken)
        if ends.pop_at(taken):
            heard.append(taken)

    assert heard == list(accumulate(sizes))
    assert (len(ends), wire) == (0, [])
