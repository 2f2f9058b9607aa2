"""The budgets of the gate, and the costs they are compared with when one is exceeded.

Two files beside this module. `budgets.toml` is written by hand: how many instructions each kind of
request may take. `baseline.json` is written by `gate --save`: what they took, by function, when the
budgets were last looked at.
"""

import importlib.util
import json
import platform
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.tables import markdown_table

from ._callgrind import Subject
from ._memory import WORK
from ._memory_report import Cost, over_budget, trimmed

BUDGETS = Path(__file__).with_name("budgets.toml")
BASELINE = Path(__file__).with_name("baseline.json")

MODES: Mapping[str, Mapping[str, str]] = {
    "pure": {"WHERRY_PURE": "1"},
    "speedups": {"WHERRY_PURE": ""},
}
"""How wherry runs, and the environment variables that say so."""


@dataclass(frozen=True)
class Budget:
    """Instructions that one request of this kind may take in this mode."""

    work: str
    mode: str
    instructions: int

    @property
    def subject(self) -> Subject:
        """What to count."""
        return Subject("wherry", self.work, environment=MODES[self.mode])

    @property
    def key(self) -> str:
        """Its name in the baseline."""
        return f"{self.work}/{self.mode}"


def read_budgets(source: Path = BUDGETS) -> list[Budget]:
    """Every budget. Raises ValueError for a kind or mode there is not, or one that is missing."""
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    expected = {(work, mode) for work in WORK for mode in MODES}
    found = {(work, mode) for work, table in tables.items() for mode in table}
    if found != expected:
        raise ValueError(
            f"expected budgets for {_named(expected)} in {source.name}, got {_named(found)}"
        )
    return [Budget(work, mode, tables[work][mode]) for work in WORK for mode in MODES]


def _named(pairs: set[tuple[str, str]]) -> str:
    return ", ".join(f"{work}/{mode}" for work, mode in sorted(pairs))


def has_speedups() -> bool:
    """Whether wherry-speedups is installed here with its C part."""
    if importlib.util.find_spec("wherry_speedups") is None:
        return False
    return bool(importlib.import_module("wherry_speedups").IS_NATIVE)


@dataclass(frozen=True)
class Baseline:
    """Costs by `Budget.key`, and the Python they were counted with."""

    python: str
    costs: Mapping[str, Cost]


def read_baseline(source: Path = BASELINE) -> Baseline:
    """The stored baseline; an empty one if there is none yet."""
    if not source.exists():
        return Baseline("", {})
    found = json.loads(source.read_text(encoding="utf-8"))
    return Baseline(found["python"], {key: Cost(**cost) for key, cost in found["costs"].items()})


def write_baseline(costs: Mapping[str, Cost], target: Path = BASELINE) -> None:
    """Stores costs; what is not among them stays as it was."""
    kept = {**read_baseline(target).costs, **costs}
    written = {
        "python": platform.python_version(),
        "costs": {key: asdict(trimmed(cost)) for key, cost in sorted(kept.items())},
    }
    target.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def gate_table(measured: Mapping[Budget, Cost]) -> str:
    """A row for each budget."""
    rows = [
        [
            budget.work,
            budget.mode,
            f"{cost.instructions:,.0f}",
            f"{budget.instructions:,}",
            f"{cost.instructions / budget.instructions * 100:.1f}",
        ]
        for budget, cost in measured.items()
    ]
    return markdown_table(["work", "mode", "instructions/request", "budget", "% of it"], rows)


def complaints(measured: Mapping[Budget, Cost], baseline: Baseline) -> Iterator[str]:
    """For each budget that is exceeded: by how much, and what grew."""
    for budget, cost in measured.items():
        text = over_budget(cost, budget.instructions, baseline.costs.get(budget.key))
        if text:
            yield f"### {budget.key}\n\n{text}{_other_python(baseline)}"


def _other_python(baseline: Baseline) -> str:
    here = platform.python_version()
    if not baseline.python or here == baseline.python:
        return ""
    return (
        f"\n\nThe baseline was counted with Python {baseline.python}, this is {here}:"
        " some of the growth may be Python's."
    )
