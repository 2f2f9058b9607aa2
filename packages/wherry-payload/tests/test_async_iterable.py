"""Bodies that arrive by and by, and can be sent once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from wherry_payload import (
    AsyncIterablePayload,
    ByteSink,
    Payload,
    StreamReaderPayload,
    get_payload,
    streamer,
)
from wherry_payload.testing import MemorySink, MemorySource, check_payload


async def pieces(*items: Any) -> AsyncIterator[bytes]:
    for item in items:
        yield item


def generated() -> Payload:
    return AsyncIterablePayload(pieces(b"ab", bytearray(b"c"), b"", memoryview(b"de")))


@pytest.mark.parametrize(
    "make",
    [generated, lambda: StreamReaderPayload(MemorySource(b"ab", b"cde"))],
)
async def test_body_is_as_promised(make: Callable[[], Payload]) -> None:
    """S-286, S-288: no size, nothing to close, sent once."""
    assert await check_payload(make) == b"abcde"
    assert make().size is None
    assert make().autoclose is True
    assert make().content_type == "application/octet-stream"


async def test_each_item_is_one_piece() -> None:
    """S-286: pieces are not joined or cut."""
    sink = MemorySink()

    await generated().write(sink)

    assert sink.pieces == [b"ab", b"c", b"", b"de"]


async def test_consumed_as_soon_as_sending_starts() -> None:
    """S-286: also if sending fails with the first piece; SEC-6: never half a body again."""
    payload = generated()
    before = payload.consumed

    with pytest.raises(ConnectionResetError):
        await payload.write(MemorySink(fail_after=0))

    assert (before, payload.consumed) == (False, True)
    with pytest.raises(RuntimeError, match="already sent"):
        await payload.write(MemorySink())


async def test_never_replayable_unless_kept() -> None:
    """A sender can know before the first byte that there is one attempt only."""
    assert generated().replayable is False


async def test_as_bytes_keeps_the_body_for_sending() -> None:
    """S-286: `as_bytes()` before sending caches it."""
    payload = generated()

    assert await payload.as_bytes() == b"abcde"
    assert await payload.as_bytes() == b"abcde"
    assert payload.decode() == "abcde"
    assert payload.replayable is True
    assert payload.consumed is False
    for _ in range(2):
        sink = MemorySink()
        await payload.write(sink)
        assert sink.data == b"abcde"


def test_decode_before_keeping_is_refused() -> None:
    """S-275: decoding does not wait."""
    with pytest.raises(TypeError, match="as_bytes"):
        AsyncIterablePayload(MemoryIterable()).decode()


class MemoryIterable:
    """An async iterable that is no generator."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return pieces(b"x")


async def test_surplus_is_run_to_the_end_and_dropped() -> None:
    """S-287: with a length, the iterable is still used up."""
    reached_end = False

    async def source() -> AsyncIterator[bytes]:
        nonlocal reached_end
        yield b"abc"
        yield b"def"
        reached_end = True

    sink = MemorySink()
    await AsyncIterablePayload(source()).write_with_length(sink, 4)

    assert sink.data == b"abcd"
    assert reached_end


@pytest.mark.parametrize("item", ["text", 5, None])
async def test_items_must_be_bytes_like(item: object) -> None:
    """S-286: a str is refused with its type in the message."""
    with pytest.raises(TypeError, match=type(item).__name__):
        await AsyncIterablePayload(pieces(b"ok", item)).write(MemorySink())


def test_value_must_be_an_async_iterable() -> None:
    """S-273: a list is told what to become."""
    with pytest.raises(TypeError, match="async generator"):
        AsyncIterablePayload([b"a"])  # type: ignore[arg-type]


async def test_generator_is_closed_when_sending_fails() -> None:
    """S-285: a generator's clean-up runs at once, not at some later collection."""
    closed = False

    async def source() -> AsyncIterator[bytes]:
        nonlocal closed
        try:
            yield b"abc"
            yield b"def"
        finally:
            closed = True

    with pytest.raises(ConnectionResetError):
        await AsyncIterablePayload(source()).write(MemorySink(fail_after=3))

    assert closed


async def test_generator_is_closed_when_sending_is_cancelled() -> None:
    """S-285, S-490: cancellation reaches the generator and the caller."""
    closed = asyncio.Event()
    waiting = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        try:
            waiting.set()
            await asyncio.Event().wait()
            yield b""
        finally:
            closed.set()

    task = asyncio.create_task(AsyncIterablePayload(source()).write(MemorySink()))
    await waiting.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


def test_streamer_warns_when_it_decorates() -> None:
    """S-289, S-568, S-571."""
    with pytest.warns(DeprecationWarning, match="async generator") as caught:
        streamer(write_twice)

    assert caught[0].filename == __file__


async def write_twice(writer: ByteSink, word: bytes = b"none") -> None:
    await writer.write(word)
    await writer.write(word)


async def test_streamer_writes_with_its_arguments() -> None:
    """S-289: called or not, what it makes is a body."""
    with pytest.warns(DeprecationWarning, match="streamer"):
        decorated = streamer(write_twice)

    assert await check_payload(lambda: get_payload(decorated(b"ab"))) == b"abab"
    assert await check_payload(lambda: get_payload(decorated(word=b"c"))) == b"cc"
    assert await check_payload(lambda: get_payload(decorated)) == b"nonenone"
