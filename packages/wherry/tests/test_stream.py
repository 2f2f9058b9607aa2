"""`_stream`: a body read in pieces, for every way it can arrive."""

import asyncio
import gzip
import logging
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry import EMPTY_PAYLOAD, ClientConnectionError, ClientPayloadError, StreamReader
from wherry_codec import CHUNKED, UNTIL_CLOSE, LineTooLong, encode_chunk
from wherry_codec.coding import make_decoder
from wherry_codec.testing import cut, every_split
from wherry_multipart.testing import check_byte_source
from wherry_pool import IncomingBody

TEXT = b"first line\nsecond\n\nlast without end"
if TYPE_CHECKING:
    from collections.abc import Callable

Source = tuple[IncomingBody, StreamReader]


class Carrier:
    """A connection whose reading can be paused, that remembers it."""

    def __init__(self) -> None:
        self.is_paused = False

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False


def arrived(
    pieces: list[bytes], length: int | None = None, *, ends: bool = True, **kw: Any
) -> Source:
    """A body of which `pieces` have arrived; `length` None is their sum."""
    total = sum(map(len, pieces))
    body = IncomingBody(None, total if length is None else length, 131072)
    for piece in pieces:
        body.feed(piece, 0)
    if ends and length is not None:
        body.finish_at_close()
    return body, StreamReader(body, **kw)


def chunked(pieces: list[bytes], **kw: Any) -> Source:
    wire = b"".join(map(encode_chunk, pieces)) + b"0\r\n\r\n"
    return arrived([wire], CHUNKED, **kw)


async def in_pieces(body: IncomingBody, pieces: list[bytes]) -> None:
    for piece in pieces:
        await asyncio.sleep(0)
        body.feed(piece, 0)


@pytest.mark.parametrize("pieces", list(every_split(TEXT)), ids=str)
async def test_every_way_of_reading_gives_the_whole_body(pieces: list[bytes]) -> None:
    """S-082, S-083, S-085, S-088, S-092: for any split."""
    _, reader = arrived(pieces)
    assert await reader.read() == TEXT
    _, reader = arrived(pieces)
    assert b"".join([p async for p in reader.iter_any()]) == TEXT
    _, reader = arrived(pieces)
    assert [line async for line in reader] == TEXT.splitlines(keepends=True)
    _, reader = arrived(pieces)
    parts = [p async for p in reader.iter_chunked(3)]
    assert b"".join(parts) == TEXT
    assert all(1 <= len(part) <= 3 for part in parts)
    _, reader = arrived(pieces)
    assert [flag async for _, flag in reader.iter_chunks()] == [False] * len(pieces)
    _, reader = arrived(pieces)
    assert await reader.readexactly(11) == TEXT[:11]
    assert await reader.readuntil(b"\n\n") == b"second\n\n"
    assert reader.read_nowait() == TEXT[19:]


async def test_it_is_a_byte_source() -> None:
    """S-082, S-085: the contract that multipart readers rely on."""
    await check_byte_source(lambda: arrived(cut(TEXT, 5))[1], TEXT)


async def test_reads_at_the_end_give_nothing() -> None:
    """S-082, S-085, S-088."""
    _, reader = arrived([b""])

    assert await reader.read() == b""
    assert await reader.read(5) == b""
    assert await reader.readany() == b""
    assert await reader.readline() == b""
    assert await reader.readchunk() == (b"", False)
    assert reader.read_nowait() == b""
    assert await reader.readexactly(0) == b""


async def test_reading_zero_bytes_waits_for_nothing() -> None:
    """S-082."""
    _, reader = arrived([], 5)

    assert await reader.read(0) == b""
    assert await reader.read(0) == b""


async def test_a_read_waits_for_at_least_one_byte() -> None:
    """S-082, S-083."""
    body, reader = arrived([], 6)
    task = asyncio.create_task(reader.read(100))
    await asyncio.sleep(0)
    assert not task.done()

    body.feed(b"abc", 0)

    assert await task == b"abc"
    assert not reader.at_eof()


async def test_read_nowait_gives_what_is_there() -> None:
    """S-091: at most so much, nothing while nothing is there, and it never waits."""
    body, reader = arrived([b"abc", b"def"], 9)

    assert [reader.read_nowait(2), reader.read_nowait(0), reader.read_nowait()] == [
        b"ab", b"", b"cdef",
    ]  # fmt: skip
    assert reader.read_nowait() == b""
    body.feed(b"ghi", 0)
    assert reader.read_nowait(-1) == b"ghi"


async def test_readexactly_says_what_there_was_when_the_end_came() -> None:
    """S-084, S-552."""
    _, reader = arrived([b"ab", b"c"])

    with pytest.raises(asyncio.IncompleteReadError) as caught:
        await reader.readexactly(5)

    assert (caught.value.partial, caught.value.expected) == (b"abc", 5)
    with pytest.raises(ValueError, match="less than zero"):
        await reader.readexactly(-1)


@pytest.mark.parametrize("pieces", list(every_split(b"aXYbXXYcXYZ")), ids=str)
async def test_a_separator_is_found_across_reads(pieces: list[bytes]) -> None:
    """S-086."""
    _, reader = arrived(pieces)

    assert await reader.readuntil(b"XY") == b"aXY"
    assert await reader.readuntil(b"XY") == b"bXXY"
    assert await reader.readuntil(b"XYZ") == b"cXYZ"


async def test_an_empty_separator_is_refused() -> None:
    """S-086."""
    with pytest.raises(ValueError, match="separator"):
        await arrived([b"x"])[1].readuntil(b"")


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_a_line_that_is_too_long_is_an_error_of_both_kinds(size: int) -> None:
    """S-087, S-553: the limit is inclusive."""
    assert await arrived(cut(b"abcd\n", size))[1].readline(max_line_length=5) == b"abcd\n"

    with pytest.raises(LineTooLong) as caught:
        await arrived(cut(b"abcde\nrest", size))[1].readline(max_line_length=5)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(LineTooLong):
        await arrived([b"x" * 21], limit=10)[1].readline()


async def test_readchunk_tells_where_chunks_of_the_wire_end() -> None:
    """S-088."""
    _, reader = chunked([b"ab", b"cde"])

    assert [c async for c in reader.iter_chunks()] == [(b"ab", True), (b"cde", True)]
    assert await reader.readchunk() == (b"", False)


async def test_a_chunk_that_was_handed_out_ends_with_an_empty_piece() -> None:
    """S-088."""
    body, reader = arrived([b"4\r\nab"], CHUNKED, ends=False)

    assert await reader.readchunk() == (b"ab", False)
    body.feed(b"cd", 0)
    assert await reader.readexactly(2) == b"cd"
    body.feed(b"\r\n0\r\n\r\n", 0)
    assert await reader.readchunk() == (b"", True)
    assert await reader.readchunk() == (b"", False)


async def test_a_chunk_end_that_comes_late_stands_before_the_next_chunk() -> None:
    """S-088: for any split of the wire."""
    wire = b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    for pieces in every_split(wire):
        body, reader = arrived([], CHUNKED, ends=False)
        feeding = asyncio.create_task(in_pieces(body, pieces))
        data, ends = b"", []
        async for piece, is_end in reader.iter_chunks():
            data += piece
            ends += [len(data)] if is_end else []
        await feeding
        assert (data, ends) == (b"abcde", [2, 5])


async def test_readchunk_after_other_reads_never_crosses_a_chunk_end() -> None:
    """S-089."""
    _, reader = chunked([b"ab", b"cde", b"f"])

    assert await reader.readexactly(3) == b"abc"
    assert await reader.readchunk() == (b"de", True)
    assert await reader.read(1) == b"f"
    assert await reader.readchunk() == (b"", True)


async def test_chunk_ends_of_a_compressed_body_count_decoded_bytes() -> None:
    """S-090."""
    packer = zlib.compressobj(wbits=31)
    one = packer.compress(b"hello ") + packer.flush(zlib.Z_SYNC_FLUSH)
    two = packer.compress(b"world") + packer.flush()
    _, reader = chunked([one[:5], one[5:], two], decoder=make_decoder("gzip"))

    found = [c async for c in reader.iter_chunks()]

    assert found == [(b"hello ", True), (b"world", True)]


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=12), st.data())
def test_any_mix_of_reads_gives_the_bytes_in_order(
    pieces: list[bytes], data: st.DataObject
) -> None:
    """S-089: nothing is lost or doubled."""

    async def scenario() -> bytes:
        _, reader = chunked(pieces)
        out = b""
        for _ in range(100):
            if reader.at_eof():
                break
            match data.draw(st.integers(0, 5)):
                case 0:
                    out += await reader.read(data.draw(st.integers(1, 5)))
                case 1:
                    out += await reader.readany()
                case 2:
                    out += (await reader.readchunk())[0]
                case 3:
                    out += await reader.readuntil(b"\0")
                case 4:
                    out += reader.read_nowait(data.draw(st.integers(0, 5)))
                case _:
                    try:
                        out += await reader.readexactly(data.draw(st.integers(1, 9)))
                    except asyncio.IncompleteReadError as error:
                        out += error.partial
        return out + await reader.read()

    assert asyncio.run(scenario()) == b"".join(pieces)


async def test_tiny_chunks_nobody_asks_about_are_not_remembered() -> None:
    """SEC-12."""
    _, reader = chunked([b"x"] * 5000)

    async for _ in reader.iter_chunked(100):
        pass

    assert reader._ends is not None
    assert len(reader._ends) <= 2


async def test_a_second_waiting_task_is_refused() -> None:
    """S-093, S-554: whatever both of them call."""
    reads: list[Callable[[StreamReader], object]] = [
        lambda r: r.read(), lambda r: r.read(5), lambda r: r.readany(), lambda r: r.readline(),
        lambda r: r.readchunk(), lambda r: r.readexactly(2),
    ]  # fmt: skip
    for first in reads:
        for second in reads:
            body, reader = arrived([], 10)
            task = asyncio.ensure_future(first(reader))  # type: ignore[call-overload]  # coroutines
            await asyncio.sleep(0)
            body.feed(b"abcd", 0)  # must not be taken by the second one

            with pytest.raises(RuntimeError, match="another task"):
                await second(reader)  # type: ignore[misc]  # a coroutine
            with pytest.raises(RuntimeError, match="another task"):
                reader.read_nowait()

            body.feed(b"efghi\n", 0)
            result = await task
            assert b"abcdefghi\n".startswith(result[0] if isinstance(result, tuple) else result)


@pytest.mark.parametrize("name", ["read", "readline", "readexactly", "readany", "readchunk"])
@pytest.mark.parametrize("coding", [None, "gzip"])
async def test_cancelling_a_read_leaves_the_stream_usable(name: str, coding: str | None) -> None:
    """S-491."""
    packer = zlib.compressobj(wbits=31)
    one, two = b"abc", b"def\n"
    if coding:
        one = packer.compress(b"abc") + packer.flush(zlib.Z_SYNC_FLUSH)
        two = packer.compress(b"def\n") + packer.flush()
    body, reader = arrived([], len(one + two), decoder=make_decoder(coding or ""))
    arguments = (7,) if name == "readexactly" else ()
    if name in ("read", "readline", "readexactly"):
        body.feed(one, 0)
    task = asyncio.ensure_future(getattr(reader, name)(*arguments))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    if name not in ("read", "readline", "readexactly"):
        body.feed(one, 0)
    body.feed(two, 0)
    assert task.cancelled()
    assert await reader.read() == b"abcdef\n"


async def test_data_that_arrived_is_handed_out_before_the_failure() -> None:
    """DECISIONS C-11, S-095: piecewise reads."""
    reads: list[Callable[[StreamReader], Any]] = [
        lambda r: r.read(100), lambda r: r.readany(), lambda r: r.readline(),
        lambda r: r.readuntil(b"\0"),
    ]  # fmt: skip
    for read in reads:
        body, reader = arrived([b"ab", b"c"], 10)
        body.fail(ClientPayloadError("cut short"))
        got = b""
        for _ in range(3):
            if got != b"abc":
                got += await read(reader)
        assert got == b"abc"
        with pytest.raises(ClientPayloadError, match="cut short"):
            await read(reader)
        assert isinstance(reader.exception(), ClientPayloadError)


async def test_reading_everything_raises_the_failure() -> None:
    """DECISIONS C-11: and what has arrived can still be taken piece by piece."""
    body, reader = arrived([b"abc"], 10)
    body.fail(ClientPayloadError("cut short"))

    with pytest.raises(ClientPayloadError):
        await reader.read()
    with pytest.raises(ClientPayloadError):
        await reader.readexactly(5)
    assert await reader.readany() == b"abc"


async def test_each_read_raises_an_error_of_its_own() -> None:
    """S-506."""
    body, reader = arrived([], 10)
    body.fail(ClientPayloadError("cut short"))
    errors = []
    for _ in range(3):
        with pytest.raises(ClientPayloadError) as caught:
            await reader.readany()
        errors.append(caught.value)

    assert len({id(error) for error in errors}) == 3


async def test_corrupt_data_fails_after_what_could_be_decoded() -> None:
    """S-076, S-538, DECISIONS C-11: also within one call."""
    good = gzip.compress(b"good")
    failures: list[None] = []
    for read in (StreamReader.readany, StreamReader.readline):
        failures.clear()
        _, reader = arrived([good, b"not gzip at all"], decoder=make_decoder("gzip"),
                            on_failure=lambda: failures.append(None))  # fmt: skip
        assert await read(reader) == b"good"
        with pytest.raises(ClientPayloadError, match="decoded"):
            await read(reader)
        with pytest.raises(ClientPayloadError, match="decoded"):
            await read(reader)
        assert failures == [None]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_body_that_is_cut_off_is_an_error(coding: str) -> None:
    """S-077."""
    packed = gzip.compress(TEXT) if coding == "gzip" else zlib.compress(TEXT)
    for end in range(1, len(packed)):
        _, reader = arrived([packed[:end]], decoder=make_decoder(coding))
        with pytest.raises(ClientPayloadError):
            await reader.read()
    _, reader = arrived([b""], decoder=make_decoder(coding))
    assert await reader.read() == b""


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_stacked_codings_are_undone_in_reverse(size: int) -> None:
    """S-096, DECISIONS C-10: decoded bytes and those of the wire are counted apart."""
    packed = gzip.compress(zlib.compress(TEXT))

    _, reader = arrived(cut(packed, size), decoder=make_decoder("deflate, gzip"))

    assert b"".join([p async for p in reader.iter_chunked(4)]) == TEXT
    assert reader.total_bytes == len(TEXT)
    assert reader.total_raw_bytes == len(packed)


async def test_a_bomb_stays_packed_until_it_is_read() -> None:
    """S-078, SEC-18: no read in pieces unpacks more than one step."""
    bomb = gzip.compress(bytes(50_000_000), 9)
    reads: list[Callable[[StreamReader], Any]] = [
        lambda r: r.read(1024), lambda r: r.readany(), lambda r: r.readchunk(),
    ]  # fmt: skip
    for read in reads:
        _, reader = arrived(cut(bomb, 16), decoder=make_decoder("gzip"))
        piece = await read(reader)
        assert 0 < len(piece[0] if isinstance(piece, tuple) else piece) <= 600_000
        assert reader.total_bytes <= 600_000
    _, reader = arrived(cut(bomb, 16), decoder=make_decoder("gzip"))
    assert len(reader.read_nowait()) <= 600_000
    with pytest.raises(LineTooLong):
        await arrived(cut(bomb, 16), decoder=make_decoder("gzip"))[1].readline()


async def test_max_size_stops_a_body_that_grows_past_it() -> None:
    """SEC-15: decoded bytes count, inclusive."""
    failures: list[None] = []
    body = gzip.compress(bytes(1000))

    _, reader = arrived([body], decoder=make_decoder("gzip"), max_size=1000)
    assert len(await reader.read()) == 1000
    _, reader = arrived([body], decoder=make_decoder("gzip"), max_size=999,
                        on_failure=lambda: failures.append(None))  # fmt: skip
    with pytest.raises(ClientPayloadError, match="max_body_size"):
        await reader.read(10)
    assert failures == [None]


async def test_unread_bytes_pause_the_connection() -> None:
    """S-098."""
    carrier = Carrier()
    body = IncomingBody(carrier, UNTIL_CLOSE, 20)
    reader = StreamReader(body, limit=10)

    states = []
    for size in (20, 1):
        body.feed(b"x" * size, 0)
        states.append(carrier.is_paused)
    await reader.read(30)
    states.append(carrier.is_paused)

    assert states == [False, True, False]
    assert reader.get_read_buffer_limits() == (30, 60)


async def test_eof_is_told_in_three_ways() -> None:
    """S-094."""
    body, reader = arrived([b"abc"], 6)
    called: list[str] = []
    reader.on_eof(lambda: called.append("early"))
    waiting = asyncio.create_task(reader.wait_eof())
    await asyncio.sleep(0)
    assert [reader.is_eof(), reader.at_eof(), waiting.done(), called] == [False, False, False, []]

    body.feed(b"def", 0)
    await waiting
    reader.on_eof(lambda: called.append("late"))

    assert reader.is_eof()
    assert not reader.at_eof()
    assert called == ["early", "late"]
    assert await reader.readexactly(6) == b"abcdef"
    assert reader.at_eof()


async def test_a_raising_eof_callback_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """S-094, S-013."""
    arrived([b""])[1].on_eof(lambda: 1 / 0)  # type: ignore[arg-type]  # raises

    assert [record.name for record in caplog.records] == ["wherry.internal"]


async def test_endless_reading_at_the_end_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """S-100."""
    _, reader = arrived([b"x"])
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            await reader.read()

    assert len(caplog.records) == 1


async def test_data_can_be_put_back() -> None:
    """S-097, S-568."""
    _, reader = arrived([b"abc"])
    data = await reader.read(2)

    with pytest.warns(DeprecationWarning, match="unread_data"):
        reader.unread_data(data)

    assert await reader.read() == b"abc"


async def test_a_closed_stream_refuses_reads() -> None:
    """S-403, S-541."""
    _, reader = arrived([b"abc"])
    await reader.read(1)
    reader.close()

    for call in (
        reader.read(),
        reader.read(2),
        reader.readany(),
        reader.readline(),
        reader.readchunk(),
    ):
        with pytest.raises(ClientConnectionError):
            await call
    with pytest.raises(ClientConnectionError):
        reader.read_nowait()


async def test_what_is_read_is_told() -> None:
    """DECISIONS C-22: every read on the stream."""
    told: list[bytes] = []

    async def tell(data: bytes) -> None:
        told.append(data)

    _, reader = arrived([b"abc\ndef"], on_read=tell)
    await reader.read(1)
    await reader.readline()
    await reader.readexactly(1)
    await reader.readchunk()

    assert told == [b"a", b"bc\n", b"d", b"ef"]


async def test_the_shared_empty_stream_is_at_its_end() -> None:
    """S-101."""
    assert EMPTY_PAYLOAD.at_eof()
    assert EMPTY_PAYLOAD.is_eof()
    assert await EMPTY_PAYLOAD.read() == b""
    assert await EMPTY_PAYLOAD.readuntil() == b""
    with pytest.raises(asyncio.IncompleteReadError):
        await EMPTY_PAYLOAD.readexactly(1)


def test_repr_says_how_much_is_buffered() -> None:
    assert repr(arrived([b"abc"])[1]) == "<StreamReader eof 3 bytes buffered>"
