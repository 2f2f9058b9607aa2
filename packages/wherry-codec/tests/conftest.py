"""What several test files share: how memory is watched."""

import tracemalloc
from collections.abc import Callable

import pytest

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
