"""Requests in memory: a contestant on the silent loop, and what one request costs it.

Decides how a cost per request comes out of two runs; counting instructions is `_callgrind`'s work.
"""

import asyncio
import cProfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType

from ._answers import answers
from ._bodies import POSTED
from ._clients import Client, IdleClient, Setup, open_client
from ._silent_loop import AnsweringServer, SilentLoop

URL = "http://127.0.0.1:8080/items/17?page=3"
"""An address, not a name: looking names up is not what is measured."""

MEMORY_CLIENTS = ("floor", "wherry", "aiohttp")
"""The contestants that run on the silent loop; httpx reads sockets through a layer of its own."""


WORK = ("get", "post-json", "traced")
"""The kinds of request: a GET, a POST of JSON, a GET with handlers for what happens in it. All get
the same answers."""


class WrongSizeError(Exception):
    """A contestant did not return the bodies it was sent, so its cost means nothing."""


def run_in_memory(
    name: str,
    requests: int,
    *,
    canned: Sequence[bytes] = (),
    tasks: int = 1,
    work: str = "get",
) -> int:
    """Makes `requests` requests of a kind and returns how many were answered.

    `canned` are the answers, made on the spot if there are none; make them before, and the same
    number for each run, where the cost of runs is compared. `tasks` share the requests as evenly as
    they can. Raises WrongSizeError if the bodies do not add up, StuckError if the contestant waits
    for more.
    """
    canned = canned or answers(requests)
    # Sizes of all answers, needed or not: work that grows with `requests` would be
    # counted as the client's.
    sizes = [_size(answer, name) for answer in canned]
    server = AnsweringServer(canned)
    with asyncio.Runner(loop_factory=lambda: SilentLoop(server)) as runner:
        total = runner.run(_session(name, _shares(requests, tasks), work))
    expected = sum(sizes[:requests])
    if total != expected:
        raise WrongSizeError(
            f"expected {expected} bytes in {requests} responses, {name} read {total}"
        )
    return server.answered


def _shares(requests: int, tasks: int) -> list[int]:
    share, rest = divmod(requests, tasks)
    return [share + (number < rest) for number in range(tasks)]


def _size(answer: bytes, name: str) -> int:
    """What a contestant should count: the body, or for the do-nothing floor all of it."""
    return len(answer) if name == "floor" else len(answer) - answer.index(b"\r\n\r\n") - 4


async def _session(name: str, shares: Sequence[int], work: str) -> int:
    client = _opened(name, work)
    try:
        return sum(await asyncio.gather(*(_requests(client, share, work) for share in shares)))
    finally:
        await client.close()


def _opened(name: str, work: str) -> Client:
    return IdleClient() if name == "floor" else open_client(name, Setup(traced=work == "traced"))


async def _requests(client: Client, count: int, work: str) -> int:
    total = 0
    if work == "post-json":
        for _ in range(count):
            total += await client.post_json(URL, POSTED)
    else:
        for _ in range(count):
            total += await client.get(URL)
    return total


def calls_per_request(
    name: str, *, few: int = 50, many: int = 250, tasks: int = 1, work: str = "get"
) -> dict[str, float]:
    """How often a request calls each function, builtins included.

    The difference of a long and a short run, so that start-up cancels; functions below one call in
    ten requests are left out. These counts repeat exactly, so they show what grew between versions.
    """
    canned = answers(many)
    run_in_memory(name, few, canned=canned, tasks=tasks, work=work)
    low = _calls(name, few, canned, tasks, work)
    high = _calls(name, many, canned, tasks, work)
    high.subtract(low)
    rates = {function: count / (many - few) for function, count in high.items()}
    return {function: rate for function, rate in rates.items() if rate >= 0.1}


def _calls(
    name: str, requests: int, canned: Sequence[bytes], tasks: int, work: str
) -> Counter[str]:
    profile = cProfile.Profile()
    profile.runcall(run_in_memory, name, requests, canned=canned, tasks=tasks, work=work)
    counts: Counter[str] = Counter()
    for entry in profile.getstats():
        counts[_function(entry.code)] += entry.callcount
    return counts


def _function(code: CodeType | str) -> str:
    """A readable name: `_pool.py acquire`, or what the profiler calls a builtin."""
    if isinstance(code, str):
        return code
    return f"{Path(code.co_filename).name} {code.co_qualname}"


def grown(now: Mapping[str, float], before: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """What costs more than before: name, before, now; the greatest growth first."""
    found = [(name, before.get(name, 0.0), cost) for name, cost in now.items()]
    return sorted((row for row in found if row[2] > row[1]), key=lambda row: row[1] - row[2])
