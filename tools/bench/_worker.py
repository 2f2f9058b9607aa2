"""A contestant's own process: `python -m tools.bench._worker CLIENT PLACES CPU`.

It answers each line on standard input, a JSON object, with one line on standard output. An order
with "scenario" and "requests" gives "seconds", "cpu" seconds and "size" of that slice, or "error",
or "unable" with the reason where the contestant does not offer such a thing; an order "facts" says
which versions run here. A session stays open from slice to slice of a scenario, so connections are
warm, and other contestants can have their turn meanwhile.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

from ._bodies import BODY_1M, FIELDS, POSTED, upload_chunks
from ._clients import Client, NotOfferedError, Setup, open_client
from ._conversations import Conversation
from ._pinning import allow_many_files, pin
from ._places import Places
from ._scenarios import SCENARIOS, Scenario
from ._socket_scenarios import SOCKET_SCENARIOS, SocketScenario
from ._sockets import open_conversation
from ._versions import version_of

Request = Callable[[], Awaitable[int]]

_PATIENCE = 60.0
"""Seconds; a slice that takes longer is stuck."""


def request_of(client: Client, scenario: Scenario, places: Places) -> Request:
    """What one request of a scenario calls; the result is the size of the body in bytes."""
    base = places.tls if scenario.tls else places.plain
    if scenario.hosts:
        return _each(client.get, _hosts(scenario, places))
    if scenario.distinct:
        return _each(client.get, (f"{base}{scenario.path}{n}" for n in itertools.count()))
    url = base + scenario.path
    requests: dict[str, Request] = {
        "get": partial(client.get, url),
        "get_json": partial(client.get_json, url),
        "get_stream": partial(client.get_stream, url),
        "post_json": partial(client.post_json, url, POSTED),
        "post_bytes": partial(client.post_bytes, url, BODY_1M),
        "post_file": partial(client.post_file, url, places.upload_file),
        "post_chunks": partial(client.post_chunks, url, upload_chunks),
        "post_form": partial(client.post_form, url, FIELDS, BODY_1M),
    }
    return requests[scenario.method]


def _each(get: Callable[[str], Awaitable[int]], urls: Iterator[str]) -> Request:
    return lambda: get(next(urls))


def _hosts(scenario: Scenario, places: Places) -> Iterator[str]:
    return itertools.cycle([base + scenario.path for base in places.hosts[: scenario.hosts]])


def setup_of(scenario: Scenario, places: Places) -> Setup:
    """How a session for a scenario is opened: never fewer connections than tasks and hosts."""
    return Setup(
        connections=max(100, scenario.tasks, scenario.hosts),
        ca_file=places.ca_file if scenario.tls else None,
        cookies=scenario.hosts > 0,
        cold=scenario.cold,
    )


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
    running = [
        asyncio.create_task(_repeat(request, share + (number < rest))) for number in range(tasks)
    ]
    try:
        sizes = await asyncio.gather(*running)
    except BaseException:
        # The others must not run on into another slice.
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        raise
    return Timed(time.perf_counter() - started, time.process_time() - cpu, sum(sizes))


async def _repeat(request: Request, count: int) -> int:
    total = 0
    for _ in range(count):
        total += await request()
    return total


async def timed_conversation(
    conversation: Conversation, scenario: SocketScenario, messages: int
) -> Timed:
    """Exchanges messages on one WebSocket."""
    started, cpu = time.perf_counter(), time.process_time()
    size = await scenario.exchange(conversation, messages)
    return Timed(time.perf_counter() - started, time.process_time() - cpu, size)


class Seat:
    """Where a contestant sits: the session or WebSocket of the scenario it is in."""

    def __init__(self, name: str, places: Places) -> None:
        self._name = name
        self._places = places
        self._scenario = ""
        self._open: Client | Conversation | None = None
        self._request: Request | None = None

    async def slice(self, scenario: str, requests: int) -> Timed:
        """One slice; another scenario than before closes what is open and opens anew."""
        async with asyncio.timeout(_PATIENCE):
            if scenario in SOCKET_SCENARIOS:
                return await self._messages(SOCKET_SCENARIOS[scenario], requests)
            return await self._requests(SCENARIOS[scenario], requests)

    async def _requests(self, scenario: Scenario, requests: int) -> Timed:
        if self._scenario != scenario.name or self._request is None:
            await self.close()
            client = open_client(self._name, setup_of(scenario, self._places))
            self._open = client
            self._request = request_of(client, scenario, self._places)
            for base in self._places.hosts[: scenario.hosts]:
                await client.get(f"{base}/cookies/set")
            self._scenario = scenario.name
        return await timed_slice(self._request, requests, scenario.tasks)

    async def _messages(self, scenario: SocketScenario, messages: int) -> Timed:
        if self._scenario != scenario.name:
            await self.close()
            url = self._places.socket_for(compressed=scenario.compressed) + scenario.path
            self._open = await open_conversation(self._name, url, compressed=scenario.compressed)
            self._scenario = scenario.name
        # What is open under the name of a WebSocket scenario is a conversation.
        assert isinstance(self._open, Conversation)
        return await timed_conversation(self._open, scenario, messages)

    async def close(self) -> None:
        """Closes what is open."""
        opened, self._open, self._scenario, self._request = self._open, None, "", None
        if opened is not None:
            await opened.close()


def facts(name: str) -> dict[str, str]:
    """The versions of Python and of the contestant in this process's environment."""
    module = "" if name == "floor" else name
    return {"python": sys.version.split()[0], "version": version_of(module) if module else ""}


def answer(order: dict[str, object], seat: Seat, name: str, runner: asyncio.Runner) -> object:
    """What is said to one order."""
    if "facts" in order:
        return facts(name)
    scenario, requests = str(order["scenario"]), int(str(order["requests"]))
    try:
        return asdict(runner.run(seat.slice(scenario, requests)))
    except NotOfferedError as exc:
        return {"unable": str(exc)}
    except Exception as exc:  # the parent decides what an error of any contestant means
        return {"error": f"{type(exc).__name__}: {exc}"}


def serve(name: str, places: Places, cpu: int | None) -> None:
    """Answers lines until standard input ends."""
    pin(cpu)
    allow_many_files()
    with asyncio.Runner() as runner:
        seat = Seat(name, places)
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line), seat, name, runner)), flush=True)
        runner.run(seat.close())


if __name__ == "__main__":
    serve(sys.argv[1], Places(**json.loads(sys.argv[2])), int(sys.argv[3]) if sys.argv[3] else None)
