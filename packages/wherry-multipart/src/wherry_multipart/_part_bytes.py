"""The bytes of one part as they were sent: taken in pieces, lines or base64 groups, once.

Decides how many there may be, and checks them against their declared length. Codings are not known
here; where the part ends is decided by the parser.
"""

from ._parser import Event, MultipartParser, PartData, PartEnd
from ._transfer import base64_groups_end, only_base64
from .protocols import ByteSource

READ_SIZE = 262_144
"""Bytes asked from the source at a time; a connection rarely has more at hand."""


class EventSource:
    """The events of a parser, fed from a stream."""

    def __init__(self, source: ByteSource, parser: MultipartParser) -> None:
        self._source = source
        self._parser = parser

    async def next_event(self) -> Event:
        """The next event, reading as much as it takes. Raises what the parser raises."""
        while (event := self._parser.next_event()) is None:
            data = await self._source.read(READ_SIZE)
            if data:
                self._parser.feed(data)
            else:
                self._parser.feed_eof()
        return event


class PartBytes:
    """The bytes of the part whose data comes next from `events`.

    `length` is how many it must have, None if nobody said. Taking more than `max_size` of them
    raises `max_size_error_cls(max_size)`; skipping them does not. Every method that waits raises
    `ValueError` if the body is malformed or the length is wrong.
    """

    def __init__(
        self,
        events: EventSource,
        length: int | None,
        max_size: int,
        max_size_error_cls: type[Exception],
    ) -> None:
        self.length = length
        self._events = events
        self._max_size = max_size
        self._max_size_error_cls = max_size_error_cls
        self._piece = b""  # what was received last, empty when all of it was taken
        self._position = 0  # and how much of it was taken
        self._received = 0
        self._has_ended = False

    @property
    def is_at_end(self) -> bool:
        """Whether all bytes were taken and the end was seen."""
        return self._has_ended and not self._piece

    async def take(self) -> bytes:
        """What is at hand, or else comes next; `b""` at the end."""
        if not self._piece:
            return await self._receive()
        rest = self._rest()
        self._pass(len(self._piece))
        return rest

    async def take_some(self, size: int) -> bytes:
        """At most `size` bytes; `b""` at the end."""
        piece = self._piece or await self._waiting()
        start = self._position
        self._pass(start + size)
        return piece[start : start + size]

    async def take_line(self) -> bytes:
        """The next line with its line end, which the last may lack; `b""` at the end."""
        pieces = []
        while piece := await self._waiting():
            start = self._position
            newline = piece.find(b"\n", start)
            self._pass(newline + 1 or len(piece))
            pieces.append(piece[start : newline + 1] if newline >= 0 else piece[start:])
            if newline >= 0:
                break
        return b"".join(pieces)

    async def take_base64(self, size: int) -> bytes:
        """At most `size` bytes, or four, that are whole groups of base64 characters.

        Where a group is not whole within them, the foreign bytes in it are left out. At the end
        the rest, whole or not, then `b""`.
        """
        size = max(4, size)
        while piece := await self._waiting():
            end = base64_groups_end(piece[self._position : self._position + size])
            if end:
                return await self.take_some(end)
            rest = self._rest()
            if len(rest) > size:
                rest = only_base64(rest)
            elif more := await self._receive():
                rest += more
            else:
                return await self.take()
            self._piece, self._position = rest, 0
        return b""

    async def skip(self) -> None:
        """Skip the rest, whatever its size."""
        self._piece = b""
        while await self._receive_any():
            pass

    def _rest(self) -> bytes:
        return self._piece[self._position :]

    async def _waiting(self) -> bytes:
        """The piece that is being taken, from the position on; `b""` at the end."""
        if not self._piece:
            self._piece, self._position = await self._receive(), 0
        return self._piece

    def _pass(self, position: int) -> None:
        if position < len(self._piece):
            self._position = position
        else:
            self._piece, self._position = b"", 0

    async def _receive(self) -> bytes:
        """The next bytes of the part from the stream, `b""` at its end; within the limit."""
        data = await self._receive_any()
        if self._received > self._max_size:
            raise self._max_size_error_cls(self._max_size)
        return data

    async def _receive_any(self) -> bytes:
        if self._has_ended:
            return b""
        match await self._events.next_event():
            case PartData(data):
                self._received += len(data)
                if self.length is not None and self._received > self.length:
                    raise self._wrong_length()
                return data
            case PartEnd():
                self._has_ended = True
                if self.length not in (None, self._received):
                    raise self._wrong_length()
                return b""
            case other:
                raise RuntimeError(f"the part is over, the reader has moved on: {other}")

    def _wrong_length(self) -> ValueError:
        return ValueError(
            f"part has other than the {self.length} bytes of its Content-Length: "
            f"{self._received} received"
        )
