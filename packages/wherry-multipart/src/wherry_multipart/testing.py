"""For tests: a `ByteSource` in memory, a response around one, and a check of any source.

Ships with the package so that authors of streams test against the same contract as its readers.
"""

from collections.abc import Callable, Mapping

from wherry_payload import SendablePayload

from ._writer import MultipartWriter
from .protocols import ByteSource, MultipartResponse


class MemorySource:
    """A `ByteSource` over `data` that gives at most `piece` bytes at a time."""

    def __init__(self, data: bytes, piece: int = 65536) -> None:
        self._data = data
        self._piece = piece
        self._position = 0

    async def read(self, n: int, /) -> bytes:
        """The next bytes, `b""` at the end."""
        start = self._position
        piece = self._data[start : start + min(n, self._piece)]
        self._position += len(piece)
        return piece


class MemoryResponse:
    """A response in memory. `released` counts the calls of `release()`."""

    def __init__(self, headers: Mapping[str, str], body: bytes) -> None:
        self.headers = headers
        self.content: MemorySource = MemorySource(body)
        self.released: int = 0

    def release(self) -> None:
        """Note the call."""
        self.released += 1


async def check_byte_source(factory: Callable[[], ByteSource], expected: bytes) -> None:
    """Put sources made by `factory`, which hold `expected`, through the contract of `ByteSource`.

    Raises `AssertionError` with the clause that was broken.
    """
    for size in (1, 7, 65536):
        source = factory()
        received = bytearray()
        while piece := await source.read(size):
            if len(piece) > size:
                raise AssertionError(f"read({size}) returned {len(piece)} bytes")
            received += piece
        if received != expected:
            raise AssertionError(f"with read({size}) other bytes came than were expected")
        if await source.read(size):
            raise AssertionError("bytes came after the end")


_source: ByteSource = MemorySource(b"")
_response: MultipartResponse = MemoryResponse({}, b"")
_payload: SendablePayload = MultipartWriter()
