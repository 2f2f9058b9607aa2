"""Wall-clock rounds: contestants as child processes that take turns against one server.

Each contestant warms up in each scenario, learns from it how many requests fill a slice, and then
does one slice per round. Rounds interleave contestants, so a busy moment hits all of them alike.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tools.projects import ROOT

from ._contestants import Contestant
from ._places import Places
from ._statistics import requests_for

UNTRIMMED = str(1 << 30)
"""Bytes; a malloc threshold above any receive buffer, so that none goes back to the system."""


class Load(Protocol):
    """What a scenario of either kind has to say about itself here."""

    @property
    def name(self) -> str: ...
    @property
    def tasks(self) -> int: ...
    @property
    def least(self) -> int: ...
    def expected(self, client: str) -> int:
        """Bytes that one request should bring."""


_GUESSES = 6
"""Slices that warming up takes at most."""

_SLOW = 10.0
_SLOW_SLICES = 25
"""Seconds, and planned slices; a contestant whose shortest slice takes longer than both is left
out: its rounds would take minutes, and say no more than this."""


class ContestantError(Exception):
    """A contestant failed, or read something else than it was sent."""


class UnableError(Exception):
    """A contestant does not offer what a scenario asks for, or is too slow to wait for."""


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


class Runner(Protocol):
    """Who can be asked for slices."""

    @property
    def title(self) -> str: ...
    def run(self, load: Load, requests: int) -> Slice:
        """One slice."""


class Worker:
    """The child process of a contestant, and the conversation with it."""

    def __init__(self, contestant: Contestant, process: subprocess.Popen[str]) -> None:
        self.title = contestant.title
        self.client = contestant.client
        self._process = process

    def run(self, load: Load, requests: int) -> Slice:
        """One slice.

        Raises ContestantError if it fails or its bodies do not add up, UnableError if it does not
        offer such a thing.
        """
        answer = self._ask({"scenario": load.name, "requests": requests})
        if "unable" in answer:
            raise UnableError(f"{self.title} left out of {load.name}: {answer['unable']}")
        if "error" in answer:
            raise ContestantError(f"{self.title} failed in {load.name}: {answer['error']}")
        expected = requests * load.expected(self.client)
        if answer["size"] != expected:
            raise ContestantError(
                f"{self.title} read {answer['size']} bytes in {load.name}, expected {expected}"
            )
        return Slice(requests, answer["seconds"], answer["cpu"])

    def facts(self) -> dict[str, str]:
        """The versions of Python and of the client over there."""
        return self._ask({"facts": True})

    def _ask(self, order: Mapping[str, object]) -> dict[str, Any]:
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
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def worker(
    contestant: Contestant, interpreter: Path, places: Places, cpu: int | None
) -> Iterator[Worker]:
    """Starts a contestant's process on a CPU; ends it by closing its input."""
    command = [str(interpreter), "-m", "tools.bench._worker", contestant.client]
    command += [json.dumps(asdict(places)), "" if cpu is None else str(cpu)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**_without_proxies(os.environ), **contestant.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Worker(contestant, process)
    finally:
        _end(process)


def _without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Some contestants would ask a proxy of the environment for loopback addresses."""
    return {
        name: value for name, value in environment.items() if not name.lower().endswith("_proxy")
    }


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


@dataclass
class Trouble:
    """Who was left out of what: `unable` by design, `failed` though it should not have."""

    unable: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def run_scenario(
    load: Load,
    workers: Sequence[Worker],
    plan: Plan,
    note: Callable[[str], None],
    trouble: Trouble,
) -> dict[str, list[Slice]]:
    """All rounds of one scenario: slices by contestant, in the order of the rounds.

    A contestant that fails is out of this scenario from then on, without its slices so far: ratios
    need the same rounds.
    """
    sizes: dict[str, int] = {}
    slices: dict[str, list[Slice]] = {}
    for one in workers:
        with _left_out(one, slices, note, trouble):
            sizes[one.title] = warm_up(one, load, plan)
            slices[one.title] = []
    for number in range(plan.rounds):
        # Each round starts with another contestant, so none always follows the same one.
        start = number % len(workers)
        for turn in [*workers[start:], *workers[:start]]:
            if turn.title in slices:
                with _left_out(turn, slices, note, trouble):
                    slices[turn.title].append(turn.run(load, sizes[turn.title]))
        note(f"{load.name}: round {number + 1} of {plan.rounds}")
    return slices


@contextlib.contextmanager
def _left_out(
    worker: Worker,
    slices: dict[str, list[Slice]],
    note: Callable[[str], None],
    trouble: Trouble,
) -> Iterator[None]:
    try:
        yield
    except (UnableError, ContestantError) as exc:
        slices.pop(worker.title, None)
        kept = trouble.unable if isinstance(exc, UnableError) else trouble.failed
        kept.append(str(exc))
        note(str(exc))


def warm_up(worker: Runner, load: Load, plan: Plan) -> int:
    """Opens connections, fills caches, and finds out how many requests fill a slice.

    The first slices are slow, so the guess grows until a slice takes about as long as it should.
    """
    least = max(load.least, load.tasks)
    requests = least
    for _ in range(_GUESSES):
        tried = worker.run(load, requests)
        if tried.seconds > max(_SLOW, _SLOW_SLICES * plan.seconds):
            raise UnableError(
                f"{worker.title} left out of {load.name}: {requests} requests took"
                f" {tried.seconds:.0f} s"
            )
        requests = requests_for(plan.seconds, tried.per_request, least)
        if tried.seconds >= plan.seconds / 2:
            break
    return requests
