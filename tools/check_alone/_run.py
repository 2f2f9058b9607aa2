"""The command line of check_alone: which packages, how many at a time, and the summary."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.projects import ROOT, Project, normalized, read_projects
from tools.tables import markdown_table

from ._installer import CommandError, Installer, installer_for
from ._verify import Outcome, Verification
from ._wheels import build_wheels, wheel_names

_STEPS = ("wheel", "install", "load", "test")


def argument_parser() -> argparse.ArgumentParser:
    """The options; see `--help`."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.check_alone",
        description="Install each package with only what it declares and run its tests there.",
    )
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="default: all of them")
    parser.add_argument("--python", default=sys.executable, help="interpreter for the environments")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="packages at a time (default: 1)")
    parser.add_argument("--keep", action="store_true", help="keep the environments and say where")
    parser.add_argument("--root", type=Path, default=ROOT, help="repository (default: this one)")
    return parser


def chosen(names: Sequence[str], projects: Mapping[str, Project]) -> list[str]:
    """The packages to check: those named, by distribution or folder path, or all.

    Raises ValueError for a name that is none of ours.
    """
    wanted = [normalized(Path(name).name) for name in names] or sorted(projects)
    unknown = [name for name in wanted if name not in projects]
    if unknown:
        known = ", ".join(sorted(projects)) or "none"
        raise ValueError(f"expected names of packages ({known}), got {', '.join(unknown)}")
    return wanted


def verify_all(
    names: Sequence[str], root: Path, installer: Installer, work: Path, jobs: int
) -> list[Outcome]:
    """Builds the wheels these packages need and takes each through its steps.

    Raises CommandError if a wheel cannot be built.
    """
    projects = read_projects(root)
    needed = {wheel for name in names for wheel in wheel_names(name, projects)}
    wheels = build_wheels(needed, projects, installer, work)

    def verify(name: str) -> Outcome:
        folder = work / "alone" / name
        outcome = Verification(projects[name], projects, wheels, installer, folder, root).outcome()
        print(f"{name}: {'FAILED' if outcome.failure else outcome.tests}", flush=True)
        return outcome

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        return list(pool.map(verify, names))


def summary(outcomes: Sequence[Outcome]) -> str:
    """The failures in full, then one table row per package."""
    failures = [f"--- {o.distribution}\n{o.failure}\n" for o in outcomes if o.failure]
    rows = [[o.distribution, *_marks(o), o.tests or "-", f"{o.seconds:.1f}"] for o in outcomes]
    return "\n".join([*failures, markdown_table(["package", *_STEPS, "tests", "seconds"], rows)])


def _marks(outcome: Outcome) -> list[str]:
    """One word per step: ok, FAILED for the one that stopped it, - for those not reached."""
    count = len(outcome.steps)
    marks = ["ok"] * count + (["FAILED"] if outcome.failure else [])
    return marks + ["-"] * (len(_STEPS) - len(marks))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: prints the summary, returns 1 if a package failed, 2 if one is unknown."""
    options = argument_parser().parse_args(arguments)
    root = options.root.resolve()
    try:
        names = chosen(options.packages, read_projects(root))
    except ValueError as exc:
        print(exc)
        return 2
    work = Path(tempfile.mkdtemp(prefix="check-alone-"))
    try:
        outcomes = verify_all(names, root, installer_for(options.python), work, options.jobs)
    except CommandError as exc:
        print(f"could not build the wheels: {exc}")
        return 1
    finally:
        if options.keep:
            print(f"kept {work}")
        else:
            shutil.rmtree(work)
    print(summary(outcomes))
    return 1 if any(outcome.failure for outcome in outcomes) else 0
