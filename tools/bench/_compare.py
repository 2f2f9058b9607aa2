"""Two results side by side: what changed by more than the rounds move by themselves."""

from tools.tables import markdown_table

from ._machine import check_same_machine
from ._statistics import Summary
from ._wall_report import Kept

_HEADER = (
    "scenario",
    "client",
    "before µs",
    "after µs",
    "after/before",
    "times aiohttp",
    "verdict",
)

_ENOUGH = 3
"""Rounds; the spread of fewer says nothing."""


def compare(before: Kept, after: Kept) -> str:
    """A table of what both results have, and what the versions were.

    Raises OtherMachineError for results of two machines.
    """
    check_same_machine(before.machine, after.machine)
    rows = [
        _row(name, one, after.summaries(name)[client], _rounds(before, after, name, client))
        for name in before.results
        if name in after.results
        for client, one in before.summaries(name).items()
        if client in after.results[name]
    ]
    if not rows:
        return "The two results have no scenario with a contestant in common."
    return "\n\n".join([markdown_table(_HEADER, rows), *_other_versions(before, after)])


def _rounds(before: Kept, after: Kept, scenario: str, client: str) -> int:
    """How many the result with fewer rounds has."""
    return min(len(kept.results[scenario][client]) for kept in (before, after))


def _row(scenario: str, before: Summary, after: Summary, rounds: int) -> list[str]:
    return [
        scenario,
        before.client,
        f"{before.median * 1e6:,.1f}",
        f"{after.median * 1e6:,.1f}",
        f"{after.median / before.median:.2f}",
        f"{_times(before)} → {_times(after)}",
        verdict(before, after) if rounds >= _ENOUGH else "too few rounds",
    ]


def _times(summary: Summary) -> str:
    return "-" if summary.times_faster is None else f"{summary.times_faster:.2f}"


def verdict(before: Summary, after: Summary) -> str:
    """`faster` or `slower`, where the medians are further apart than both spreads reach."""
    change = after.median / before.median - 1
    if abs(change) <= before.spread + after.spread:
        return "same"
    return "slower" if change > 0 else "faster"


def _other_versions(before: Kept, after: Kept) -> list[str]:
    changed = [
        f"- {title}: {_version(before, title)} → {_version(after, title)}"
        for title in before.contestants
        if title in after.contestants and _version(before, title) != _version(after, title)
    ]
    return ["\n".join(["Other versions:", *changed])] if changed else []


def _version(kept: Kept, title: str) -> str:
    facts = kept.contestants[title]
    return f"{facts.get('version') or '-'} on Python {facts.get('python', '-')}"
