"""The bytes of one part as they were sent."""

import asyncio
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart import MultipartParser
from wherry_multipart._part_bytes import EventSource, PartBytes
from wherry_multipart.testing import MemorySource


def part_bytes(
    data: bytes, piece: int = 65536, length: int | None = None, max_size: int = 10**9
) -> PartBytes:
    parser = MultipartParser("b", inside_part=True)
    events = EventSource(MemorySource(data + b"\r\n--b--", piece), parser)
    return PartBytes(events, length, max_size, OverflowError)


WAYS = st.lists(st.sampled_from(["take", "some", "line", "base64"]), max_size=30)


@given(
    data=st.lists(st.sampled_from([b"ab", b"\n", b"c\r\n", b"\r", b"==", b"x" * 9])).map(b"".join),
    ways=WAYS,
    size=st.integers(1, 12),
    piece=st.integers(1, 40),
)
async def test_ways_of_taking_can_be_mixed(
    data: bytes, ways: list[str], size: int, piece: int
) -> None:
    """S-321: each goes on where the last one stopped; only base64 leaves something out."""
    source = part_bytes(data, piece)
    taken = b""
    for way in [*ways, "take"]:
        match way:
            case "some":
                found = await source.take_some(size)
                assert len(found) <= size
            case "line":
                found = await source.take_line()
                assert b"\n" not in found[:-1]
            case "base64":
                found = await source.take_base64(size)
                assert len(found) <= max(4, size)
            case _:
                found = await source.take()
        taken += found
    while rest := await source.take():
        taken += rest

    assert source.is_at_end
    if "base64" not in ways:
        assert taken == data
    keep = b"ab cx=".replace(b" ", b"")
    assert bytes(c for c in taken if c in keep) == bytes(c for c in data if c in keep)


async def test_long_line_takes_linear_time() -> None:
    """A line of many pieces is put together once."""
    line = b"x" * 2_000_000 + b"\n"

    assert await asyncio.wait_for(part_bytes(line, piece=100).take_line(), 10) == line


async def test_short_lines_of_a_long_piece_take_linear_time() -> None:
    """The rest of the piece is not copied for each of them."""
    source = part_bytes(b"\n" * 200_000, piece=1_000_000)
    count = 0

    while await source.take_line():
        count += 1

    assert count == 200_000


async def test_base64_that_ends_inside_a_group_is_given_out() -> None:
    """S-326: whoever decodes it will say what is wrong."""
    source = part_bytes(base64.b64encode(b"abc") + b"YW")

    assert [await source.take_base64(6), await source.take_base64(6)] == [b"YWJj", b"YW"]
    assert await source.take_base64(6) == b""


async def test_limit_is_inclusive_and_holds_for_taking_only() -> None:
    """S-322."""
    assert await part_bytes(b"abc", max_size=3).take() == b"abc"
    source = part_bytes(b"abc", max_size=2)
    with pytest.raises(OverflowError, match="2"):
        await source.take()

    await part_bytes(b"abc", max_size=2).skip()


@pytest.mark.parametrize("length", [2, 4])
async def test_length_is_checked(length: int) -> None:
    """S-319: when skipping, too."""
    with pytest.raises(ValueError, match="Content-Length"):
        await part_bytes(b"abc", length=length).skip()
