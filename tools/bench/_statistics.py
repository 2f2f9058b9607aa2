"""What the rounds of a wall-clock run say: medians, spread, and how contestants compare.

Times are seconds per request. Contestants take turns within a round, so comparing round by round
cancels what slows the machine down for a while.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """One contestant in one scenario.

    `median` is seconds per request; `spread` is half the distance between the quartiles, as a share
    of the median; `times_faster` is the reference's time over this one's, and `floor_share` the
    floor's over this one's, each the median over rounds and None without that contestant.
    """

    client: str
    median: float
    spread: float
    times_faster: float | None
    floor_share: float | None


def spread(times: Sequence[float]) -> float:
    """Half the distance between the quartiles over the median; 0 for fewer than two rounds."""
    if len(times) < 2:
        return 0.0
    lower, middle, upper = statistics.quantiles(times, n=4, method="inclusive")
    return (upper - lower) / 2 / middle


def ratio(others: Sequence[float], times: Sequence[float]) -> float:
    """The median over rounds of the other's time divided by this one's.

    Raises ValueError if the two did not run the same rounds.
    """
    return statistics.median(other / time for other, time in zip(others, times, strict=True))


def summarize(
    rounds: Mapping[str, Sequence[float]], *, reference: str = "aiohttp", floor: str = "floor"
) -> list[Summary]:
    """One summary per contestant from its times round by round, in the order given."""
    against = rounds.get(reference)
    lowest = rounds.get(floor)
    return [
        Summary(
            client=client,
            median=statistics.median(times),
            spread=spread(times),
            times_faster=None if against is None else ratio(against, times),
            floor_share=None if lowest is None else ratio(lowest, times),
        )
        for client, times in rounds.items()
    ]


def requests_for(seconds: float, per_request: float, least: int) -> int:
    """How many requests fill a slice of `seconds`, but not fewer than `least`."""
    return max(least, round(seconds / per_request))
