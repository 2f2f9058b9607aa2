"""Percentiles, histograms, and how they are shown."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from wherry_cli._latency import Latencies, histogram, percentile, report

some_seconds = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=60)


@pytest.mark.parametrize(("percent", "found"), [(1, 1), (50, 50), (90, 90), (99, 99), (100, 100)])
def test_percentile_is_the_nearest_rank(percent: float, found: float) -> None:
    """Of 1 to 100 it is the number itself."""
    assert percentile([float(n) for n in range(1, 101)], percent) == found


def test_there_is_no_percentile_of_nothing() -> None:
    """Rather than 0, which would look good."""
    with pytest.raises(ValueError, match="at least one"):
        percentile([], 50)


@given(some_seconds, st.floats(0, 100))
def test_percentile_is_a_latency_that_occurred(seconds: list[float], percent: float) -> None:
    """And at least that share of all is not above it."""
    ordered = sorted(seconds)
    found = percentile(ordered, percent)

    assert found in ordered
    assert sum(each <= found for each in ordered) >= percent / 100 * len(ordered) - 1e-9


@given(some_seconds)
def test_histogram_counts_each_latency_once(seconds: list[float]) -> None:
    """Ranges join without gaps, from the fastest to the slowest."""
    buckets = histogram(seconds)

    assert sum(bucket.count for bucket in buckets) == len(seconds)
    assert (buckets[0].low, buckets[-1].high) == (min(seconds), max(seconds))
    assert all(one.high == other.low for one, other in pairwise(buckets))


def test_histogram_of_a_long_tail_grows_by_a_factor() -> None:
    """Else one line would hold nearly all."""
    buckets = histogram([0.001, 0.002, 0.004, 1.0], 10)

    assert buckets[1].high / buckets[1].low == pytest.approx(1000 ** (1 / 10))
    assert histogram([]) == []


@pytest.mark.parametrize("width", [40, 80, 120])
def test_report_fits_and_has_every_percentile(width: int) -> None:
    """At 80 columns and at others, also in ASCII."""
    seconds = [n / 1000 for n in range(1, 2001)]
    latencies = Latencies(seconds, Counter({200: 1999, 503: 1}), Counter({"ClientOSError": 2}), 4.0)

    lines = [line.plain for line in report(latencies, width, is_plain=True)]

    assert lines[0].startswith("2,002 calls in 4.00 s, 500 per second")
    assert lines[1] == "  1,999 x 200, 1 x 503, 2 x ClientOSError"
    assert [line.split()[0] for line in lines[2:8]] == ["min", "p50", "p90", "p95", "p99", "max"]
    assert lines[3].split() == ["p50", "1.00", "s"]
    assert all(cell_len(line) <= max(width, 75) and line.isascii() for line in lines)


def test_report_of_failures_alone() -> None:
    """No percentile of nothing."""
    lines = [line.plain for line in report(Latencies(failures=Counter({"X": 3})), 80)]

    assert lines == ["3 calls in 0 s, 0 per second, 0 bytes of bodies", "  3 x X"]
