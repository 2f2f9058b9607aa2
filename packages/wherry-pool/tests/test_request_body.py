"""The sink of one request."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_codec import ChunkDecoder
from wherry_errors import ClientConnectionError
from wherry_pool import Progress
from wherry_pool._request_body import BodyWriter
from wherry_pool.testing import FakeBody, check_request_body

pieces_of_bytes = st.lists(st.binary(max_size=30), max_size=10)


class Out:
    """What was written, and how often somebody waited for room."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.drains = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    async def drain(self) -> None:
        self.drains += 1

    def writer(self, content_length: int | None) -> BodyWriter:
        return BodyWriter(self.write, self.drain, content_length)


@given(pieces_of_bytes)
def test_chunks_decode_to_what_was_written(pieces: list[bytes]) -> None:
    """S-033, RFC 9112 §7.1: one chunk per piece that is not empty."""
    out = Out()

    async def send() -> None:
        writer = out.writer(None)
        for piece in pieces:
            await writer.write(piece)
        writer.finish()

    asyncio.run(send())
    decoded: list[bytes] = []
    decoder = ChunkDecoder()
    data = b"".join(out.writes)
    assert decoder.feed(data, 0, decoded) == len(data)
    assert decoder.is_done
    assert decoded == [piece for piece in pieces if piece]


@given(pieces_of_bytes, st.integers(0, 100))
def test_announced_length_is_kept_or_the_request_fails(pieces: list[bytes], length: int) -> None:
    """S-031, S-032, RFC 9112 §6.2: surplus is dropped, a shortfall is an error."""
    out = Out()
    content = b"".join(pieces)

    async def send() -> None:
        writer = out.writer(length)
        for piece in pieces:
            await writer.write(piece)
        if len(content) < length:
            with pytest.raises(
                ClientConnectionError, match=f"after {len(content)} bytes.*announced {length}"
            ):
                writer.finish()
        else:
            writer.finish()

    asyncio.run(send())
    assert b"".join(out.writes) == content[:length]
    assert b"" not in out.writes


@pytest.mark.parametrize("length", [None, 8])
async def test_any_buffer_can_be_written(length: int | None) -> None:
    """Sizes are bytes, whatever the items of a view are."""
    out = Out()
    writer = out.writer(length)

    await writer.write(bytearray(b"ab"))
    await writer.write(memoryview(b"cdef").cast("H"))
    await writer.write(b"gh")
    writer.finish()

    sent = b"".join(out.writes)
    assert sent == (b"abcdefgh" if length else b"2\r\nab\r\n4\r\ncdef\r\n2\r\ngh\r\n0\r\n\r\n")
    assert out.drains == 3


async def test_cut_falls_on_a_byte_of_a_wide_view() -> None:
    """S-031."""
    out = Out()
    writer = out.writer(3)

    await writer.write(memoryview(b"abcd").cast("H"))

    assert out.writes == [b"abc"]


async def test_fake_body_is_a_request_body() -> None:
    """The conformance check of `RequestBody`."""
    assert await check_request_body(lambda: FakeBody([b"ab", b"c"], size=3)) == b"abc"
    with pytest.raises(AssertionError, match="claims 2 bytes and writes 3"):
        await check_request_body(lambda: FakeBody([b"abc"], size=2))


async def test_progress_counts_what_goes_out() -> None:
    """Neither framing nor what is cut off."""
    told: list[tuple[int, int | None]] = []
    out = Out()
    progress = Progress(
        lambda size, total: told.append((size, total)), 4, asyncio.get_running_loop()
    )
    writer = BodyWriter(out.write, out.drain, 4, progress)
    for piece in (b"abc", b"", b"def", b"g"):
        await writer.write(piece)

    assert told == [(3, 4), (4, 4)]


@pytest.mark.parametrize("content_length", [None, 6])
async def test_what_was_written_may_be_changed_at_once(content_length: int | None) -> None:
    """RFC 9112 §7.1: the caller has its buffer back, whatever the transport keeps."""
    kept: list[object] = []

    async def drain() -> None:
        """There is room."""

    writer = BodyWriter(kept.append, drain, content_length)
    buffer = bytearray(b"abc")
    await writer.write(buffer)
    buffer[:] = b"xyz"
    await writer.write(memoryview(buffer)[:3])
    buffer[:] = b"..."
    written = b"".join(bytes(piece) for piece in kept)  # type: ignore[call-overload]
    assert b"abc" in written
    assert b"xyz" in written


async def test_long_bytes_are_handed_on_uncopied() -> None:
    """S-031: also a view of them, as payloads in memory write."""
    kept: list[memoryview] = []

    async def drain() -> None:
        """There is room."""

    data = bytes(1000)
    writer = BodyWriter(kept.append, drain, 500)  # type: ignore[arg-type]
    await writer.write(memoryview(data))
    assert kept[0].obj is data
    assert len(kept[0]) == 500
