"""What several test files share: how memory is watched, and the twins of hot functions."""

import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from wherry_codec import _chunked, _head
from wherry_codec._native import find_speedups

Watch = Callable[[Callable[[], object], int], tuple[int, int]]


@pytest.fixture
def watch_memory() -> Watch:
    """Calls something a number of times; the bytes it left behind, and the most it held."""

    def watch(step: Callable[[], object], times: int) -> tuple[int, int]:
        step()
        tracemalloc.start()
        try:
            step()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(times):
                step()
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return after - before, peak

    return watch


@pytest.fixture(scope="module", params=["plain", "native"])
def twin(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs what asks for it over the plain functions and, if they are there, over the C ones."""
    scan, take = _head.scan_head_plainly, _chunked.take_chunks_plainly
    if request.param == "native":
        speedups = find_speedups({})
        if speedups is None:
            pytest.skip("wherry-speedups is not installed, or without its C part")
        scan, take = speedups.scan_response_head, speedups.take_chunks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_head, "scan_head", scan)
        patch.setattr(_chunked, "take_chunks", take)
        yield request.param
