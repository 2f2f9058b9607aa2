"""The commands setup, startup and idle: environments, and what a process of a contestant takes."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ._choice import chosen_contestants, environment_of, note
from ._contestants import CONTESTANTS, REQUIREMENTS
from ._environments import SetupError, cache_folder, make_environment
from ._idle import IDLERS, IdleError, barrier_server, bytes_per_connection, idle_table
from ._machine import machine
from ._startup import STARTERS, StartError, measure_starts, start_table, starts_as_json

INSTALLABLE = ("wherry", *REQUIREMENTS)
"""What `setup` makes environments for."""


def setup(options: argparse.Namespace) -> int:
    """Makes environments; 1 if one could not be made, after trying the others."""
    unknown = [name for name in options.clients if name not in INSTALLABLE]
    if unknown:
        raise ValueError(f"expected some of {', '.join(INSTALLABLE)}; got {', '.join(unknown)}")
    failed = 0
    print(f"environments below {cache_folder()}")
    for client in options.clients or INSTALLABLE:
        try:
            print(f"{client}: {make_environment(client).interpreter}", flush=True)
        except SetupError as exc:
            failed += 1
            print(f"{client}: {exc}", flush=True)
    return 1 if failed else 0


def _interpreters(titles: Sequence[str]) -> dict[str, Path]:
    found = {title: environment_of(CONTESTANTS[title].client) for title in titles}
    return {title: where.interpreter for title, where in found.items() if where is not None}


def startup(options: argparse.Namespace) -> int:
    """Times imports; 1 if a contestant cannot be imported."""
    titles = chosen_contestants(options.clients, STARTERS)
    try:
        starts = measure_starts(_interpreters(titles), options.rounds)
    except StartError as exc:
        print(exc)
        return 1
    print(start_table(starts))
    _write(options.json, {"starts": starts_as_json(starts)})
    return 0


def idle(options: argparse.Namespace) -> int:
    """Measures memory per connection; 1 if a contestant fails, which is then left out."""
    interpreters = _interpreters(chosen_contestants(options.clients, IDLERS))
    measured: dict[str, list[float]] = {title: [] for title in interpreters}
    failed = []
    try:
        with barrier_server(tls=options.tls) as barrier:
            for number in range(options.rounds):
                for title in list(measured):
                    try:
                        found = bytes_per_connection(
                            title, interpreters[title], barrier, options.connections
                        )
                    except IdleError as exc:
                        failed.append(str(exc))
                        del measured[title]
                    else:
                        measured[title].append(found)
                note([f"round {number + 1} of {options.rounds}"])
    except IdleError as exc:
        print(exc)
        return 1
    print(idle_table(measured))
    for line in failed:
        print(f"left out: {line}")
    _write(options.json, {"tls": options.tls, "bytes_per_connection": measured, "failed": failed})
    return 1 if failed else 0


def _write(target: Path | None, measured: dict[str, object]) -> None:
    if target is not None:
        text = json.dumps({"machine": machine(), **measured}, indent=1)
        target.write_text(text, encoding="utf-8")
