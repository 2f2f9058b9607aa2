"""For tests: a sink that keeps what it gets, and a check that any payload can be put through.

Ships with the package so that authors of payloads and of senders test against the same contract.
"""

from collections.abc import Callable

from ._memory import BytesPayload
from .protocols import ByteSink, ByteSource, SendablePayload


class MemorySink:
    """A `ByteSink` that keeps the pieces it was given, as `bytes`, in `pieces`.

    `fail_after` makes it raise `ConnectionResetError`, as a lost connection would, and not take a
    piece that would go beyond that many bytes.
    """

    def __init__(self, fail_after: int | None = None) -> None:
        self.pieces: list[bytes] = []
        self.fail_after = fail_after

    @property
    def data(self) -> bytes:
        """Everything that was written."""
        return b"".join(self.pieces)

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Keep a copy of `data`."""
        if self.fail_after is not None and len(self.data) + len(data) > self.fail_after:
            raise ConnectionResetError("the sink was told to fail here")
        self.pieces.append(bytes(data))


class MemorySource:
    """A `ByteSource` that hands out the given pieces, one for each call."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = [piece for piece in pieces if piece]

    async def readany(self) -> bytes:
        """The next piece, `b""` after the last."""
        return self._pieces.pop(0) if self._pieces else b""


def _expect(condition: bool, text: str) -> None:
    if not condition:
        raise AssertionError(text)


async def check_payload(factory: Callable[[], SendablePayload]) -> bytes:
    """Put payloads made by `factory` through the contract of `SendablePayload`.

    `factory` returns a new payload with the same body each time. Returns that body, so that a test
    can go on to compare it. Raises `AssertionError` with the clause that was broken.
    """
    payload = factory()
    try:
        _expect("Content-Type" in payload.headers, "headers must hold a Content-Type")
        body = await _check_write(payload)
        await _check_replay(payload, body)
    finally:
        await payload.close()
        await payload.close()
    await _check_failure(factory(), body)
    return body


async def _check_write(payload: SendablePayload) -> bytes:
    size, at_hand = payload.size, payload.in_memory
    sink = MemorySink()
    await payload.write(sink)
    _expect(
        size is None or size == len(sink.data),
        f"size said {size} bytes, write() gave {len(sink.data)}",
    )
    _expect(
        at_hand is None or at_hand == sink.data,
        "in_memory and what write() gives are not the same bytes",
    )
    return sink.data


async def _check_replay(payload: SendablePayload, body: bytes) -> None:
    again = MemorySink()
    if payload.replayable:
        await payload.write(again)
        _expect(again.data == body, "replayable, but the second write() gave other bytes")
        return
    try:
        await payload.write(again)
    except RuntimeError:
        _expect(again.data == b"", "a second write() was refused, but only after some bytes")
    else:
        _expect(not body, "not replayable, but the second write() did not raise RuntimeError")


async def _check_failure(payload: SendablePayload, body: bytes) -> None:
    """A sink that fails stops the body, and the payload can be closed after that."""
    sink = MemorySink(fail_after=len(body) // 2)
    try:
        await payload.write(sink)
    except ConnectionResetError:
        pass
    else:
        _expect(not body, "write() swallowed the error of the sink")
    finally:
        await payload.close()


_sink: ByteSink = MemorySink()
_source: ByteSource = MemorySource()
_payload: SendablePayload = BytesPayload(b"")
