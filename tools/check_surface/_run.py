"""Reads the facts and the reasons, compares, and turns what is left into an exit code."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from ._compare import compare
from ._deviations import Verdict, judge, read_deviations
from ._facts import read_surface

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: prints what is unexplained or stale, returns 1 if anything is."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.check_surface",
        description="Compare wherry with the client half of aiohttp.",
    )
    parser.add_argument(
        "--facts", type=Path, default=HERE / "surface.json", help="other facts than ours"
    )
    parser.add_argument(
        "--deviations", type=Path, default=HERE / "deviations.toml", help="other reasons than ours"
    )
    parser.add_argument(
        "--list", action="store_true", help="print the deviations with their reasons, too"
    )
    options = parser.parse_args(arguments)
    surface = read_surface(options.facts)
    deviations = read_deviations(options.deviations)
    verdict = judge(compare(surface), deviations)
    if options.list:
        _print_explained(verdict, deviations)
    for found in verdict.unexplained:
        print(f"{found}; if it is meant, add its key and a reason to {options.deviations.name}")
    for key in verdict.stale:
        print(f"{key}: no such difference any more; remove the line of {options.deviations.name}")
    explained = sum(len(group) for group in verdict.explained.values())
    print(
        f"{len(surface.names)} names, {explained} differences with a reason,"
        f" {len(verdict.unexplained)} without, {len(verdict.stale)} reasons without a difference"
    )
    return 0 if verdict.is_clean else 1


def _print_explained(verdict: Verdict, deviations: Mapping[str, str]) -> None:
    for key, group in verdict.explained.items():
        print(f"{key} ({len(group)}): {deviations[key]}")
