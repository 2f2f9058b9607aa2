"""A response body on its way in: what has arrived, who waits for more, when to stop reading.

Knows framing, not content codings: bytes come out as they were sent. `IncomingBody.feed` decides
in the read callback; the two coroutines only wait.
"""

from __future__ import annotations

import asyncio
import copy
import io
from collections import deque
from typing import TYPE_CHECKING, Protocol

from wherry_codec import CHUNKED, UNTIL_CLOSE, ChunkDecoder, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from multidict import CIMultiDictProxy

    from wherry_codec import Limits

    from ._progress import Progress

DIRECT_FROM = 32 * 1024
"""A rest of known length above this is received straight into its final buffer."""

FIRST_ALLOCATION = 1024 * 1024
"""What is allocated on the mere word of the peer; doubled as it fills (SEC-15)."""

MAX_PIECES = 4096
"""Unread pieces at which reading pauses: tiny chunks cost more memory than their bytes (S-098)."""


class Carrier(Protocol):
    """The connection, as far as a body needs it."""

    def pause_reading(self) -> None:
        """Let the peer wait."""
        ...

    def resume_reading(self) -> None:
        """Go on reading."""
        ...


def renewed(error: BaseException) -> BaseException:
    """The same error as a new object, so that no instance is raised in two tasks (S-506)."""
    try:
        twin = copy.copy(error)
    except Exception:
        # A class of somebody else whose constructor takes other arguments than its `args`.
        return error
    twin.__traceback__ = None
    twin.__cause__ = error.__cause__
    return twin


def whole_chunked(data: bytes, start: int, limits: Limits) -> tuple[bytes, ChunkDecoder] | None:
    """The chunked body in `data[start:]` and what decoded it; None unless it is all there is."""
    if not data.endswith(b"0\r\n\r\n"):
        return None
    decoder = ChunkDecoder(limits)
    pieces: list[bytes] = []
    try:
        stopped = decoder.feed(data, start, pieces)
    except RemoteProtocolError:
        return None  # found again, and reported, by the piecewise way
    if not decoder.is_done or stopped != len(data):
        return None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), decoder


class _DirectBuffer:
    """The final resting place of a long body; the socket writes into it."""

    def __init__(self, start: bytes, length: int) -> None:
        self._file = io.BytesIO()
        self._file.write(start)
        self._filled = self._file.tell()
        self._length = length
        self._capacity = 0
        self._view: memoryview | None = None

    def view(self) -> memoryview:
        """Room for more. Call it outside of the read callback only: it may have to reallocate."""
        if self._view is None or self._filled == self._capacity:
            self._grow()
        if self._view is None:  # pragma: no cover - _grow sets it
            raise RuntimeError("no room was allocated for the body")
        return self._view[self._filled :]

    def _grow(self) -> None:
        # The last stretch has room for one byte too many, so that surplus bytes are noticed.
        wanted = max(FIRST_ALLOCATION, 2 * self._filled)
        is_first = self._capacity == 0
        self._capacity = self._length + 1 if self._length <= wanted else wanted
        self._view = None
        if is_first:
            # bytes(n) is zeroed by the kernel, page by page as the socket fills it; extending a
            # file writes the zeros at once, which for a megabyte takes as long as receiving it.
            start = self._file.getvalue()
            self._file = io.BytesIO(bytes(self._capacity))
            self._file.write(start)
        else:
            self._file.seek(self._capacity - 1)
            self._file.write(b"\0")
        self._view = self._file.getbuffer()

    def advance(self, size: int) -> int:
        """Record `size` received bytes; returns how many of them are surplus."""
        self._filled += size
        surplus = self._filled - self._length
        if surplus > 0:
            self._filled = self._length
            return surplus
        return 0

    @property
    def missing(self) -> int:
        """Bytes that have not arrived."""
        return self._length - self._filled

    def getvalue(self) -> bytes:
        """The body. Outside of the read callback there is no export left, and nothing is copied."""
        self._view = None
        self._file.truncate(self._filled)
        return self._file.getvalue()


class IncomingBody:
    """The body of one response.

    `length` is a count of bytes, `CHUNKED` or `UNTIL_CLOSE`. Above `high_water` unread bytes the
    carrier is paused, below half of that it goes on.
    """

    progress: Progress | None = None
    """Is told of all bytes that arrive from now on."""

    def __init__(
        self, carrier: Carrier | None, length: int, high_water: int, limits: Limits | None = None
    ) -> None:
        self.length = length
        self.is_complete: bool = False
        self.failure: BaseException | None = None
        self.size: int = 0
        """Bytes that arrived and were not taken."""
        self.received: int = 0
        """Body bytes that arrived, after removal of the chunked coding."""
        self._carrier = carrier
        self._high_water = high_water
        self._pieces: deque[bytes] = deque()
        self._taken = 0  # of the first piece
        self._decoder: ChunkDecoder | None = None
        if length == CHUNKED:
            self._decoder = ChunkDecoder(limits) if limits is not None else ChunkDecoder()
        self._waiter: asyncio.Future[None] | None = None
        self._end_callbacks: list[Callable[[], None]] = []
        self._is_paused = False
        self._is_collecting = False
        self._is_discarding = False
        self._direct: _DirectBuffer | None = None

    @classmethod
    def whole(cls, body: bytes, chunk_ends: list[int] | None = None) -> IncomingBody:
        """A body that has arrived already."""
        incoming = cls(None, len(body), 0)
        incoming._add(body)
        incoming.received = len(body)
        incoming.is_complete = True
        incoming._whole_chunk_ends = chunk_ends
        return incoming

    _whole_chunk_ends: list[int] | None = None

    @property
    def chunk_ends(self) -> list[int] | None:
        """Offsets in the body at which a chunk of the wire ended; None if it is not chunked."""
        return self._decoder.chunk_ends if self._decoder is not None else self._whole_chunk_ends

    @property
    def trailers(self) -> CIMultiDictProxy[str] | None:
        """The trailer fields, once the body is complete; None if it is not chunked."""
        return self._decoder.trailers if self._decoder is not None else None

    # --- called by the connection, from its read callback --------------------------------------

    def feed(self, data: bytes, start: int) -> int:
        """Take the body's bytes from `data[start:]`; returns the offset of the first byte left.

        Raises a `RemoteProtocolError` if the chunked coding is broken.
        """
        if self._decoder is not None:
            end = self._feed_chunks(self._decoder, data, start)
        else:
            end = len(data)
            if self.length != UNTIL_CLOSE:
                end = min(end, start + self.length - self.received)
            self._add(data[start:end] if start or end < len(data) else data)
            self.received += end - start
            self.is_complete = self.received == self.length
        self._after_arrival()
        return end

    def _feed_chunks(self, decoder: ChunkDecoder, data: bytes, start: int) -> int:
        pieces: list[bytes] = []
        try:
            end = decoder.feed(data, start, pieces)
        finally:
            if self._is_collecting and len(pieces) > 1:
                pieces = [b"".join(pieces)]  # tiny ones would cost much more than their bytes
            for piece in pieces:
                self._add(piece)
            self.received = decoder.total
        self.is_complete = decoder.is_done
        if self._is_collecting or self._is_discarding:
            decoder.chunk_ends.clear()  # nobody will ask, and there may be millions
        return end

    def view(self) -> memoryview | None:
        """Where the socket shall write the next bytes, or None for the shared buffer."""
        return self._direct.view() if self._direct is not None else None

    def advance(self, size: int) -> int:
        """Record bytes that were written into `view()`; returns how many are surplus."""
        if self._direct is None:
            raise RuntimeError("advance() without a direct buffer")
        surplus = self._direct.advance(size)
        self.received += size - surplus
        if self.progress is not None:
            self.progress.tell(self.received)
        if not self._direct.missing:
            self.is_complete = True
            self._wake()
        return surplus

    def finish_at_close(self) -> bool:
        """The connection ended: complete if that is how this body ends, else False."""
        if self.length == UNTIL_CLOSE and self.failure is None:
            self.is_complete = True
            self._wake()
        return self.is_complete

    def fail(self, error: BaseException) -> None:
        """No more will come. What has arrived stays readable piece by piece (DECISIONS C-11)."""
        if not self.is_complete and self.failure is None:
            self.failure = error
            self._wake()

    # --- called by the reader -----------------------------------------------------------------

    @property
    def is_paused(self) -> bool:
        """Whether the carrier was told to wait for the reader."""
        return self._is_paused

    @property
    def piece_count(self) -> int:
        """How many `take` calls would empty the buffer."""
        return len(self._pieces)

    def take(self, limit: int = -1) -> bytes:
        """The next bytes that have arrived, at most `limit` of them; b"" if there are none."""
        if not self._pieces or limit == 0:
            return b""
        piece, start = self._pieces[0], self._taken
        if 0 < limit < len(piece) - start:
            self._taken = start + limit
            piece = piece[start : start + limit]
        else:
            self._pieces.popleft()
            self._taken = 0
            piece = piece[start:] if start else piece
        self.size -= len(piece)
        self._maybe_resume()
        return piece

    def take_all(self) -> bytes:
        """All bytes that have arrived."""
        pieces = self._pieces
        if self._taken:
            pieces[0] = pieces[0][self._taken :]
            self._taken = 0
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.size = 0
        self._maybe_resume()
        return data

    def set_high_water(self, size: int) -> None:
        """Allow `size` unread bytes before reading pauses."""
        self._high_water = size
        self._maybe_resume()

    def raise_failure(self) -> None:
        """Raise what went wrong, as a new object each time."""
        if self.failure is not None:
            raise renewed(self.failure) from self.failure.__cause__

    async def wait(self) -> None:
        """Return when there is something to take, or the body is complete; else raise its failure.

        Cancelling leaves the body as it is.
        """
        await self._wait_until(lambda: self.is_complete or self.size > 0)

    async def wait_end(self) -> None:
        """Return when the last byte has arrived, taken or not; else raise the failure."""
        await self._wait_until(lambda: self.is_complete)

    async def collect(self) -> bytes:
        """The whole rest of the body. Raises its failure even if some of it has arrived.

        After a failure or a cancellation what has arrived is there to be taken piece by piece.
        """
        self._check_nobody_waits()
        if self.is_complete:
            return self.take_all()
        self.raise_failure()
        self._is_collecting = True
        missing = self.length - self.received
        if missing > DIRECT_FROM:
            total = self.size + missing
            self._direct = _DirectBuffer(self.take_all(), total)
        self._maybe_resume()
        try:
            await self._wait_until(lambda: self.is_complete)
        finally:
            self._stop_collecting()
        return self.take_all()

    def _stop_collecting(self) -> None:
        self._is_collecting = False
        if self._direct is not None:
            direct, self._direct = self._direct, None
            self._add(direct.getvalue())

    async def _wait_until(self, is_ready: Callable[[], bool]) -> None:
        while not is_ready():
            self._check_nobody_waits()
            self.raise_failure()
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def _check_nobody_waits(self) -> None:
        if self._waiter is not None:
            raise RuntimeError("another task is waiting for this response body")

    def discard(self) -> None:
        """Drop what is here and what may still come."""
        self._is_discarding = True
        self._pieces.clear()
        self._taken = 0
        self.size = 0
        self._maybe_resume()

    # --- between the two ----------------------------------------------------------------------

    def _add(self, piece: bytes) -> None:
        if piece and not self._is_discarding:
            self._pieces.append(piece)
            self.size += len(piece)

    def _after_arrival(self) -> None:
        if self.progress is not None:
            self.progress.tell(self.received)
        if not self._is_collecting or self.is_complete:
            self._wake()
        if self.is_complete:
            # A transport that reads ahead may complete a body that had paused it.
            self._maybe_resume()
            return
        if self._carrier is None or self._is_paused or self._is_collecting:
            return
        if self.size > self._high_water or len(self._pieces) > MAX_PIECES:
            self._is_paused = True
            self._carrier.pause_reading()

    def _maybe_resume(self) -> None:
        if not self._is_paused or self._carrier is None:
            return
        is_low = self.size <= self._high_water // 2 and len(self._pieces) <= MAX_PIECES // 2
        if is_low or self._is_collecting or self._is_discarding or self.is_complete:
            self._is_paused = False
            self._carrier.resume_reading()

    def call_at_end(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the last byte has arrived; at once if it has. It must not raise."""
        if self.is_complete:
            callback()
        else:
            self._end_callbacks.append(callback)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self.is_complete and self._end_callbacks:
            callbacks, self._end_callbacks = self._end_callbacks, []
            for callback in callbacks:
                callback()
