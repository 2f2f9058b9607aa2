"""What ships for tests keeps its promises."""

import pytest

from wherry_multipart.testing import MemoryResponse, MemorySource, check_byte_source


async def test_memory_source_passes_its_own_check() -> None:
    """Whatever its pieces are."""
    for piece in (1, 3, 100):
        await check_byte_source(lambda piece=piece: MemorySource(b"abcdefgh", piece), b"abcdefgh")  # type: ignore[misc]


class Greedy(MemorySource):
    async def read(self, n: int, /) -> bytes:
        return await super().read(n + 1)


class Restarting(MemorySource):
    async def read(self, n: int, /) -> bytes:
        data = await super().read(n)
        if not data:
            self._position = 0
        return data


@pytest.mark.parametrize(
    ("source", "clause"),
    [(Greedy, "returned 2 bytes"), (Restarting, "after the end")],
)
async def test_broken_source_is_found(source: type[MemorySource], clause: str) -> None:
    """A check that could not fail would prove nothing."""
    with pytest.raises(AssertionError, match=clause):
        await check_byte_source(lambda: source(b"abc"), b"abc")


async def test_wrong_data_is_found() -> None:
    """The bytes are compared."""
    with pytest.raises(AssertionError, match="other bytes"):
        await check_byte_source(lambda: MemorySource(b"abc"), b"abd")


def test_memory_response_counts_releases() -> None:
    """For tests of who releases a response, and when."""
    response = MemoryResponse({}, b"")
    response.release()

    assert response.released == 1
