"""Which paths go through mypy together, and the summary of the runs.

One cache serves all runs; a second pass over unchanged files takes about a second a run.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.projects import ROOT
from tools.tables import markdown_table

from ._complete import check_completeness, packages_of


@dataclass(frozen=True)
class Run:
    """Paths, relative to the root, that one run of mypy checks."""

    title: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What came of a run: whether it passed, mypy's output, and seconds."""

    run: Run
    passed: bool
    output: str
    seconds: float

    @property
    def verdict(self) -> str:
        """Mypy's last line, which counts errors and files."""
        return (self.output.strip().splitlines() or ["no output"])[-1]


def planned(root: Path, wanted: Sequence[str] = ()) -> list[Run]:
    """The runs for a repository, those with nothing to check left out.

    `wanted` are titles to keep ("sources" or a package); empty means all. Raises ValueError for one
    that does not exist.
    """
    folders = [root / name for name in ("tools", "tests-integration", "docs")]
    sources = [*sorted(root.glob("packages/*/src")), *folders]
    together = [path for path in sources if _has_python(path)]
    runs = [Run("sources", _relative(together, root))] if together else []
    runs += [
        Run(tests.parent.name, _relative([tests], root))
        for tests in sorted(root.glob("packages/*/tests"))
        if _has_python(tests)
    ]
    unknown = set(wanted) - {run.title for run in runs}
    if unknown:
        known = ", ".join(run.title for run in runs) or "none"
        raise ValueError(f"expected some of {known}; got {', '.join(sorted(unknown))}")
    return [run for run in runs if not wanted or run.title in wanted]


def _has_python(folder: Path) -> bool:
    return any(folder.rglob("*.py"))


def _relative(paths: Sequence[Path], root: Path) -> tuple[str, ...]:
    return tuple(path.relative_to(root).as_posix() for path in paths)


def execute(run: Run, root: Path) -> Result:
    """Runs mypy over the paths of one run, with the root's settings."""
    started = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "mypy.ini", *run.paths],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    return Result(run, ran.returncode == 0, ran.stdout, seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: prints errors and a summary; 1 if a run failed, 2 for an unknown name."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.check_types", description="Run mypy --strict over everything."
    )
    parser.add_argument(
        "--complete",
        action="store_true",
        help="instead, ask pyright how much of each package's public interface has a type",
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="'sources', or a package's tests")
    parser.add_argument("--root", type=Path, default=ROOT, help="repository (default: this one)")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    try:
        if options.complete:
            return check_completeness(packages_of(root, options.runs), root)
        runs = planned(root, options.runs)
    except (ValueError, FileNotFoundError) as exc:
        print(exc)
        return 2
    results = []
    for run in runs:
        results.append(execute(run, root))
        if not results[-1].passed:
            print(f"--- {run.title}\n{results[-1].output}", flush=True)
    rows = [[r.run.title, r.verdict, f"{r.seconds:.1f}"] for r in results]
    print(markdown_table(["run", "mypy says", "seconds"], rows))
    return 0 if results and all(result.passed for result in results) else 1
