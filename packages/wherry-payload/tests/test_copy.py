"""Copying a file to a sink."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_payload._copy import PIECE, as_bytes, copy
from wherry_payload.testing import MemorySink


class Reader:
    """Reads from `data`, at most `step` bytes at a time, and notes how much was asked for."""

    def __init__(self, data: bytes, step: int = PIECE) -> None:
        self.rest = data
        self.step = step
        self.asked: list[int] = []
        self.is_reading = threading.Lock()

    def __call__(self, size: int) -> bytes:
        assert self.is_reading.acquire(blocking=False), "two reads at the same time"
        try:
            self.asked.append(size)
            size = min(size, self.step)
            piece, self.rest = self.rest[:size], self.rest[size:]
            return piece
        finally:
            self.is_reading.release()


@given(data=st.binary(max_size=60), step=st.integers(1, 20), length=st.none() | st.integers(0, 60))
async def test_exactly_the_length_is_copied(data: bytes, step: int, length: int | None) -> None:
    """S-282: all of it, the length that was declared, or an error."""
    sink = MemorySink()

    if length is not None and length > len(data):
        with pytest.raises(EOFError, match=f"{len(data)} of {length} bytes"):
            await copy(Reader(data, step), sink, length, "x")
    else:
        await copy(Reader(data, step), sink, length, "x")
    assert sink.data == data[:length]


async def test_next_piece_is_read_while_the_last_is_written() -> None:
    """The disk does not wait for the network, nor the network for the disk."""
    asked = [threading.Event() for _ in range(3)]

    def read(size: int) -> bytes:
        next(event for event in asked if not event.is_set()).set()
        return bytes(size)

    class Sink(MemorySink):
        async def write(self, data: bytes | bytearray | memoryview, /) -> None:
            following = asked[min(len(self.pieces) + 1, 2)]
            assert await asyncio.to_thread(following.wait, 10), "nothing was read meanwhile"
            await super().write(data)

    sink = Sink()
    await copy(read, sink, 3 * PIECE, None)

    assert len(sink.data) == 3 * PIECE


async def test_nothing_is_read_ahead_of_an_unknown_length() -> None:
    """A thread that reads ahead from a pipe could wait for ever."""
    reader = Reader(b"abc", step=1)
    begun: list[int] = []

    class Sink(MemorySink):
        async def write(self, data: bytes | bytearray | memoryview, /) -> None:
            # A read would have begun by the time another call has gone through the same threads.
            await asyncio.to_thread(int)
            begun.append(len(reader.asked))

    await copy(reader, Sink(), None, None)

    assert begun == [1, 2, 3]


async def test_no_more_is_read_than_was_declared() -> None:
    """What lies behind the length is left for others."""
    reader = Reader(bytes(PIECE + 10))

    await copy(reader, MemorySink(), PIECE + 3, None)

    assert reader.asked == [PIECE, 3]
    assert len(reader.rest) == 7


async def test_piece_read_ahead_is_forgotten_when_the_sink_fails() -> None:
    """And so is an error of reading it: the sink's is the one that is told."""
    has_failed = threading.Event()
    pieces = [bytes(PIECE)]

    def read(size: int) -> bytes:
        if not pieces:
            has_failed.set()
            raise OSError("the disk, too")
        return pieces.pop()

    class Sink(MemorySink):
        async def write(self, data: bytes | bytearray | memoryview, /) -> None:
            assert await asyncio.to_thread(has_failed.wait, 10)
            raise ConnectionResetError("the network")

    with pytest.raises(ConnectionResetError, match="the network"):
        await copy(read, Sink(), 2 * PIECE, None)


async def test_error_of_reading_is_told_after_what_came_before_it() -> None:
    """What was read is written; then the error comes."""
    pieces = [bytes(PIECE)]
    sink = MemorySink()

    def read(size: int) -> bytes:
        if not pieces:
            raise OSError("the disk")
        return pieces.pop()

    with pytest.raises(OSError, match="the disk"):
        await copy(read, sink, 2 * PIECE, None)
    assert len(sink.data) == PIECE


@pytest.mark.parametrize("piece", [b"ab", bytearray(b"ab"), memoryview(b"ab")])
def test_anything_bytes_like_is_a_piece(piece: object) -> None:
    """Files of other libraries return what they like."""
    assert as_bytes(piece) == b"ab"
    assert type(as_bytes(piece)) is bytes


@pytest.mark.parametrize(("piece", "error"), [("text", TypeError), (None, BlockingIOError)])
def test_anything_else_is_an_error(piece: object, error: type[Exception]) -> None:
    """A file in non-blocking mode is no end of file."""
    with pytest.raises(error):
        as_bytes(piece)
