"""A contestant's own process: `python -m tools.bench._worker CLIENT URL CPU`.

It answers each line on standard input, a JSON object with "scenario" and "requests", with one line
on standard output: "seconds", "cpu" seconds and "size" of that slice, or "error". Its session stays
open between slices, so connections are warm, and other contestants can have their turn meanwhile.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial

from ._clients import Client, open_client
from ._pinning import pin
from ._scenarios import POSTED, SCENARIOS, Scenario

Request = Callable[[], Awaitable[int]]


def request_of(client: Client, scenario: Scenario, base: str) -> Request:
    """What one request of a scenario calls; the result is the size of the body in bytes."""
    url = base + scenario.path
    if scenario.method == "post_json":
        return partial(client.post_json, url, POSTED)
    return partial(client.get_json if scenario.method == "get_json" else client.get, url)


@dataclass(frozen=True)
class Timed:
    """What a slice took: seconds by the clock, seconds of CPU time, and bytes that came."""

    seconds: float
    cpu: float
    size: int


async def timed_slice(request: Request, requests: int, tasks: int) -> Timed:
    """Makes requests, `tasks` at a time."""
    share, rest = divmod(requests, tasks)
    started, cpu = time.perf_counter(), time.process_time()
    sizes = await asyncio.gather(
        *(_repeat(request, share + (number < rest)) for number in range(tasks))
    )
    return Timed(time.perf_counter() - started, time.process_time() - cpu, sum(sizes))


async def _repeat(request: Request, count: int) -> int:
    total = 0
    for _ in range(count):
        total += await request()
    return total


async def _opened(name: str) -> Client:
    return open_client(name)


def serve(name: str, base: str, cpu: int | None) -> None:
    """Answers lines until standard input ends."""
    pin(cpu)
    with asyncio.Runner() as runner:
        client = runner.run(_opened(name))
        for line in sys.stdin:
            order = json.loads(line)
            scenario = SCENARIOS[order["scenario"]]
            request = request_of(client, scenario, base)
            try:
                timed = runner.run(timed_slice(request, order["requests"], scenario.tasks))
            except Exception as exc:  # the parent decides what an error of any contestant means
                print(json.dumps({"error": f"{type(exc).__name__}: {exc}"}), flush=True)
            else:
                print(json.dumps(asdict(timed)), flush=True)
        runner.run(client.close())


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]) if sys.argv[3] else None)
