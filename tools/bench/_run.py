"""The command line of bench: which contestants, how long, and what to do with the result."""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from . import _callgrind, _nginx
from ._clients import is_installed
from ._memory import MEMORY_CLIENTS, calls_per_request, run_in_memory
from ._memory_report import Cost, cost_table, load, over_budget, save
from ._micro import PEERS, DisagreementError, installed_peers, run_case
from ._micro_codec import codec_cases
from ._micro_cookies import cookie_cases
from ._micro_report import micro_table
from ._pinning import two_cpus
from ._scenarios import FILES, SCENARIOS
from ._wall import CONTESTANTS, ContestantError, Plan, run_scenario, worker
from ._wall_report import Results, as_json, report

_FEW = 100
"""Requests of the shorter counted run."""


def argument_parser() -> argparse.ArgumentParser:
    """The options; see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Measure clients.")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_memory(commands.add_parser("memory", help="instructions per request, without I/O"))
    _add_wall(commands.add_parser("wall", help="time per request, against nginx"))
    _add_micro(commands.add_parser("micro", help="parsers and cookie jars alone, in ratios"))
    return parser


def _add_memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="default: those installed")
    parser.add_argument("--requests", type=_positive, default=400, help="counted (default: 400)")
    parser.add_argument("--tasks", type=_positive, default=1, help="at a time (default: 1)")
    parser.add_argument("--budget", type=_positive, metavar="N", help="exit 1 if wherry takes more")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="to compare with, from --save"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep this run as a baseline")


def _add_wall(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="default: those installed")
    parser.add_argument(
        "--scenario",
        action="append",
        choices=sorted(SCENARIOS),
        help="may be repeated (default: all)",
    )
    parser.add_argument("--rounds", type=_positive, default=7, help="default: 7")
    parser.add_argument("--seconds", type=float, default=0.4, help="per slice (default: 0.4)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured")


def _add_micro(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=_positive, default=15, help="default: 15")
    parser.add_argument("--seconds", type=float, default=0.05, help="per turn (default: 0.05)")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return number


def chosen(
    wanted: Sequence[str], known: Iterable[str], client_of: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """The contestants to run, and notes about those left out because they are not installed.

    Raises ValueError for one that is named and unknown or not installed.
    """
    known = list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"expected some of {', '.join(known)}; got {', '.join(unknown)}")
    missing = [name for name in wanted or known if not is_installed(client_of(name))]
    notes = [f"{name} left out: pip install {client_of(name)}" for name in missing]
    if wanted and missing:
        raise ValueError("; ".join(notes))
    return [name for name in wanted or known if name not in missing], notes


def memory(options: argparse.Namespace) -> int:
    """Counts instructions per request; 1 if the budget is exceeded."""
    names, notes = chosen(options.clients, MEMORY_CLIENTS, str)
    _note(notes)
    budgeted = "wherry" if "wherry" in names else names[0]
    if options.budget and budgeted != "wherry" and not options.clients:
        raise ValueError("expected wherry for --budget, and it is not installed")
    baseline = load(options.baseline) if options.baseline else {}
    if not _callgrind.is_available():
        for name in names:
            run_in_memory(name, options.requests, tasks=options.tasks)
        print(f"the harness ran, nothing was counted; {_callgrind.INSTALL_HINT}")
        return 1
    costs = [_cost(name, options.requests, options.tasks) for name in names]
    print(cost_table(costs))
    if options.save:
        save(costs, options.save)
    if options.budget is None:
        return 0
    measured = next(cost for cost in costs if cost.client == budgeted)
    complaint = over_budget(measured, options.budget, baseline.get(budgeted))
    print(complaint or f"{budgeted} is within its budget of {options.budget:,}")
    return 1 if complaint else 0


def _cost(name: str, requests: int, tasks: int) -> Cost:
    _note([f"counting {name} under valgrind …"])
    counted = _callgrind.count(name, few=_FEW, many=_FEW + requests, tasks=tasks)
    calls = calls_per_request(name, tasks=tasks)
    return Cost(name, counted.instructions, counted.functions, calls)


def wall(options: argparse.Namespace) -> int:
    """Times contestants against nginx; 1 if one of them fails or there is no nginx."""
    names, notes = chosen(options.clients, CONTESTANTS, lambda title: CONTESTANTS[title].client)
    client_cpu, server_cpu = two_cpus()
    if client_cpu is None:
        notes.append("client and server share CPUs here: expect noise")
    _note(notes)
    plan = Plan(options.rounds, options.seconds)
    try:
        with _nginx.serving(FILES, cpu=server_cpu) as base:
            results = _rounds(names, options.scenario or list(SCENARIOS), base, client_cpu, plan)
    except (_nginx.ServerError, ContestantError) as exc:
        print(exc)
        return 1
    print(report(results))
    if options.json:
        settings = {**vars(plan), "client_cpu": client_cpu, "server_cpu": server_cpu}
        text = json.dumps(as_json(results, settings), indent=1)
        options.json.write_text(text, encoding="utf-8")
    return 0


def _rounds(
    names: Sequence[str], scenarios: Sequence[str], base: str, cpu: int | None, plan: Plan
) -> Results:
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(worker(CONTESTANTS[name], base, cpu)) for name in names]
        return {
            name: run_scenario(SCENARIOS[name], workers, plan, lambda text: _note([text]))
            for name in scenarios
        }


def micro(options: argparse.Namespace) -> int:
    """Times small pieces of work; 1 if contestants disagree about a result."""
    names = installed_peers()
    _note(f"{name} left out: pip install {name}" for name in PEERS if name not in names)
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        results = []
        for case in [*codec_cases(loop, names), *cookie_cases(loop, names)]:
            try:
                results.append(run_case(case, rounds=options.rounds, seconds=options.seconds))
            except DisagreementError as exc:
                print(exc)
                return 1
            _note([f"{case.name}: done"])
    print(micro_table(results))
    return 0


def _note(lines: Iterable[str]) -> None:
    """Progress and remarks go to standard error, so that standard output is the table alone."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 2 for contestants that cannot run."""
    options = argument_parser().parse_args(arguments)
    commands = {"memory": memory, "wall": wall, "micro": micro}
    try:
        return commands[options.command](options)
    except (ValueError, _callgrind.CountingError) as exc:
        print(exc, file=sys.stderr)
        return 2
