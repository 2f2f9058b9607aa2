"""How much of the public interface of each package has a type, as `pyright --verifytypes` sees it.

Mypy infers what is not annotated; other type checkers may infer something else. Pyright reads the
packages as they are installed beside this Python, so an editable install will do.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.projects import Project, read_projects
from tools.tables import markdown_table

Report = Mapping[str, Any]  # Any: pyright's JSON


@dataclass(frozen=True)
class Completeness:
    """The share of public symbols with a known type, and what keeps it from 1."""

    package: str
    score: float
    causes: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every public symbol has a type."""
        return self.score == 1 and not self.causes


def packages_of(root: Path, wanted: Sequence[str] = ()) -> list[Project]:
    """The packages to look at, all if none is named. Raises ValueError for one there is none of."""
    projects = read_projects(root)
    unknown = set(wanted) - projects.keys()
    if unknown:
        known = ", ".join(projects) or "none"
        raise ValueError(f"expected some of {known}; got {', '.join(sorted(unknown))}")
    return [projects[name] for name in wanted or projects]


def check_completeness(projects: Sequence[Project], root: Path) -> int:
    """Prints causes and a table; 1 if a package is incomplete. FileNotFoundError: no pyright."""
    results = [judged(_ask(project.import_name, root), root) for project in projects]
    for result in results:
        for cause in result.causes:
            print(f"{result.package}: {cause}")
    rows = [[r.package, f"{100 * r.score:.1f}", str(len(r.causes))] for r in results]
    print(markdown_table(["package", "% with a type", "causes"], rows))
    return 0 if all(result.is_complete for result in results) else 1


def _ask(package: str, root: Path) -> Report:
    # Pyright finds the packages through the `python` on PATH.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = ["pyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    try:
        ran = subprocess.run(
            command,
            cwd=root / "packages",  # where no folder is named like a package's import
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as exc:
        raise FileNotFoundError("expected pyright on PATH; pip install pyright") from exc
    try:
        report: Report = json.loads(ran.stdout)
    except json.JSONDecodeError as exc:
        raise ValueError(f"expected JSON from pyright, got {ran.stdout + ran.stderr!r}") from exc
    return report


def judged(report: Report, root: Path) -> Completeness:
    """What a report amounts to.

    A symbol that is unknown only because another one is, is left out while that one is there.
    """
    facts = report["typeCompleteness"]
    found = list(dict.fromkeys(_causes(report, root)))
    first = [text for text in found if not any(words in text for words in _CONSEQUENCES)]
    return Completeness(facts["packageName"], facts["completenessScore"], tuple(first or found))


_CONSEQUENCES = ("partially unknown", "Type unknown for")


def _causes(report: Report, root: Path) -> Iterator[str]:
    for found in report["generalDiagnostics"]:
        yield found["message"]
    for symbol in report["typeCompleteness"]["symbols"]:
        for found in symbol["diagnostics"]:
            if found["severity"] == "error":
                message = " ".join(found["message"].split())
                yield f"{_place(found, root)}{symbol['name']}: {message}"


def _place(found: Report, root: Path) -> str:
    if "range" not in found:
        return ""
    path = Path(found["file"])
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return f"{shown}:{found['range']['start']['line'] + 1}: "
