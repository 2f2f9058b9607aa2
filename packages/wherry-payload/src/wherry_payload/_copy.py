"""Copy a file to a sink: read in threads, and exactly the length that was declared.

Decides how much is read at a time and what is read ahead. Knows neither payloads nor files, only a
function that reads.
"""

import asyncio
from collections.abc import Callable

from ._base import LimitedSink
from .protocols import ByteSink

PIECE = 1024 * 1024
"""Bytes read at a time. A hop to a thread and back costs as much as sending 200 to 400 KiB, so that
pieces of 64 KiB would take five times as long as these; larger ones gain nothing."""


async def copy(
    read: Callable[[int], bytes], writer: ByteSink, length: int | None, name: str | None
) -> None:
    """Write what `read` returns: `length` bytes of it exactly, or all if that is None.

    `read` is called in threads, one call at a time. While a piece is written the next one is read,
    if there is a length: what has none, such as a pipe, could keep a thread waiting for ever.

    Raises `EOFError` if there is less than `length`; `name` is for its text.
    """
    loop = asyncio.get_running_loop()
    received = 0
    reading: asyncio.Future[bytes] | None = None
    try:
        while length is None or received < length:
            wanted = PIECE if length is None else min(PIECE, length - received)
            piece = await (reading or loop.run_in_executor(None, read, wanted))
            reading = None
            if not piece:
                break
            received += len(piece)
            if length is not None and received < length:
                reading = loop.run_in_executor(None, read, min(PIECE, length - received))
            await writer.write(piece)
    finally:
        if reading is not None:
            _forget(reading)
    if length is not None and received < length:
        raise cut_short(name, length, received)


def _forget(reading: "asyncio.Future[bytes]") -> None:
    """Give up a piece that was read ahead; how reading it ended is of no interest any more."""
    if not reading.cancel() and not reading.cancelled():
        reading.exception()


def as_bytes(piece: object) -> bytes:
    """What `read` of a binary file returned, as `bytes`.

    Raises `BlockingIOError` for None, which a file in non-blocking mode returns, and `TypeError`
    for anything else that is not bytes-like.
    """
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, (bytearray, memoryview)):
        return bytes(piece)
    if piece is None:
        raise BlockingIOError("the file is in non-blocking mode and has no data at the moment")
    raise TypeError(f"read() of a binary file must return bytes, got {type(piece).__name__}")


def cut_short(name: str | None, length: int, sent: int) -> EOFError:
    """The error for a file that became shorter after its size was declared."""
    return EOFError(
        f"file {name!r} ended after {sent} of {length} bytes: it became shorter while it was sent"
    )


def room(size: int | None, writer: ByteSink) -> int | None:
    """How many bytes to read: the declared size, and no more than the writer lets pass."""
    if not isinstance(writer, LimitedSink):
        return size
    return writer.room if size is None else min(size, writer.room)


def report_failure(closed: "asyncio.Future[None]") -> None:
    """Nobody waits for a file to close; an error goes where errors of callbacks go."""
    if not closed.cancelled() and (error := closed.exception()) is not None:
        closed.get_loop().call_exception_handler(
            {"message": "closing the file of a request body failed", "exception": error}
        )
