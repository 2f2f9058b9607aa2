"""The same request again and again, several at a time, and how long each took.

Decides what counts as one latency: from the call to the last byte of the body, redirects included,
without the time a call waits for its turn. A failure counts apart, and ends nothing.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import wherry

from ._latency import Latencies

Send = Callable[[], AbstractAsyncContextManager[wherry.ClientResponse]]
"""Begins one call."""


@dataclass(frozen=True, slots=True)
class Load:
    """`--repeat` and `--concurrency`."""

    repeat: int = 1
    concurrency: int = 1


@dataclass(slots=True)
class LoadResult:
    """The latencies, and the first failure of any call, if there was one."""

    latencies: Latencies
    first_failure: Exception | None = None


async def run_load(send: Send, load: Load) -> LoadResult:
    """Make the calls. Only errors of the client are failures; any other comes out."""
    clock = asyncio.get_running_loop().time
    result = LoadResult(Latencies())
    turns = iter(range(load.repeat))
    begun = clock()
    async with asyncio.TaskGroup() as group:
        for _ in range(min(load.repeat, load.concurrency)):
            group.create_task(_work(turns, send, result, clock))
    result.latencies.elapsed = clock() - begun
    return result


async def _work(
    turns: Iterator[int],
    send: Send,
    result: LoadResult,
    clock: Callable[[], float],
) -> None:
    # One iterator for all workers: each takes the next turn that is left.
    for _ in turns:
        await _call(send, result, clock)


async def _call(send: Send, result: LoadResult, clock: Callable[[], float]) -> None:
    latencies = result.latencies
    begun = clock()
    try:
        async with send() as response:
            async for piece in response.content.iter_any():
                latencies.bytes_received += len(piece)
    except (wherry.ClientError, TimeoutError) as error:
        latencies.failures[type(error).__name__] += 1
        result.first_failure = result.first_failure or error
        return
    latencies.seconds.append(clock() - begun)
    latencies.statuses[response.status] += 1
