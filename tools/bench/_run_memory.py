"""The commands memory and gate: instructions per request."""

import argparse
import os

from . import _callgrind
from ._budgets import (
    complaints,
    gate_table,
    has_speedups,
    read_baseline,
    read_budgets,
    write_baseline,
)
from ._callgrind import Subject
from ._choice import chosen, note
from ._memory import MEMORY_CLIENTS, run_in_memory
from ._memory_report import Cost, cost_table, load, over_budget, save

_FEW = 100
"""Requests of the shorter counted run."""


def memory(options: argparse.Namespace) -> int:
    """Counts instructions per request; 1 if the budget is exceeded."""
    names, notes = chosen(options.clients, MEMORY_CLIENTS, str)
    note(notes)
    budgeted = "wherry" if "wherry" in names else names[0]
    if options.budget and budgeted != "wherry" and not options.clients:
        raise ValueError("expected wherry for --budget, and it is not installed")
    baseline = load(options.baseline) if options.baseline else {}
    if not _callgrind.is_available():
        for name in names:
            run_in_memory(name, options.requests, tasks=options.tasks, work=options.work)
        print(f"the harness ran, nothing was counted; {_callgrind.INSTALL_HINT}")
        return 1
    costs = [_cost(Subject(name, options.work, options.tasks), options.requests) for name in names]
    print(cost_table(costs))
    if options.save:
        save(costs, options.save)
    if options.budget is None:
        return 0
    measured = next(cost for cost in costs if cost.client == budgeted)
    complaint = over_budget(measured, options.budget, baseline.get(budgeted))
    print(complaint or f"{budgeted} is within its budget of {options.budget:,}")
    return 1 if complaint else 0


def _cost(subject: Subject, requests: int) -> Cost:
    note([f"counting {subject.client}, {subject.work}, under valgrind …"])
    counted = _callgrind.count(subject, few=_FEW, many=_FEW + requests)
    calls = _callgrind.count_calls(subject)
    return Cost(subject.client, counted.instructions, counted.functions, calls)


def gate(options: argparse.Namespace) -> int:
    """Counts wherry against every budget; 1 if one is exceeded or cannot be counted."""
    if not _callgrind.is_available():
        print(_callgrind.INSTALL_HINT)
        return 1
    budgets = read_budgets()
    if not has_speedups():
        note(["speedups left out: wherry-speedups is not installed here with its C part"])
        if os.environ.get("WHERRY_REQUIRE_PEERS") == "1":
            return 1
        budgets = [budget for budget in budgets if budget.mode == "pure"]
    measured = {budget: _cost(budget.subject, options.requests) for budget in budgets}
    print(gate_table(measured))
    if options.save:
        write_baseline({budget.key: cost for budget, cost in measured.items()})
    found = list(complaints(measured, read_baseline()))
    print("\n\n".join(found) if found else "\nwherry is within its budgets")
    return 1 if found else 0
