"""Rounds of one small piece of work in one process: contestants take turns, ratios are the result.

No sockets and no loop that runs. Whoever measures also checks, before the clock starts, that all
contestants make the same of the same input.
"""

import gc
import importlib.util
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ._statistics import ratio, requests_for, spread

Work = Callable[[], object]

PEERS = ("aiohttp", "h11")
"""What wherry is compared with here."""


def installed_peers() -> list[str]:
    """Those of the peers that can be imported."""
    return [name for name in PEERS if importlib.util.find_spec(name) is not None]


@dataclass(frozen=True)
class MicroContestant:
    """One way to do the work of a case.

    `prepare` does what must not be timed and returns what is timed, to be called once. `result`
    brings what that returned into a form that can be compared.
    """

    title: str
    prepare: Callable[[], Work]
    result: Callable[[object], object]


@dataclass(frozen=True)
class Case:
    """Work that all contestants do. `units` are done by one call; the first is the reference."""

    name: str
    unit: str
    units: int
    contestants: Sequence[MicroContestant]


class DisagreementError(Exception):
    """Two contestants made different things of one input, so comparing them means nothing."""


@dataclass(frozen=True)
class MicroResult:
    """Seconds per unit, round by round, by contestant."""

    case: Case
    rounds: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def median(self, title: str) -> float:
        """Seconds per unit."""
        return statistics.median(self.rounds[title])

    def spread(self, title: str) -> float:
        """See `_statistics.spread`."""
        return spread(self.rounds[title])

    def times_of_reference(self, title: str) -> float:
        """The contestant's time over the reference's, the median over rounds."""
        return ratio(self.rounds[title], self.rounds[self.case.contestants[0].title])


def check_agreement(case: Case) -> None:
    """Does the work once with each. Raises DisagreementError unless all come to the same."""
    first, *others = case.contestants
    expected = first.result(first.prepare()())
    for other in others:
        found = other.result(other.prepare()())
        if found != expected:
            raise DisagreementError(
                f"{case.name}: {other.title} and {first.title} disagree; {other.title} made"
                f" {str(found)[:200]}, {first.title} made {str(expected)[:200]}"
            )


def run_case(case: Case, *, rounds: int, seconds: float) -> MicroResult:
    """Times a case; each contestant works about `seconds` in each round.

    Raises DisagreementError before that.
    """
    check_agreement(case)
    calls = {one.title: _calls_for(one, seconds) for one in case.contestants}
    times: dict[str, list[float]] = {one.title: [] for one in case.contestants}
    for number in range(rounds):
        # Each round starts with another contestant, so none always follows the same one.
        start = number % len(case.contestants)
        for one in [*case.contestants[start:], *case.contestants[:start]]:
            taken = _timed(one, calls[one.title])
            times[one.title].append(taken / calls[one.title] / case.units)
    return MicroResult(case, times)


def _calls_for(contestant: MicroContestant, seconds: float) -> int:
    _timed(contestant, 2)
    return requests_for(seconds, _timed(contestant, 3) / 3, 3)


def _timed(contestant: MicroContestant, calls: int) -> float:
    """Seconds the work itself took; the collector runs between calls only, for all alike."""
    total = 0.0
    for _ in range(calls):
        work = contestant.prepare()
        gc.disable()
        try:
            started = time.perf_counter()
            work()
            total += time.perf_counter() - started
        finally:
            gc.enable()
    return total
