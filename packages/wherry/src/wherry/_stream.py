"""The body of a response, to be read in pieces: `ClientResponse.content`.

Pulls: bytes wait undecoded in the connection's buffer until somebody reads, so memory stays
bounded by that buffer and one decoding step, whatever the peer sends (S-078, SEC-18).
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

from wherry_codec import ContentEncodingError, LineTooLong
from wherry_errors import ClientConnectionError, ClientPayloadError
from wherry_pool import IncomingBody

from ._chunk_ends import ChunkEnds
from ._decoding import undecodable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._decoding import BodyDecoder

    ReadHook = Callable[[bytes], Awaitable[None]]

logger = logging.getLogger("wherry.internal")

DECODE_STEP = 256 * 1024
"""Decoded bytes one step may produce, unless the buffer or the size asked for is larger."""

READS_AT_EOF_BEFORE_WARNING = 5

T = TypeVar("T")


class AsyncStreamIterator(Generic[T]):
    """Calls `read` until it returns something false-like."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read

    def __aiter__(self) -> AsyncStreamIterator[T]:
        return self

    async def __anext__(self) -> T:
        """The next piece."""
        piece = await self._read()
        if not piece or piece == (b"", False):
            raise StopAsyncIteration
        return piece


class StreamReader:
    """Reads a body as it arrives. One task at a time may wait on it.

    `limit` is the buffer size in bytes: reading from the peer pauses above twice of it. A failure
    is raised after everything that arrived before it was handed out.
    """

    def __init__(
        self,
        source: IncomingBody,
        decoder: BodyDecoder | None = None,
        *,
        limit: int = 65536,
        max_size: int | None = None,
        on_read: ReadHook | None = None,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        self._source = source
        self._decoder = decoder
        self._limit = limit
        self._max_size = max_size
        self._on_read = on_read
        self._on_failure = on_failure
        self._piece = b""
        self._at = 0
        self._decoded = 0
        self._taken = 0
        self._raw_taken = 0
        on_wire = source.chunk_ends
        self._ends = None if on_wire is None else ChunkEnds(on_wire)
        self._failure: BaseException | None = None
        self._is_closed = False
        self._is_finished = False
        self._is_waited_on = False
        self._reads_at_eof = 0

    def __repr__(self) -> str:
        state = "eof" if self.is_eof() else "open"
        return f"<StreamReader {state} {self._source.size + self._buffered} bytes buffered>"

    # --- state ---------------------------------------------------------------------------------

    @property
    def total_bytes(self) -> int:
        """Decoded bytes so far."""
        return self._decoded

    @property
    def total_raw_bytes(self) -> int:
        """Bytes that have arrived, before decoding."""
        return self._source.received

    @property
    def total_compressed_bytes(self) -> int | None:
        """The same for a body that is decoded; None for one that is not."""
        return None if self._decoder is None else self._source.received

    @property
    def _buffered(self) -> int:
        return len(self._piece) - self._at

    def get_read_buffer_limits(self) -> tuple[int, int]:
        """Unread bytes below which reading goes on, and above which it pauses."""
        return self._limit, 2 * self._limit

    def set_read_chunk_size(self, n: int) -> None:
        """Raise the buffer limits to at least `(n, 2 * n)`."""
        if n > self._limit:
            self._limit = n
            self._source.set_high_water(2 * n)

    def exception(self) -> BaseException | None:
        """The failure that ended the stream, or None."""
        return self._failure or self._source.failure

    def is_eof(self) -> bool:
        """Whether the end has arrived, even if data is still to be read."""
        return self._source.is_complete

    def at_eof(self) -> bool:
        """Whether the end has arrived and everything was read."""
        return self._source.is_complete and not self._source.size and not self._has_decoded()

    def _has_decoded(self) -> bool:
        return self._buffered > 0 or (self._decoder is not None and self._decoder.has_pending)

    async def wait_eof(self) -> None:
        """Wait until the end has arrived."""
        await self._source.wait_end()

    def on_eof(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the end has arrived; what it raises is logged."""

        def guarded() -> None:
            try:
                callback()
            except Exception:
                logger.exception("an end-of-stream callback failed")

        self._source.call_at_end(guarded)

    def close(self) -> None:
        """Refuse further reads: the response was released or closed."""
        self._is_closed = True
        self._piece, self._at = b"", 0

    # --- reading -------------------------------------------------------------------------------

    async def read(self, n: int | None = -1) -> bytes:
        """At most `n` bytes, at least one unless the end is there; -1 reads everything."""
        if n is None or n < 0:
            return await self._told(await self._read_all())
        if n == 0:
            return b""
        self.set_read_chunk_size(n)
        if not self._buffered:
            await self._more(n)
        return await self._told(self._take(n))

    async def readany(self) -> bytes:
        """Whatever has arrived, at least one byte unless the end is there (S-083)."""
        if not self._buffered:
            await self._more()
        pieces = [self._take()]
        room = max(DECODE_STEP, 2 * self._limit) - len(pieces[0])
        for _ in range(self._source.piece_count):
            if room <= 0 or not self._try_pull():
                break
            pieces.append(self._take())
            room -= len(pieces[-1])
        return await self._told(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    async def readexactly(self, n: int) -> bytes:
        """Exactly `n` bytes, or `asyncio.IncompleteReadError` with what there was."""
        if n < 0:
            raise ValueError(f"readexactly size can not be less than zero, got {n}")
        parts: list[bytes] = []
        missing = n
        try:
            while missing > 0 and (self._buffered or await self._more(missing)):
                parts.append(self._take(missing))
                missing -= len(parts[-1])
        except BaseException:
            self._untake(b"".join(parts))
            raise
        data = await self._told(b"".join(parts))
        if missing:
            raise asyncio.IncompleteReadError(data, n)
        return data

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        r"""A line with its `\n`; the rest at the end; b"" after it."""
        return await self.readuntil(b"\n", max_size=max_line_length)

    async def readuntil(self, separator: bytes = b"\n", *, max_size: int | None = None) -> bytes:
        """Up to and including `separator`, wherever reads split it; the rest at the end.

        More than `max_size` bytes (default: twice the buffer size) raise `LineTooLong`, which is a
        `ValueError` too.
        """
        if not separator:
            raise ValueError("the separator must have at least one byte")
        limit = 2 * self._limit if max_size is None else max_size
        line = bytearray()
        while self._buffered or await self._more_after(line):
            searched = max(0, len(line) - len(separator) + 1)
            line += self._take()
            found = line.find(separator, searched)
            end = found + len(separator) if found >= 0 else len(line)
            if end > limit:
                raise LineTooLong(f"a line ending in {separator!r}", limit, end)
            if found >= 0:
                self._untake(bytes(line[end:]))
                del line[end:]
                break
        return await self._told(bytes(line))

    async def _more_after(self, line: bytearray) -> bool:
        """`_more()` for a caller who holds a part of a line: it must not be lost.

        At a failure False, so that the rest is handed out before the failure (DECISIONS C-11);
        after a cancellation the part is back in the buffer.
        """
        try:
            return await self._more()
        except BaseException as error:
            if line and isinstance(error, Exception) and self.exception() is not None:
                return False
            self._untake(bytes(line))
            raise

    async def readchunk(self) -> tuple[bytes, bool]:
        """Data, and whether it ends where a chunk of the wire ends; `(b"", False)` at the end."""
        ends = self._ends
        if ends is None:
            is_there = self._buffered or await self._more()
            return (await self._told(self._take()), False) if is_there else (b"", False)
        while True:
            if ends.drop_passed(self._taken):
                logger.warning("other reads went past chunk ends that readchunk() cannot tell now")
            if ends.pop_at(self._taken):
                return b"", True
            if self._buffered:
                data = await self._told(self._take(ends.left(self._taken)))
                return data, ends.pop_at(self._taken)
            if not await self._more() and not ends:
                return b"", False

    def read_nowait(self, n: int | None = -1) -> bytes:
        """What has arrived, at most `n` bytes; b"" if nothing. `RuntimeError` if a task waits.

        Without `n` a compressed body gives what one buffer holds, however much is still in it.
        """
        self._check_free()
        parts: list[bytes] = []
        left = max(DECODE_STEP, 2 * self._limit) if n is None or n < 0 else n
        while left > 0 and (self._buffered or self._pull_after(parts)):
            parts.append(self._take(left))
            left -= len(parts[-1])
        return b"".join(parts)

    def unread_data(self, data: bytes) -> None:
        """Put `data` back in front of what is to be read next (deprecated)."""
        warnings.warn(
            "unread_data() is deprecated; keep the data and read on",
            DeprecationWarning,
            stacklevel=2,
        )
        self._untake(data)

    # --- iterating -----------------------------------------------------------------------------

    def __aiter__(self) -> AsyncStreamIterator[bytes]:
        return AsyncStreamIterator(self.readline)

    def iter_chunked(self, n: int) -> AsyncStreamIterator[bytes]:
        """Pieces of at most `n` bytes as they come."""
        return AsyncStreamIterator(lambda: self.read(n))

    def iter_any(self) -> AsyncStreamIterator[bytes]:
        """Whatever has arrived, piece after piece."""
        return AsyncStreamIterator(self.readany)

    def iter_chunks(self) -> AsyncStreamIterator[tuple[bytes, bool]]:
        """The tuples of `readchunk`."""
        return AsyncStreamIterator(self.readchunk)

    # --- inside --------------------------------------------------------------------------------

    async def _read_all(self) -> bytes:
        if self._decoder is None and self._max_size is None and not self._source.chunk_ends:
            self._check_usable()
            rest = self._take()
            self._check_free()
            self._is_waited_on = True
            try:
                data = await self._source.collect()
            except BaseException:
                self._untake(rest)
                raise
            finally:
                self._is_waited_on = False
            self._decoded += len(data)
            self._taken += len(data)
            self._raw_taken += len(data)
            self._is_finished = True
            return rest + data if rest else data
        parts: list[bytes] = []
        try:
            while self._buffered or await self._more():
                parts.append(self._take())
        except BaseException:
            self._untake(b"".join(parts))
            raise
        return b"".join(parts)

    async def _more(self, wanted: int = 0) -> bool:
        """Wait until there is something to take; False at the end."""
        step = max(DECODE_STEP, self._limit, wanted)
        while not self._pull(step):
            if self._source.is_complete and not self._source.size:
                self._finish()
                return False
            self._is_waited_on = True
            try:
                await self._source.wait()
            except ClientPayloadError as error:
                self._fail(error)
            finally:
                self._is_waited_on = False
        return True

    def _pull(self, step: int) -> bool:
        """Decode the next piece that has arrived into the empty buffer; False if there is none."""
        self._check_usable()
        self._check_free()
        self._note_end()  # the end of a chunk may arrive later than its data
        decoder = self._decoder
        if decoder is None:
            piece = self._next_raw()
        else:
            try:
                piece = decoder.decode(b"", step) if decoder.has_pending else b""
                while not piece and self._source.size:
                    piece = decoder.decode(self._next_raw(), step)
            except ContentEncodingError as error:
                self._fail(undecodable(error))
        if not piece:
            return False
        self._piece, self._at = piece, 0
        self._decoded += len(piece)
        if self._max_size is not None and self._decoded > self._max_size:
            self._piece = b""
            self._fail(
                ClientPayloadError(
                    f"response body is larger than max_body_size: limit {self._max_size} bytes, "
                    f"got at least {self._decoded} after decoding"
                )
            )
        self._note_end()
        return True

    def _try_pull(self) -> bool:
        """`_pull()` for a caller who has something to return: a failure waits for the next read."""
        try:
            return self._pull(DECODE_STEP)
        except ClientPayloadError:
            return False

    def _pull_after(self, parts: list[bytes]) -> bool:
        return self._try_pull() if parts else self._pull(DECODE_STEP)

    def _next_raw(self) -> bytes:
        """The next bytes as they arrived, never across the end of a chunk."""
        ends = self._ends
        raw = self._source.take(-1 if ends is None else ends.raw_left(self._raw_taken))
        self._raw_taken += len(raw)
        return raw

    def _note_end(self) -> None:
        """Remember the end of a chunk if all up to it is decoded, and nothing more."""
        ends = self._ends
        if ends is not None and not (self._decoder is not None and self._decoder.has_pending):
            ends.note(self._raw_taken, self._decoded, self._taken)

    def _take(self, n: int = -1) -> bytes:
        piece, at = self._piece, self._at
        if n < 0 or n >= len(piece) - at:
            self._piece, self._at = b"", 0
            data = piece[at:] if at else piece
        else:
            self._at = at + n
            data = piece[at : at + n]
        self._taken += len(data)
        return data

    def _untake(self, data: bytes) -> None:
        if data:
            self._piece = data + self._piece[self._at :]
            self._at = 0
            self._taken -= len(data)

    async def _told(self, data: bytes) -> bytes:
        if data:
            if self._on_read is not None:
                await self._on_read(data)
            self._reads_at_eof = 0
        elif self._is_finished:
            self._reads_at_eof += 1
            if self._reads_at_eof == READS_AT_EOF_BEFORE_WARNING + 1:
                logger.warning(
                    "a response body was read %d times after its end; is this an endless loop?",
                    self._reads_at_eof,
                    stack_info=True,
                )
        return data

    def _finish(self) -> None:
        self._is_finished = True
        if self._decoder is not None:
            try:
                self._decoder.finish()
            except ContentEncodingError as error:
                self._fail(undecodable(error))

    def _check_usable(self) -> None:
        if self._is_closed:
            raise ClientConnectionError("the response was released; its body cannot be read")
        if self._failure is not None:
            raise ClientPayloadError(*self._failure.args) from self._failure.__cause__

    def _check_free(self) -> None:
        if self._is_waited_on:
            raise RuntimeError("another task is waiting for this stream")

    def _fail(self, error: ClientPayloadError) -> NoReturn:
        self._failure = error
        if self._on_failure is not None:
            self._on_failure()
        raise error


EMPTY_PAYLOAD = StreamReader(IncomingBody.whole(b""))
"""The content of responses without a body."""
