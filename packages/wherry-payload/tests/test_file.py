"""Bodies read from open files."""

import asyncio
import gzip
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_payload import (
    BufferedReaderPayload,
    BytesIOPayload,
    IOBasePayload,
    Payload,
    get_payload,
)
from wherry_payload.testing import MemorySink, check_payload

BODY = bytes(range(256)) * 10_000  # more than two pieces


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two and a half MiB."""
    path = tmp_path / "data.txt"
    path.write_bytes(BODY)
    return path


async def closed(payload: Payload, file: Any) -> None:
    """Close and wait for the thread that does it."""
    await payload.close()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert file.closed


async def test_open_file_is_as_promised(path: Path) -> None:
    """S-281, S-284, S-285: size, writing twice, closing twice."""
    assert await check_payload(lambda: get_payload(path.open("rb"))) == BODY


@pytest.mark.parametrize(
    "make",
    [
        lambda path: get_payload(path.open("r+b")),
        lambda path: get_payload(path.open("rb", buffering=0)),
        lambda path: BytesIOPayload(io.BytesIO(path.read_bytes())),
        lambda path: get_payload(io.BytesIO(b"small")),
        lambda path: get_payload(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(BODY)))),
    ],
)
async def test_every_kind_of_file_is_as_promised(
    path: Path, make: Callable[[Path], Payload]
) -> None:
    """S-273, S-281 to S-285: the contract holds for each."""
    assert await check_payload(lambda: make(path))


async def test_size_is_what_is_left_behind_the_position(path: Path) -> None:
    """S-281: sent from the position the file has when first used."""
    file = path.open("rb")
    file.read(1000)
    payload = get_payload(file)
    sink = MemorySink()

    assert payload.size == len(BODY) - 1000
    await payload.write(sink)
    assert sink.data == BODY[1000:]
    await closed(payload, file)


async def test_position_counts_when_first_used_not_when_made(path: Path) -> None:
    """S-281: seeking after the payload was made is respected."""
    with path.open("rb") as file:
        payload = get_payload(file)
        file.seek(len(BODY) - 3)

        assert await payload.as_bytes() == BODY[-3:]


async def test_second_write_starts_at_the_remembered_position(path: Path) -> None:
    """S-284: also when the first was broken off in the middle."""
    with path.open("rb") as file:
        file.seek(10)
        payload = get_payload(file)
        with pytest.raises(ConnectionResetError):
            await payload.write(MemorySink(fail_after=1_300_000))
        sink = MemorySink()

        await payload.write(sink)

        assert sink.data == BODY[10:]


async def test_pieces_are_64_kib_or_more(path: Path) -> None:
    """S-281: and never the whole file."""
    sink = MemorySink()

    await get_payload(path).write(sink)

    assert all(65_536 <= len(piece) <= 1_048_576 for piece in sink.pieces)
    assert len(sink.pieces) > 1


async def test_a_read_that_was_given_up_does_not_move_the_file(path: Path) -> None:
    """S-284, SEC-6: its thread may still be at it when the body is sent again."""
    is_reading, go_on = threading.Event(), threading.Event()

    class Slow(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            is_reading.set()
            go_on.wait()
            return super().read(-1 if size is None else size)

    with Slow(path) as file:
        payload = IOBasePayload(file)
        first = asyncio.create_task(payload.write(MemorySink()))
        await asyncio.to_thread(is_reading.wait)
        first.cancel()
        second = asyncio.create_task(payload.as_bytes())
        await asyncio.gather(first, return_exceptions=True)
        go_on.set()

        assert await second == BODY


async def test_only_the_last_of_two_writes_goes_on(path: Path) -> None:
    """SEC-6: two at the same time would share out the file between them."""
    with path.open("rb") as file:
        payload = get_payload(file)

        first, second = await asyncio.gather(
            payload.as_bytes(), payload.as_bytes(), return_exceptions=True
        )

    assert isinstance(first, RuntimeError)
    assert second == BODY


async def test_files_are_read_off_the_loop(path: Path) -> None:
    """S-281: reading happens in a thread."""
    threads = []

    class Watched(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            threads.append(threading.get_ident())
            return super().read(-1 if size is None else size)

    with Watched(path) as file:
        await IOBasePayload(file).write(MemorySink())

    assert threads
    assert threading.get_ident() not in threads


async def test_file_that_grows_is_cut_at_the_declared_size(tmp_path: Path) -> None:
    """S-282: the declared length is what is sent."""
    path = tmp_path / "log"
    path.write_bytes(b"12345")
    with path.open("rb") as file:
        payload = get_payload(file)
        assert payload.size == 5
        with path.open("ab") as writer:
            writer.write(b"more")

        assert await payload.as_bytes() == b"12345"


async def test_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    """S-282: fewer bytes than declared are never passed off as a body."""
    path = tmp_path / "log"
    path.write_bytes(b"12345")
    with path.open("rb") as file:
        payload = get_payload(file)
        assert payload.size == 5
        os.truncate(path, 2)

        with pytest.raises(EOFError, match="2 of 5"):
            await payload.write(MemorySink())


async def test_content_of_the_file_is_never_changed(path: Path) -> None:
    """A file opened for reading and writing is only read."""
    with path.open("r+b") as file:
        await get_payload(file).as_bytes()

    assert path.read_bytes() == BODY  # noqa: ASYNC240 - a test may block


def test_file_name_gives_type_and_disposition(path: Path) -> None:
    """S-281: from the base name of `.name`."""
    with path.open("rb") as file:
        payload = BufferedReaderPayload(file)

    assert payload.filename == "data.txt"
    assert payload.content_type == "text/plain"
    assert payload.headers["Content-Disposition"] == 'attachment; filename="data.txt"'


def test_disposition_can_be_left_out(path: Path) -> None:
    """S-391: a file as the whole body brings no Content-Disposition."""
    assert "Content-Disposition" not in get_payload(path, disposition=None).headers


def test_disposition_among_given_headers_stays(path: Path) -> None:
    """S-281: the default is a default."""
    payload = get_payload(path, headers={"Content-Disposition": "inline"})

    assert payload.headers.getall("content-disposition") == ["inline"]


def test_given_file_name_wins() -> None:
    """S-274: and is guessed from."""
    payload = get_payload(io.BytesIO(), filename="a.json")

    assert payload.filename == "a.json"
    assert payload.content_type == "application/json"


async def test_pipe_has_no_size_and_is_sent_once() -> None:
    """S-281, S-284: what cannot seek becomes consumed."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"abc")
    os.close(write_end)
    with os.fdopen(read_end, "rb") as file:
        payload = get_payload(file)
        assert payload.size is None
        assert payload.replayable is False
        before = payload.consumed

        assert await payload.as_bytes() == b"abc"

        assert (before, payload.consumed) == (False, True)
        with pytest.raises(RuntimeError, match="cannot seek"):
            await payload.write(MemorySink())


def test_position_behind_the_end_is_an_empty_body(path: Path) -> None:
    """S-281: never a negative size."""
    with path.open("rb") as file:
        file.seek(len(BODY) + 10)

        assert get_payload(file).size == 0


async def test_close_closes_the_callers_file(path: Path) -> None:
    """S-285: an uploaded file object is closed."""
    file = path.open("rb")
    payload = get_payload(file)
    assert payload.autoclose is False

    await closed(payload, file)

    assert payload.consumed is True
    assert payload.replayable is False
    with pytest.raises(RuntimeError, match="closed"):
        await payload.write(MemorySink())


async def test_close_waits_for_a_read_that_was_cancelled(path: Path) -> None:
    """A descriptor is not closed while a thread reads from it."""
    started, go_on = threading.Event(), threading.Event()
    order = []

    class Slow(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            started.set()
            go_on.wait()
            order.append("read")
            return b""

        def close(self) -> None:
            if not self.closed:
                order.append("close")
            super().close()

    file = Slow(path)
    payload = IOBasePayload(file)
    task = asyncio.create_task(payload.write(MemorySink()))
    await asyncio.to_thread(started.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await payload.close()
    go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()

    assert order == ["read", "close"]


async def test_failure_to_close_reaches_the_exception_handler(path: Path) -> None:
    """Nobody waits for it, but it is not lost."""

    class Unclosable(io.FileIO):
        def close(self) -> None:
            super().close()
            raise OSError("disk is gone")

    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    contexts: list[dict[str, Any]] = []

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        contexts.append(context)
        seen.set()

    loop.set_exception_handler(note)

    await IOBasePayload(Unclosable(path)).close()
    await seen.wait()

    assert "disk is gone" in str(contexts[0]["exception"])


async def test_pipe_is_sent_as_it_arrives() -> None:
    """What is in the pipe is not held back until the other side closes it."""
    read_end, write_end = os.pipe()
    sink = MemorySink()

    class Waiting(MemorySink):
        async def write(self, data: bytes | bytearray | memoryview, /) -> None:
            await sink.write(data)
            if len(sink.pieces) == 1:
                os.write(write_end, b"second")
                os.close(write_end)

    os.write(write_end, b"first")
    with os.fdopen(read_end, "rb") as file:
        await asyncio.wait_for(get_payload(file).write(Waiting()), 10)

    assert sink.pieces == [b"first", b"second"]


async def test_bytes_io_stays_open() -> None:
    """S-283."""
    file = io.BytesIO(b"abcdef")
    file.read(2)
    payload = get_payload(file)

    assert payload.in_memory == b"cdef"
    assert payload.autoclose is True
    await payload.close()
    assert not file.closed


def test_measuring_a_bytes_io_copies_nothing() -> None:
    """A BytesIO shares the bytes it was made of until somebody asks for its buffer."""
    content = bytes(1_000_000)
    file = io.BytesIO(content)

    assert get_payload(file).size == 1_000_000
    assert get_payload(file).in_memory is None
    assert file.getvalue() is content


def test_bytes_at_hand_leave_the_position_alone() -> None:
    """S-283: looking at a small body does not read it."""
    file = io.BytesIO(b"abcdef")
    file.seek(2)
    payload = get_payload(file)
    assert payload.size == 4
    file.seek(5)

    assert payload.in_memory == b"cdef"
    assert file.tell() == 5


async def test_bytes_io_that_shrinks_or_is_closed_is_an_error() -> None:
    """S-282: as for files on disk."""
    file = io.BytesIO(b"abcdef")
    payload = get_payload(file)
    assert payload.size == 6
    file.truncate(2)
    with pytest.raises(EOFError, match="2 of 6"):
        await payload.write(MemorySink())

    file.close()

    assert payload.in_memory is None
    with pytest.raises(RuntimeError, match="closed"):
        await payload.write(MemorySink())


async def test_large_bytes_io_lets_other_tasks_run() -> None:
    """S-283: a pause between pieces."""
    payload = get_payload(io.BytesIO(BODY))
    sink = MemorySink()
    pieces_seen = []

    async def watch() -> None:
        while len(sink.pieces) < 3:
            pieces_seen.append(len(sink.pieces))
            await asyncio.sleep(0)

    await asyncio.gather(payload.write(sink), watch())

    assert payload.in_memory is None
    assert {1, 2} <= set(pieces_seen)


def test_binary_file_is_decoded_in_its_charset(path: Path) -> None:
    """S-275: and only what lies behind the position."""
    with path.open("rb") as file:
        file.seek(65)

        assert get_payload(file, encoding="latin-1").decode()[:3] == "ABC"


class Odd(io.RawIOBase):
    """A file whose read() returns what it was told to."""

    def __init__(self, *results: object) -> None:
        self.results = list(results)

    def read(self, size: int = -1, /) -> Any:
        return self.results.pop(0) if self.results else b""


async def test_read_may_return_any_bytes_like() -> None:
    """Files of other libraries return what they like."""
    payload = IOBasePayload(Odd(bytearray(b"a"), memoryview(b"b"), b"c"))

    assert await payload.as_bytes() == b"abc"


@pytest.mark.parametrize(("result", "error"), [("text", TypeError), (None, BlockingIOError)])
async def test_read_must_return_bytes(result: object, error: type[Exception]) -> None:
    """A file in non-blocking mode is no end of file."""
    with pytest.raises(error):
        await IOBasePayload(Odd(result)).as_bytes()


@given(data=st.binary(max_size=200), position=st.integers(0, 250), length=st.integers(0, 250))
async def test_any_position_and_length(data: bytes, position: int, length: int) -> None:
    """S-281, S-275: `write_with_length` from any position is a slice."""
    file = io.BytesIO(data)
    file.seek(position)
    sink = MemorySink()

    await get_payload(file).write_with_length(sink, length)

    assert sink.data == data[position:][:length]


async def test_write_with_length_stops_reading_early(path: Path) -> None:
    """Surplus of a file is not read only to be dropped."""
    with path.open("rb") as file:
        sink = MemorySink()
        await get_payload(file).write_with_length(sink, 10)

        assert sink.data == BODY[:10]
        assert file.tell() == 10
