"""What `bench wall` prints and keeps: Markdown tables, and everything measured as JSON."""

import importlib.metadata
import platform
import statistics
from collections.abc import Mapping, Sequence

from tools.tables import markdown_table

from ._scenarios import SCENARIOS
from ._statistics import Summary, summarize
from ._wall import Slice

Results = Mapping[str, Mapping[str, Sequence[Slice]]]
"""Scenario to contestant to slices, round by round."""

_HEADER = (
    "client",
    "µs/request",
    "± %",
    "CPU µs",
    "times aiohttp's speed",
    "% of the floor's speed",
)


def report(results: Results) -> str:
    """A heading and a table for each scenario."""
    return "\n\n".join(
        f"### {name}: {SCENARIOS[name].about}\n\n{_table(slices)}"
        for name, slices in results.items()
    )


def _summaries(slices: Mapping[str, Sequence[Slice]]) -> list[Summary]:
    return summarize({title: [s.per_request for s in row] for title, row in slices.items()})


def cpu_per_request(slices: Sequence[Slice]) -> float:
    """The median of the contestant's own CPU seconds per request.

    Where the server or the machine is the bottleneck, this still tells contestants apart.
    """
    return statistics.median(one.cpu / one.requests for one in slices)


def _table(slices: Mapping[str, Sequence[Slice]]) -> str:
    rows = [
        [
            summary.client,
            f"{summary.median * 1e6:.1f}",
            f"{summary.spread * 100:.1f}",
            f"{cpu_per_request(slices[summary.client]) * 1e6:.1f}",
            "-" if summary.times_faster is None else f"{summary.times_faster:.2f}",
            "-" if summary.floor_share is None else f"{summary.floor_share * 100:.0f}",
        ]
        for summary in _summaries(slices)
    ]
    return markdown_table(_HEADER, rows)


def as_json(results: Results, settings: Mapping[str, object]) -> dict[str, object]:
    """Settings, versions, and per scenario each contestant's summary with its rounds."""
    return {
        "settings": dict(settings),
        "versions": versions(),
        "scenarios": {
            name: [
                {
                    **vars(summary),
                    "cpu": cpu_per_request(slices[summary.client]),
                    "rounds": [vars(one) for one in slices[summary.client]],
                }
                for summary in _summaries(slices)
            ]
            for name, slices in results.items()
        },
    }


def versions() -> dict[str, str]:
    """Python and the contestants that are installed."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in ("wherry", "aiohttp", "httpx"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
