"""What `bench wall` prints and keeps: Markdown tables, and everything measured as JSON."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.tables import markdown_table

from ._machine import machine
from ._scenarios import SCENARIOS
from ._socket_scenarios import SOCKET_SCENARIOS
from ._statistics import Summary, summarize
from ._wall import Slice, Trouble

Results = Mapping[str, Mapping[str, Sequence[Slice]]]
"""Scenario to contestant to slices, round by round."""

ABOUT = {
    name: scenario.about
    for scenarios in (SCENARIOS, SOCKET_SCENARIOS)
    for name, scenario in scenarios.items()
}
"""What each scenario is, by name."""

_HEADER = (
    "client",
    "µs/request",
    "± %",
    "CPU µs",
    "times aiohttp's speed",
    "% of the floor's speed",
)


def report(results: Results, trouble: Trouble | None = None) -> str:
    """A heading and a table for each scenario, and who is missing from which."""
    parts = [
        f"### {name}: {ABOUT[name]}\n\n{_table(slices)}"
        for name, slices in results.items()
        if slices
    ]
    for title, lines in _lists(trouble or Trouble()):
        parts.append("\n".join([f"### {title}", "", *(f"- {line}" for line in lines)]))
    return "\n\n".join(parts)


def _lists(trouble: Trouble) -> list[tuple[str, list[str]]]:
    found = [("Left out", trouble.unable), ("Failed", trouble.failed)]
    return [(title, lines) for title, lines in found if lines]


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
            f"{summary.median * 1e6:,.1f}",
            f"{summary.spread * 100:.1f}",
            f"{cpu_per_request(slices[summary.client]) * 1e6:,.1f}",
            "-" if summary.times_faster is None else f"{summary.times_faster:.2f}",
            "-" if summary.floor_share is None else f"{summary.floor_share * 100:.0f}",
        ]
        for summary in _summaries(slices)
    ]
    return markdown_table(_HEADER, rows)


def as_json(
    results: Results,
    settings: Mapping[str, object],
    contestants: Mapping[str, Mapping[str, str]],
    trouble: Trouble,
) -> dict[str, object]:
    """Machine, settings, versions, and per scenario each contestant's summary with its rounds."""
    return {
        "machine": machine(),
        "settings": dict(settings),
        "contestants": {title: dict(facts) for title, facts in contestants.items()},
        "unable": trouble.unable,
        "failed": trouble.failed,
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


@dataclass(frozen=True)
class Kept:
    """A result that was written as JSON, read back."""

    machine: Mapping[str, str]
    settings: Mapping[str, object]
    contestants: Mapping[str, Mapping[str, str]]
    results: Results

    def summaries(self, scenario: str) -> dict[str, Summary]:
        """By contestant, in the order they were run."""
        return {found.client: found for found in _summaries(self.results[scenario])}


def load_results(source: Path) -> Kept:
    """Reads what `as_json` made. Raises OSError, or ValueError if the file is something else."""
    found: Any = json.loads(source.read_text(encoding="utf-8"))
    try:
        results = {
            name: {
                row["client"]: [Slice(**one) for one in row["rounds"]]
                for row in found["scenarios"][name]
            }
            for name in found["scenarios"]
        }
        return Kept(found["machine"], found["settings"], found["contestants"], results)
    except (KeyError, TypeError) as exc:
        raise ValueError(f"expected a file that `bench wall --json` wrote, got {source}") from exc
