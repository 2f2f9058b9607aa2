"""What `bench memory` prints and keeps: the table, and what grew when a budget is exceeded."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.tables import markdown_table

from ._memory import grown

_SHOWN = 10
"""Rows of what grew; the rest is noise."""


@dataclass(frozen=True)
class Cost:
    """What one request costs: instructions, the same by C function, and calls by function."""

    client: str
    instructions: float
    functions: Mapping[str, float]
    calls: Mapping[str, float]


_LEAST_SHARE = 0.0005
"""Of all instructions; C functions below it are not kept in a stored baseline."""


def trimmed(cost: Cost) -> Cost:
    """The cost without what is too small to explain anything, rounded, for a file in the tree."""
    least = cost.instructions * _LEAST_SHARE
    functions = {name: round(value) for name, value in cost.functions.items() if value >= least}
    calls = {name: round(value, 2) for name, value in cost.calls.items()}
    return Cost(cost.client, round(cost.instructions), functions, calls)


def cost_table(costs: Sequence[Cost]) -> str:
    """One row per client; where aiohttp was counted too, how many times less than it."""
    reference = next((cost.instructions for cost in costs if cost.client == "aiohttp"), None)
    rows = [
        [cost.client, f"{cost.instructions:,.0f}", _times(reference, cost.instructions)]
        for cost in costs
    ]
    return markdown_table(["client", "instructions/request", "times less than aiohttp"], rows)


def _times(reference: float | None, instructions: float) -> str:
    return "-" if reference is None else f"{reference / instructions:.2f}"


def save(costs: Sequence[Cost], target: Path) -> None:
    """Writes costs as JSON, to be the baseline of a later run."""
    target.write_text(json.dumps([asdict(cost) for cost in costs], indent=1), encoding="utf-8")


def load(source: Path) -> dict[str, Cost]:
    """Costs by client, from a file `save` wrote. Raises OSError or ValueError if it is none."""
    entries = json.loads(source.read_text(encoding="utf-8"))
    return {entry["client"]: Cost(**entry) for entry in entries}


def over_budget(cost: Cost, budget: int, before: Cost | None) -> str:
    """Why a cost is too high, empty if it is not.

    With a baseline, what costs more than it did; without, what costs most.
    """
    if cost.instructions <= budget:
        return ""
    over = cost.instructions - budget
    head = (
        f"{cost.client} takes {cost.instructions:,.0f} instructions a request,"
        f" {over:,.0f} above the budget of {budget:,}."
    )
    if before is None:
        head += (
            " What costs most (give a good run, kept with --save, as --baseline to see what grew):"
        )
    else:
        head += f" What grew since the baseline of {before.instructions:,.0f}:"
    calls = _growth("Python function", "calls", cost.calls, before.calls if before else {})
    functions = _growth(
        "C function", "instructions", cost.functions, before.functions if before else {}
    )
    return "\n\n".join([head, calls, functions])


def _growth(title: str, unit: str, now: Mapping[str, float], before: Mapping[str, float]) -> str:
    rows = [
        [name, f"{old:,.1f}", f"{new:,.1f}", f"{new - old:+,.1f}"]
        for name, old, new in grown(now, before)[:_SHOWN]
    ]
    if not rows:
        return f"No {title} costs more {unit} than it did."
    return markdown_table([title, f"{unit} before", "now", "growth"], rows)
