"""A response body on its way in."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_codec import CHUNKED, DEFAULT_LIMITS, UNTIL_CLOSE, RemoteProtocolError
from wherry_errors import ClientError, ClientPayloadError
from wherry_pool import IncomingBody, Progress
from wherry_pool._incoming import FIRST_ALLOCATION, MAX_PIECES, renewed, whole_chunked


class Carrier:
    """Counts pauses."""

    def __init__(self) -> None:
        self._is_reading = True
        self.pauses = 0

    def reads(self) -> bool:
        return self._is_reading

    def pause_reading(self) -> None:
        self._is_reading = False
        self.pauses += 1

    def resume_reading(self) -> None:
        self._is_reading = True


def incoming(length: int, high_water: int = 1000) -> IncomingBody:
    return IncomingBody(Carrier(), length, high_water)


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def receive_directly(body: IncomingBody, data: bytes) -> int:
    """What a transport does with the body's own buffer; the number of surplus bytes."""
    surplus = 0
    while data:
        view = body.view()
        assert view is not None
        size = min(len(view), len(data))
        view[:size] = data[:size]
        del view
        surplus += body.advance(size)
        data = data[size:]
        if body.is_complete:
            break
    return surplus + len(data)


# --- taking ------------------------------------------------------------------------------------


def test_pieces_are_handed_out_as_they_came() -> None:
    """And cut at the limit that is asked for."""
    body = incoming(10)
    body.feed(b"abcd", 0)
    body.feed(b"xxefg", 2)

    assert (body.size, body.received, body.piece_count) == (7, 7, 2)
    assert body.take(0) == b""
    assert body.take(3) == b"abc"
    assert body.take(3) == b"d"
    assert body.take() == b"efg"
    assert body.take() == b""
    assert not body.is_complete


def test_take_all_joins_what_is_left() -> None:
    """Also of a piece that was taken in part."""
    body = incoming(6)
    body.feed(b"abc", 0)
    body.feed(b"def", 0)
    body.take(1)

    assert body.take_all() == b"bcdef"
    assert (body.size, body.take_all()) == (0, b"")
    assert body.is_complete


def test_bytes_beyond_the_length_are_not_taken() -> None:
    """S-059: the offset of the first byte left is returned."""
    body = incoming(3)

    assert body.feed(b"abcdef", 0) == 3
    assert body.is_complete
    assert body.take_all() == b"abc"


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20), st.lists(st.integers(-1, 50)))
def test_takes_of_any_size_lose_nothing(pieces: list[bytes], limits: list[int]) -> None:
    """Order and bytes are kept, and `size` is what is left."""
    body = incoming(sum(map(len, pieces)))
    for piece in pieces:
        body.feed(piece, 0)
    taken = b""
    for limit in limits:
        part = body.take(limit)
        assert limit < 0 or len(part) <= limit
        taken += part
        assert body.size == body.received - len(taken)

    assert taken + body.take_all() == b"".join(pieces)


def test_body_that_arrived_already_can_be_read() -> None:
    """What a response that came in one read is turned into."""
    body = IncomingBody.whole(b"abc", [1, 3])

    assert body.is_complete
    assert body.chunk_ends == [1, 3]
    assert body.trailers is None
    assert body.take(2) == b"ab"
    assert body.take_all() == b"c"


# --- waiting -----------------------------------------------------------------------------------


async def test_wait_returns_at_the_first_byte_and_at_the_end() -> None:
    """A body without bytes ends the wait too."""
    body = incoming(CHUNKED)
    waiting = asyncio.ensure_future(body.wait())
    await turn()
    assert not waiting.done()
    body.feed(b"2\r\nab\r\n", 0)
    await waiting
    body.take_all()

    waiting = asyncio.ensure_future(body.wait())
    await turn()
    body.feed(b"0\r\n\r\n", 0)

    await waiting
    assert body.is_complete


async def test_wait_end_needs_nobody_to_take() -> None:
    """S-094."""
    body = incoming(4)
    waiting = asyncio.ensure_future(body.wait_end())
    for byte in (b"a", b"b", b"c"):
        body.feed(byte, 0)
        await turn()
    assert not waiting.done()

    body.feed(b"d", 0)

    await waiting
    assert body.size == 4


@pytest.mark.parametrize("name", ["wait", "wait_end", "collect"])
async def test_second_waiting_task_is_refused(name: str) -> None:
    """S-093, S-554: and the first one loses nothing."""
    body = incoming(100_000)
    first = asyncio.ensure_future(body.collect())
    await turn()
    receive_directly(body, b"a" * 50_000)

    with pytest.raises(RuntimeError, match="another task is waiting"):
        await getattr(body, name)()

    receive_directly(body, b"b" * 50_000)
    if name == "collect":
        with pytest.raises(RuntimeError, match="another task is waiting"):
            await body.collect()
    assert await first == b"a" * 50_000 + b"b" * 50_000


async def test_cancelled_wait_leaves_the_body_as_it_is() -> None:
    """It can be waited for again."""
    body = incoming(3)
    waiting = asyncio.ensure_future(body.wait())
    await turn()
    waiting.cancel()
    await turn()
    body.feed(b"abc", 0)

    await body.wait()
    assert await body.collect() == b"abc"


# --- collecting --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [3, 40_000, 5 * FIRST_ALLOCATION])
async def test_collect_gives_what_is_there_and_what_comes(size: int) -> None:
    """Short bodies by pieces, long ones straight into their own memory, which grows."""
    content = bytes(i % 251 for i in range(size))
    body = incoming(size)
    body.feed(content[:2], 0)
    reading = asyncio.ensure_future(body.collect())
    await turn()

    if body.view() is None:
        body.feed(content[2:], 0)
    else:
        assert receive_directly(body, content[2:]) == 0

    assert await reading == content
    assert body.received == size


async def test_surplus_byte_is_noticed_in_the_direct_buffer() -> None:
    """S-059: there is room for exactly one too many."""
    body = incoming(50_000)
    reading = asyncio.ensure_future(body.collect())
    await turn()
    view = body.view()
    assert view is not None
    assert len(view) == 50_001
    del view

    assert receive_directly(body, b"a" * 50_001) == 1

    assert await reading == b"a" * 50_000
    assert body.received == 50_000


@pytest.mark.parametrize("length", [FIRST_ALLOCATION - 1, FIRST_ALLOCATION, FIRST_ALLOCATION + 1])
async def test_surplus_is_noticed_at_the_edge_of_an_allocation(length: int) -> None:
    """S-059: the byte behind the body is read with it, whatever its length."""
    body = incoming(length)
    reading = asyncio.ensure_future(body.collect())
    await turn()
    surplus = 0
    while not body.is_complete:
        view = body.view()
        assert view is not None
        room = len(view)
        del view
        surplus += body.advance(room)

    assert surplus == 1
    assert await reading == bytes(length)


async def test_direct_buffer_grows_as_it_fills() -> None:
    """SEC-15: never more than what came, or a MiB, ahead."""
    body = incoming(10**15)
    reading = asyncio.ensure_future(body.collect())
    await turn()
    sizes = []
    for _ in range(3):
        view = body.view()
        assert view is not None
        sizes.append(len(view))
        del view
        body.advance(sizes[-1])

    assert sizes == [FIRST_ALLOCATION, FIRST_ALLOCATION, 2 * FIRST_ALLOCATION]
    body.fail(ClientPayloadError("cut"))
    with pytest.raises(ClientPayloadError):
        await reading


async def test_failed_collect_leaves_what_had_arrived() -> None:
    """C-11: the whole fails, the pieces are there."""
    body = incoming(100_000)
    body.feed(b"start", 0)
    reading = asyncio.ensure_future(body.collect())
    await turn()
    receive_directly(body, b"a" * 10)

    body.fail(ClientPayloadError("cut"))

    with pytest.raises(ClientPayloadError):
        await reading
    assert body.take_all() == b"start" + b"a" * 10
    with pytest.raises(ClientPayloadError):
        await body.collect()


async def test_collecting_tiny_chunks_takes_memory_for_their_bytes_only() -> None:
    """SEC-12: neither a piece nor an end is kept for each."""
    body = incoming(CHUNKED)
    reading = asyncio.ensure_future(body.collect())
    await turn()

    for _ in range(10):
        body.feed(b"1\r\na\r\n" * 1000, 0)

    assert body.piece_count == 10
    assert body.chunk_ends == []
    body.feed(b"0\r\n\r\n", 0)
    assert await reading == b"a" * 10_000


def test_advance_belongs_to_the_direct_buffer() -> None:
    """A transport that mixes them up is told."""
    with pytest.raises(RuntimeError, match="without a direct buffer"):
        incoming(3).advance(1)


# --- back-pressure -----------------------------------------------------------------------------


def test_reading_pauses_above_the_mark_and_resumes_below_half() -> None:
    """S-098."""
    body = incoming(10_000, high_water=100)
    carrier = Carrier()
    body._carrier = carrier
    body.feed(b"a" * 100, 0)
    assert carrier.reads()
    body.feed(b"a", 0)
    assert not carrier.reads()

    body.take(50)
    assert not carrier.reads()
    body.take(1)

    assert carrier.reads()
    assert carrier.pauses == 1


def test_very_many_tiny_chunks_pause_reading() -> None:
    """S-098, SEC-12: though they are few bytes."""
    carrier = Carrier()
    body = IncomingBody(carrier, CHUNKED, 10**6)
    body.feed(b"1\r\na\r\n" * MAX_PIECES, 0)
    assert carrier.reads()
    body.feed(b"1\r\na\r\n", 0)
    assert not carrier.reads()

    for _ in range(MAX_PIECES // 2 + 1):
        body.take()

    assert carrier.reads()


@pytest.mark.parametrize(
    "resume",
    [
        lambda body: body.set_high_water(1000),
        lambda body: body.discard(),
        lambda body: body.take_all(),
        lambda body: body.feed(b"a" * 800, 0),
    ],
)
def test_reading_goes_on_when_there_is_reason_to(resume: Callable[[IncomingBody], None]) -> None:
    """A higher mark, no interest, an empty buffer, or the end."""
    carrier = Carrier()
    body = IncomingBody(carrier, 1000, 100)
    body.feed(b"a" * 200, 0)
    assert not carrier.reads()

    resume(body)

    assert carrier.reads()


async def test_collecting_resumes_reading() -> None:
    """Whoever wants all of it has no use for pauses."""
    carrier = Carrier()
    body = IncomingBody(carrier, 1000, 100)
    body.feed(b"a" * 200, 0)
    reading = asyncio.ensure_future(body.collect())
    await turn()
    assert carrier.reads()

    body.feed(b"a" * 800, 0)

    assert len(await reading) == 1000
    assert carrier.pauses == 1


def test_last_bytes_never_pause_reading() -> None:
    """The connection is about to be free."""
    carrier = Carrier()
    body = IncomingBody(carrier, 200, 100)
    body.feed(b"a" * 200, 0)

    assert carrier.pauses == 0


# --- the end -----------------------------------------------------------------------------------


def test_only_an_until_close_body_ends_at_close() -> None:
    """S-061, S-062."""
    until_close, sized = incoming(UNTIL_CLOSE), incoming(3)
    until_close.feed(b"abc", 0)
    sized.feed(b"ab", 0)

    assert until_close.finish_at_close()
    assert not sized.finish_at_close()
    assert until_close.is_complete


def test_failure_after_the_end_changes_nothing() -> None:
    """And the first failure counts."""
    body = incoming(1)
    body.feed(b"a", 0)
    body.fail(ClientPayloadError("late"))
    assert body.failure is None

    body = incoming(1)
    body.fail(ClientPayloadError("first"))
    body.fail(ClientPayloadError("second"))
    assert str(body.failure) == "first"


async def test_each_read_raises_an_object_of_its_own() -> None:
    """S-506, B-40: with the same cause and an empty traceback."""
    body = incoming(2)
    cause = RemoteProtocolError("bad chunk")
    failure = ClientPayloadError("broken")
    failure.__cause__ = cause
    body.fail(failure)
    caught = []
    for _ in range(2):
        with pytest.raises(ClientPayloadError, match="broken") as info:
            await body.wait()
        caught.append(info.value)

    assert caught[0] is not caught[1]
    assert all(error.__cause__ is cause for error in caught)


def test_error_that_cannot_be_copied_is_raised_itself() -> None:
    """A ClientError of a request body's own, with another constructor."""

    class OddError(ClientError):
        def __init__(self, one: int, two: int) -> None:
            super().__init__("odd")

    error = OddError(1, 2)

    assert renewed(error) is error


def test_end_callbacks_run_once_at_the_end() -> None:
    """S-094: at once if it is there already."""
    calls: list[str] = []
    body = incoming(2)
    body.call_at_end(lambda: calls.append("first"))
    body.feed(b"a", 0)
    assert calls == []
    body.feed(b"b", 0)
    body.call_at_end(lambda: calls.append("second"))

    assert calls == ["first", "second"]


async def test_reader_is_woken_before_the_end_callbacks() -> None:
    """A callback that breaks its promise not to raise leaves nobody waiting."""
    body = incoming(1)
    reading = asyncio.ensure_future(body.collect())
    await turn()

    def broken() -> None:
        raise ValueError("callback")

    body.call_at_end(broken)

    with pytest.raises(ValueError, match="callback"):
        body.feed(b"a", 0)

    assert await reading == b"a"


def test_discarded_body_keeps_nothing() -> None:
    """Also if it was taken in part, and for what comes later."""
    body = incoming(CHUNKED)
    body.feed(b"5\r\nhello\r\n", 0)
    body.take(2)

    body.discard()
    body.feed(b"5\r\nworld\r\n0\r\nX-A: 1\r\n\r\n", 0)

    assert (body.size, body.take_all(), body.take()) == (0, b"", b"")
    assert body.is_complete
    assert body.chunk_ends == []
    assert body.trailers is not None
    assert body.trailers["x-a"] == "1"


async def test_progress_is_told_at_every_arrival() -> None:
    """Of body bytes only, in whichever memory they arrive."""
    told: list[tuple[int, int | None]] = []

    def progress(total: int | None) -> Progress:
        return Progress(
            lambda size, total: told.append((size, total)), total, asyncio.get_running_loop()
        )

    body = incoming(100_000)
    body.progress = progress(100_000)
    body.feed(b"a" * 10, 0)
    task = asyncio.ensure_future(body.collect())
    await turn()
    receive_directly(body, b"b" * 99_991)
    await task
    assert told == [(10, 100_000), (100_000, 100_000)]

    told.clear()
    chunked = incoming(CHUNKED)
    chunked.progress = progress(None)
    chunked.feed(b"3\r\nabc\r\n2\r\n", 0)
    chunked.feed(b"de\r\n0\r\n\r\n", 0)
    assert told == [(3, None), (5, None)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"0\r\n\r\n", b""),
        (b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n", None),
        (b"2\r\nab\r\n", None),
        (b"0\r\n\r\n0\r\n\r\n", None),
        (b"zz\r\nab\r\n0\r\n\r\n", None),
        (b"7\r\n0\r\n\r\n", None),
        (b"", None),
    ],
)
def test_chunked_body_that_is_all_there_is_taken_at_once(
    data: bytes, expected: bytes | None
) -> None:
    """S-060: with nothing behind it; what is broken or unusual goes the piecewise way."""
    whole = whole_chunked(b"HEAD" + data, 4, DEFAULT_LIMITS)

    assert (None if whole is None else whole[0]) == expected
    if whole is not None:
        assert whole[1].is_done
