"""Wheels: building each once, naming them to an installer, and what must be inside.

A wheel is named by its file (`name @ file://…`), so that no index can slip in another build of it.
"""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.projects import Project, normalized, sibling_closure

from ._installer import Installer

TEST_TOOLS = ("pytest>=8.3", "pytest-asyncio>=1", "pytest-timeout>=2.3", "hypothesis>=6.100")
"""What runs the tests of any package."""

TEST_EXTRA = "test"
"""The extra in which a package lists what only its own tests need."""


def build_wheels(
    names: Iterable[str], projects: Mapping[str, Project], installer: Installer, work: Path
) -> dict[str, Path]:
    """The wheels of these packages, built into work/wheels, by distribution name.

    Raises CommandError if one cannot be built.
    """
    names = sorted(names)
    builder, target = work / "builder", work / "wheels"
    target.mkdir()
    installer.create(builder)
    wanted = {line for name in names for line in projects[name].build_requires}
    installer.install(builder, sorted(wanted))
    for name in names:
        installer.build(builder, projects[name].folder, target)
    built = {normalized(path.name.partition("-")[0]): path for path in target.glob("*.whl")}
    return {name: built[name] for name in names}


def wheel_names(name: str, projects: Mapping[str, Project]) -> list[str]:
    """The packages whose wheels testing `name` alone needs, itself included."""
    return [name, *sibling_closure(name, projects, extras=(TEST_EXTRA,))]


def requirements(
    name: str, projects: Mapping[str, Project], wheels: Mapping[str, Path]
) -> list[str]:
    """What to install to test `name`: wheels by file, and the tools that run tests."""
    has_extra = TEST_EXTRA in projects[name].extras
    lines = [_by_file(name, f"[{TEST_EXTRA}]" if has_extra else "", wheels[name])]
    lines += [_by_file(sibling, "", wheels[sibling]) for sibling in wheel_names(name, projects)[1:]]
    return [*lines, *TEST_TOOLS]


def _by_file(name: str, extra: str, wheel: Path) -> str:
    return f"{name}{extra} @ {wheel.resolve().as_uri()}"


def missing_files(project: Project, wheel: Path) -> list[str]:
    """What a wheel should hold and does not: the type marker and the licence."""
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
    missing = []
    if f"{project.import_name}/py.typed" not in files:
        missing.append(f"{project.import_name}/py.typed")
    if not any(".dist-info/" in file and file.endswith("/LICENSE") for file in files):
        missing.append("LICENSE")
    return missing
