"""The command line of fuzz: which targets, how long, and what was found."""

import argparse
import random
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import hypothesis
from hypothesis import HealthCheck, Phase

from tools.tables import markdown_table

from ._targets import Target, targets

_ROUND = 100
"""Inputs per round of hypothesis; the clock is looked at between rounds."""


@dataclass(frozen=True)
class Finding:
    """What came of one target: inputs tried, seconds taken, and the failure in full, if any."""

    target: str
    inputs: int
    seconds: float
    failure: str


def argument_parser() -> argparse.ArgumentParser:
    """The options; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz", description="Feed parsers what no peer should send."
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all; see --list")
    parser.add_argument("--seconds", type=float, default=60.0, help="in all (default: 60)")
    parser.add_argument("--seed", type=int, help="of a run to be repeated (default: random)")
    parser.add_argument("--list", action="store_true", help="print the names of the targets")
    return parser


def chosen(names: Sequence[str]) -> list[Target]:
    """The targets of these names, or all. Raises ValueError for an unknown one."""
    known = targets()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"expected some of {', '.join(known)}; got {', '.join(unknown)}")
    return [known[name] for name in names or known]


def attack(target: Target, *, seed: int, seconds: float, inputs: int = _ROUND) -> Finding:
    """Feeds a target rounds of `inputs` until the time is up; one round at least."""
    started = time.perf_counter()
    tried = 0

    def check(data: object) -> None:
        nonlocal tried
        tried += 1
        target.check(data)

    failure = ""
    try:
        while True:
            _round(target, check, seed, inputs)
            seed += 1
            if time.perf_counter() - started >= seconds:
                break
    except Exception:
        failure = f"{target.name}, --seed {seed}:\n{traceback.format_exc()}"
    return Finding(target.name, tried, time.perf_counter() - started, failure)


def _round(target: Target, check: object, seed: int, inputs: int) -> None:
    settings = hypothesis.settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run = settings(hypothesis.given(target.inputs)(check))  # type: ignore[arg-type]
    hypothesis.seed(seed)(run)()


def report(findings: Sequence[Finding]) -> str:
    """The failures in full, then one table row per target."""
    failures = [finding.failure for finding in findings if finding.failure]
    rows = [
        [found.target, f"{found.inputs:,}", f"{found.seconds:.1f}", _outcome(found)]
        for found in findings
    ]
    return "\n".join([*failures, markdown_table(["target", "inputs", "seconds", "outcome"], rows)])


def _outcome(finding: Finding) -> str:
    return "FAILED" if finding.failure else "ok"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: prints the report, returns 1 if a check failed, 2 for an unknown target."""
    options = argument_parser().parse_args(arguments)
    try:
        wanted = chosen(options.targets)
    except ValueError as exc:
        print(exc, file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(target.name for target in wanted))
        return 0
    seed = random.randrange(2**32) if options.seed is None else options.seed
    seconds = options.seconds / len(wanted)
    findings = [attack(target, seed=seed, seconds=seconds) for target in wanted]
    print(report(findings))
    return 1 if any(finding.failure for finding in findings) else 0
