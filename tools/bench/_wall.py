"""Wall-clock rounds: contestants as child processes that take turns against one server.

Each contestant warms up in each scenario, learns from it how many requests fill a slice, and then
does one slice per round. Rounds interleave contestants, so a busy moment hits all of them alike.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.projects import ROOT

from ._scenarios import Scenario
from ._statistics import requests_for

UNTRIMMED = str(1 << 30)
"""Bytes; a malloc threshold above any receive buffer, so that none goes back to the system."""


@dataclass(frozen=True)
class Contestant:
    """A title, the client behind it, and what its process finds in its environment."""

    title: str
    client: str
    environment: Mapping[str, str] = field(default_factory=dict)


CONTESTANTS = {
    contestant.title: contestant
    for contestant in (
        Contestant("floor", "floor"),
        Contestant("wherry", "wherry"),
        Contestant("aiohttp", "aiohttp"),
        Contestant(
            "aiohttp-malloc",
            "aiohttp",
            {"MALLOC_MMAP_THRESHOLD_": UNTRIMMED, "MALLOC_TRIM_THRESHOLD_": UNTRIMMED},
        ),
        Contestant("httpx", "httpx"),
    )
}
"""By title. aiohttp runs twice: whether its receive buffers are returned to the system on each read
depends
on what malloc did before, and the difference is large enough to mislead."""


_GUESSES = 6
"""Slices that warming up takes at most."""


class ContestantError(Exception):
    """A contestant failed, or read something else than it was sent."""


@dataclass(frozen=True)
class Slice:
    """One turn of one contestant: requests, seconds by the clock, seconds of its CPU time."""

    requests: int
    seconds: float
    cpu: float

    @property
    def per_request(self) -> float:
        """Seconds."""
        return self.seconds / self.requests


class Worker:
    """The child process of a contestant, and the conversation with it."""

    def __init__(self, contestant: Contestant, process: subprocess.Popen[str]) -> None:
        self.title = contestant.title
        self._process = process

    def run(self, scenario: Scenario, requests: int) -> Slice:
        """One slice. Raises ContestantError if it fails or its bodies do not add up."""
        answer = self._ask({"scenario": scenario.name, "requests": requests})
        if "error" in answer:
            raise ContestantError(f"{self.title} failed in {scenario.name}: {answer['error']}")
        expected = requests * scenario.size
        if answer["size"] != expected:
            raise ContestantError(
                f"{self.title} read {answer['size']} bytes in {scenario.name}, expected {expected}"
            )
        return Slice(requests, answer["seconds"], answer["cpu"])

    def _ask(self, order: Mapping[str, object]) -> dict[str, float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as exc:
            raise ContestantError(
                f"the process of {self.title} ended early; see its output"
            ) from exc
        line = self._process.stdout.readline()
        if not line:
            raise ContestantError(f"the process of {self.title} ended early; see its output")
        answer: dict[str, float] = json.loads(line)
        return answer


@contextlib.contextmanager
def worker(contestant: Contestant, base: str, cpu: int | None) -> Iterator[Worker]:
    """Starts a contestant's process on a CPU; ends it by closing its input."""
    command = [sys.executable, "-m", "tools.bench._worker", contestant.client, base]
    command.append("" if cpu is None else str(cpu))
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **contestant.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Worker(contestant, process)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds, and seconds per slice; warming up takes one slice more."""

    rounds: int
    seconds: float
    least: int = 8


def run_scenario(
    scenario: Scenario, workers: Sequence[Worker], plan: Plan, note: Callable[[str], None]
) -> dict[str, list[Slice]]:
    """All rounds of one scenario: slices by contestant, in the order of the rounds."""
    sizes = {worker.title: _warm_up(worker, scenario, plan) for worker in workers}
    slices: dict[str, list[Slice]] = {worker.title: [] for worker in workers}
    for number in range(plan.rounds):
        # Each round starts with another contestant, so none always follows the same one.
        start = number % len(workers)
        for turn in [*workers[start:], *workers[:start]]:
            slices[turn.title].append(turn.run(scenario, sizes[turn.title]))
        note(f"{scenario.name}: round {number + 1} of {plan.rounds}")
    return slices


def _warm_up(worker: Worker, scenario: Scenario, plan: Plan) -> int:
    """Opens connections, fills caches, and finds out how many requests fill a slice.

    The first slices are slow, so the guess grows until a slice takes about as long as it should.
    """
    least = max(plan.least, scenario.tasks)
    requests = least
    for _ in range(_GUESSES):
        tried = worker.run(scenario, requests)
        requests = requests_for(plan.seconds, tried.per_request, least)
        if tried.seconds >= plan.seconds / 2:
            break
    return requests
