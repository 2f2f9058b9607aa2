"""The packages of the repository as their pyproject files declare them.

Decides how a name is normalized and which siblings a package needs; knows nothing of sources.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The root of the repository this file is in."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class Project:
    """One folder under packages/, with its requirement lines as written."""

    distribution: str
    folder: Path
    dependencies: tuple[str, ...]
    extras: Mapping[str, tuple[str, ...]]
    build_requires: tuple[str, ...]

    @property
    def import_name(self) -> str:
        """The name to import: the distribution's, with underscores."""
        return self.distribution.replace("-", "_")


def normalized(distribution: str) -> str:
    """The distribution name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def required_name(line: str) -> str:
    """The normalized name a requirement line starts with.

    Raises ValueError if it starts with none.
    """
    match = _NAME.match(line.strip())
    if match is None:
        raise ValueError(f"expected a requirement that starts with a name, got {line!r}")
    return normalized(match.group())


def read_project(folder: Path) -> Project:
    """The project in `folder`. Raises OSError or tomllib.TOMLDecodeError if it cannot be read."""
    data = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    extras = data["project"].get("optional-dependencies", {})
    return Project(
        distribution=normalized(data["project"]["name"]),
        folder=folder,
        dependencies=tuple(data["project"].get("dependencies", [])),
        extras={normalized(name): tuple(lines) for name, lines in extras.items()},
        build_requires=tuple(data.get("build-system", {}).get("requires", [])),
    )


def read_projects(root: Path) -> dict[str, Project]:
    """Every project below root/packages, by distribution name."""
    folders = (path.parent for path in sorted(root.glob("packages/*/pyproject.toml")))
    return {project.distribution: project for project in map(read_project, folders)}


def sibling_closure(
    name: str, projects: Mapping[str, Project], *, extras: Iterable[str] = ()
) -> list[str]:
    """The siblings that installing `name` with these of its extras needs, sorted."""
    lines = list(projects[name].dependencies)
    for extra in extras:
        lines += projects[name].extras.get(extra, ())
    found = {name}
    while lines:
        required = required_name(lines.pop())
        if required in projects and required not in found:
            found.add(required)
            lines += projects[required].dependencies
    return sorted(found - {name})
