"""The conformance check fails where it must."""

import pytest

from wherry_payload import ByteSink, BytesPayload
from wherry_payload.testing import MemorySink, MemorySource, check_payload


class Broken(BytesPayload):
    """A payload whose answers can be falsified."""

    def __init__(self, **lies: object) -> None:
        super().__init__(b"abc")
        self._lies = lies
        self._writes = 0

    @property
    def size(self) -> int | None:
        size = self._lies.get("size", 3)
        return size if isinstance(size, int) else None

    @property
    def in_memory(self) -> bytes | None:
        data = self._lies.get("in_memory")
        return data if isinstance(data, bytes) else None

    @property
    def replayable(self) -> bool:
        return bool(self._lies.get("replayable", True))

    async def write(self, writer: ByteSink) -> None:
        self._writes += 1
        if self._writes > 1 and self._lies.get("once"):
            return
        try:
            await writer.write(b"abc")
        except ConnectionResetError:
            if not self._lies.get("swallow"):
                raise


@pytest.mark.parametrize(
    ("lies", "clause"),
    [
        ({"size": 4}, "size said 4"),
        ({"in_memory": b"xyz"}, "in_memory"),
        ({"once": True}, "second write"),
        ({"replayable": False}, "did not raise RuntimeError"),
        ({"swallow": True}, "swallowed"),
    ],
)
async def test_broken_clause_is_named(lies: dict[str, object], clause: str) -> None:
    """A check that could not fail would prove nothing."""
    with pytest.raises(AssertionError, match=clause):
        await check_payload(lambda: Broken(**lies))


async def test_missing_content_type_is_found() -> None:
    """S-274: a body has a type."""

    def make() -> BytesPayload:
        payload = BytesPayload(b"")
        payload.headers.clear()
        return payload

    with pytest.raises(AssertionError, match="Content-Type"):
        await check_payload(make)


async def test_good_payload_passes() -> None:
    """And gives its body back."""
    assert await check_payload(Broken) == b"abc"


async def test_memory_sink_fails_where_told() -> None:
    """Exactly `fail_after` bytes pass."""
    sink = MemorySink(fail_after=3)
    await sink.write(b"abc")

    with pytest.raises(ConnectionResetError):
        await sink.write(b"d")
    assert sink.data == b"abc"


async def test_memory_source_ends_with_nothing() -> None:
    """`b""` means the end and nothing else."""
    source = MemorySource(b"a", b"", b"b")

    assert [await source.readany() for _ in range(4)] == [b"a", b"b", b"", b""]
