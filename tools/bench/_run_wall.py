"""The commands wall, compare and plot: servers and contestants for the scenarios that are asked."""

import argparse
import contextlib
import dataclasses
import json
from collections.abc import Mapping, Sequence

from . import _certificate, _nginx, _plot
from ._bodies import FILES
from ._choice import chosen_contestants, environment_of, note
from ._clients import CLIENTS
from ._compare import compare as comparison
from ._contestants import CONTESTANTS
from ._machine import machine
from ._pinning import two_cpus
from ._places import Places
from ._scenarios import SCENARIOS, Scenario
from ._socket_scenarios import SOCKET_SCENARIOS, SocketScenario
from ._socket_servers import KINDS, SocketServerError, socket_server
from ._sockets import SOCKET_CLIENTS
from ._wall import ContestantError, Plan, Slice, Trouble, run_scenario, worker
from ._wall_report import Kept, as_json, load_results, report

LOADS: Mapping[str, Scenario | SocketScenario] = {**SCENARIOS, **SOCKET_SCENARIOS}
"""Every scenario by name."""

GROUPS = tuple(dict.fromkeys(load.group for load in LOADS.values()))
"""What `--group` knows, in the order they run."""


def asked(scenarios: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The scenarios of these names and groups, in their own order; the quick ones by default."""
    if not scenarios and not groups:
        groups = ["quick"]
    return [
        name
        for name, load in LOADS.items()
        if name in scenarios or load.group in groups or "all" in groups
    ]


def wall(options: argparse.Namespace) -> int:
    """Times contestants; 1 if one of them fails or there is no nginx."""
    scenarios = asked(options.scenario or [], options.group or [])
    titles = chosen_contestants(options.clients)
    cpus = two_cpus()
    if cpus[0] is None:
        note(["client and server share CPUs here: expect noise"])
    if options.plots:
        _plot.require_matplotlib()
    plan = Plan(options.rounds, options.seconds)
    try:
        kept = _measure(titles, scenarios, plan, cpus)
    except (_nginx.ServerError, SocketServerError, ContestantError) as exc:
        print(exc)
        return 1
    print(report(kept.results, kept.trouble))
    _write(kept, options, {**vars(plan), "client_cpu": cpus[0], "server_cpu": cpus[1]})
    return 1 if kept.trouble.failed else 0


@dataclasses.dataclass
class _Measured:
    results: dict[str, dict[str, list[Slice]]] = dataclasses.field(default_factory=dict)
    contestants: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    trouble: Trouble = dataclasses.field(default_factory=Trouble)


def _write(kept: _Measured, options: argparse.Namespace, settings: Mapping[str, object]) -> None:
    if options.json:
        written = as_json(kept.results, settings, kept.contestants, kept.trouble)
        options.json.write_text(json.dumps(written, indent=1), encoding="utf-8")
    if options.plots:
        found = Kept(machine(), settings, kept.contestants, kept.results)
        drawn = _plot.draw(found, options.plots)
        note(map(str, drawn))


def _measure(
    titles: Sequence[str],
    scenarios: Sequence[str],
    plan: Plan,
    cpus: tuple[int | None, int | None],
) -> _Measured:
    kept = _Measured()
    with contextlib.ExitStack() as stack:
        places = _servers(stack, scenarios, cpus[1])
        workers = []
        for title in titles:
            environment = environment_of(CONTESTANTS[title].client)
            assert environment is not None
            started = worker(CONTESTANTS[title], environment.interpreter, places, cpus[0])
            workers.append(stack.enter_context(started))
            kept.contestants[title] = workers[-1].facts()
        for name in scenarios:
            missing = _missing_server(LOADS[name], places)
            if missing:
                note([f"{name} left out: {missing}"])
                kept.trouble.unable.append(f"{name} left out: {missing}")
                continue
            able = [one for one in workers if one.client in _able(LOADS[name])]
            kept.results[name] = run_scenario(
                LOADS[name], able, plan, lambda text: note([text]), kept.trouble
            )
    return kept


def _able(load: Scenario | SocketScenario) -> Sequence[str]:
    return SOCKET_CLIENTS if isinstance(load, SocketScenario) else CLIENTS


def _servers(stack: contextlib.ExitStack, scenarios: Sequence[str], cpu: int | None) -> Places:
    """Starts what the scenarios need, one server after another on one CPU."""
    places = Places()
    if any(name in SCENARIOS for name in scenarios):
        places = stack.enter_context(_nginx.serving(FILES, cpu=cpu))
    if any(name in SOCKET_SCENARIOS for name in scenarios):
        bases = {}
        for kind in KINDS:
            environment = environment_of(kind)
            if environment is not None:
                server = socket_server(kind, environment.interpreter, cpu=cpu)
                bases[kind] = stack.enter_context(server)
        places = dataclasses.replace(
            places,
            socket=bases.get("picows", ""),
            deflating_socket=bases.get("websockets", ""),
        )
    return places


def _missing_server(load: Scenario | SocketScenario, places: Places) -> str:
    """Why a scenario cannot run here; empty if it can."""
    if isinstance(load, SocketScenario):
        kind = "websockets" if load.compressed else "picows"
        there = places.socket_for(compressed=load.compressed)
        return "" if there else f"its server needs: python -m tools.bench setup {kind}"
    if load.tls and not places.tls:
        return _certificate.INSTALL_HINT
    if load.hosts > len(places.hosts):
        return "only Linux has all of 127.0.0.0/8"
    return ""


def compare(options: argparse.Namespace) -> int:
    """Prints what changed between two results."""
    print(comparison(load_results(options.before), load_results(options.after)))
    return 0


def plot(options: argparse.Namespace) -> int:
    """Draws a result; prints the files."""
    for file in _plot.draw(load_results(options.result), options.folder):
        print(file)
    return 0
