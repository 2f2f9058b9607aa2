"""Latencies of many calls: percentiles and a histogram. Pure arithmetic, and its picture."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.text import Text

from ._seconds import seconds_text

PERCENTILES = (50, 90, 95, 99)

BUCKETS = 12
"""Lines of a histogram."""

LOG_SCALE_FROM = 20.0
"""From this ratio of the slowest to the fastest on, buckets grow by a factor: equal ones would have
one line hold nearly all."""


@dataclass(slots=True)
class Latencies:
    """What is known of many calls: how long those that succeeded took, and how they ended."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """By the name of the exception's class."""
    elapsed: float = 0.0
    """Seconds from the first call to the end of the last."""
    bytes_received: int = 0

    @property
    def count(self) -> int:
        """All calls, failed ones too."""
        return len(self.seconds) + self.failures.total()


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many of the latencies are from `low` to below `high`; of the last one, to `high`."""

    low: float
    high: float
    count: int


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest of `ordered` that `percent` of them do not exceed (nearest rank).

    Always a latency that occurred. Raises `ValueError` if there is none.
    """
    if not ordered:
        raise ValueError("expected at least one latency; there is no percentile of none")
    rank = math.ceil(percent / 100 * len(ordered))
    return ordered[max(0, rank - 1)]


def histogram(seconds: Sequence[float], buckets: int = BUCKETS) -> list[Bucket]:
    """`seconds` in at most `buckets` ranges from the fastest to the slowest."""
    if not seconds:
        return []
    low, high = min(seconds), max(seconds)
    if low == high:
        return [Bucket(low, high, len(seconds))]
    edges = _edges(low, high, buckets)
    counts = [0] * buckets
    for each in seconds:
        counts[_bucket_of(each, edges)] += 1
    return [Bucket(edges[n], edges[n + 1], counts[n]) for n in range(buckets)]


def _edges(low: float, high: float, buckets: int) -> list[float]:
    if low > 0 and high / low >= LOG_SCALE_FROM:
        factor = (high / low) ** (1 / buckets)
        return [*(low * factor**n for n in range(buckets)), high]
    return [*(low + (high - low) * n / buckets for n in range(buckets)), high]


def _bucket_of(value: float, edges: Sequence[float]) -> int:
    return next((n for n in range(len(edges) - 1) if value < edges[n + 1]), len(edges) - 2)


def report(latencies: Latencies, width: int, *, is_plain: bool = False) -> Iterable[Text]:
    """The lines to show, none longer than `width`. `is_plain` draws with ASCII alone."""
    rate = latencies.count / latencies.elapsed if latencies.elapsed > 0 else 0.0
    yield Text.assemble(
        (f"{latencies.count:,} calls", "bold"),
        f" in {_text(latencies.elapsed, is_plain)}, {rate:,.0f} per second, "
        f"{latencies.bytes_received:,} bytes of bodies",
    )
    yield Text(_outcomes(latencies), "red" if latencies.failures else "")
    ordered = sorted(latencies.seconds)
    if not ordered:
        return
    named = [("min", ordered[0]), *((f"p{p}", percentile(ordered, p)) for p in PERCENTILES)]
    for name, value in [*named, ("max", ordered[-1])]:
        yield Text.assemble((f"  {name:<4}", "bold"), f" {_text(value, is_plain):>8}")
    yield from _histogram_lines(histogram(ordered), width, is_plain)


def _histogram_lines(buckets: Sequence[Bucket], width: int, is_plain: bool) -> Iterable[Text]:
    most = max(bucket.count for bucket in buckets)
    digits = len(f"{most:,}")
    columns = max(8, min(width, 100) - 24 - digits - 2)
    for bucket in buckets:
        halves = math.ceil(bucket.count / most * columns * 2)
        bar = "#" * ((halves + 1) // 2) if is_plain else "█" * (halves // 2) + "▌" * (halves % 2)
        low, high = _text(bucket.low, is_plain), _text(bucket.high, is_plain)
        yield Text.assemble(f"  {low:>8} - {high:>8}  ", (bar, "green"), f" {bucket.count:,}")


def _text(seconds: float, is_plain: bool) -> str:
    text = seconds_text(seconds)
    return text.replace("µ", "u") if is_plain else text


def _outcomes(latencies: Latencies) -> str:
    parts = [f"{count:,} x {status}" for status, count in sorted(latencies.statuses.items())]
    parts += [f"{count:,} x {name}" for name, count in latencies.failures.most_common()]
    return "  " + ", ".join(parts)
