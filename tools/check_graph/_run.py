"""Puts the rules in order and turns findings into an exit code."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tools.projects import ROOT

from . import _cycles, _rules, _without_io
from ._model import Finding
from ._read import read_packages


def check(root: Path, *, static_only: bool = False) -> list[Finding]:
    """All findings about the packages below `root`, in the order of the rules."""
    packages = read_packages(root)
    rules = (
        _rules.check_table,
        _rules.check_declared,
        _rules.check_used,
        _rules.check_layers,
        _rules.check_private,
        _rules.check_outside,
        _cycles.check_package_cycles,
        _cycles.check_module_cycles,
        _without_io.check_without_io,
    )
    findings = [finding for rule in rules for finding in rule(packages)]
    if not static_only:
        findings += _without_io.check_loaded(packages, root)
    return list(dict.fromkeys(findings))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: prints findings, returns 1 if there are any."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.check_graph",
        description="Prove that packages import what they declare, downwards and without cycles.",
    )
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="repository to check (default: this one)"
    )
    parser.add_argument("--static", action="store_true", help="read the sources, import nothing")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    count = len(list(root.glob("packages/*/pyproject.toml")))
    if count == 0:
        print(
            f"expected packages/*/pyproject.toml below {root}, found none;"
            " give the repository as --root"
        )
        return 1
    findings = check(root, static_only=options.static)
    for finding in findings:
        print(finding)
    print(f"{count} packages, {len(findings)} finding{'' if len(findings) == 1 else 's'}")
    return 1 if findings else 0
