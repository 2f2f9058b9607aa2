"""One package, alone: the steps, and what came of them.

Each step either passes or raises CommandError or CheckError; the first failure ends the package's
turn.
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.check_graph.table import IO_MODULES, WITHOUT_IO
from tools.projects import Project

from ._installer import CommandError, Installer, python_of, run
from ._wheels import missing_files, requirements

_PROBE = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(",".join(sorted(set(sys.argv[2].split(",")) & set(sys.modules))))
"""

_NO_TESTS = 5
"""pytest's exit code when it collected nothing."""


class CheckError(Exception):
    """A package broke a promise; the message says which and what to do."""


@dataclass(frozen=True)
class Outcome:
    """What came of one package: how far it got, how long it took in seconds, and why it stopped.

    `failure` is empty if all steps passed; `tests` is pytest's own summary line.
    """

    distribution: str
    steps: tuple[str, ...]
    tests: str
    seconds: float
    failure: str


class Verification:
    """Takes one package through its steps in a folder of its own."""

    def __init__(
        self,
        project: Project,
        projects: Mapping[str, Project],
        wheels: Mapping[str, Path],
        installer: Installer,
        folder: Path,
        root: Path,
    ) -> None:
        self._project = project
        self._projects = projects
        self._wheels = wheels
        self._installer = installer
        self._folder = folder
        self._root = root
        self._python = str(python_of(folder / "env"))
        self._tests = ""

    def outcome(self) -> Outcome:
        """Runs the steps until one fails."""
        started = time.perf_counter()
        passed: list[str] = []
        failure = ""
        try:
            for step in (self.wheel, self.install, self.load, self.test):
                step()
                passed.append(step.__name__)
        except (CheckError, CommandError) as exc:
            failure = str(exc)
        return Outcome(
            distribution=self._project.distribution,
            steps=tuple(passed),
            tests=self._tests,
            seconds=time.perf_counter() - started,
            failure=failure,
        )

    def wheel(self) -> None:
        """The wheel holds py.typed and LICENSE."""
        missing = missing_files(self._project, self._wheels[self._project.distribution])
        if missing:
            raise CheckError(
                f"the wheel of {self._project.distribution} lacks {' and '.join(missing)}; add"
                f" them to {self._project.folder.name}/ and to its build configuration"
            )

    def install(self) -> None:
        """The package installs with what it declares, in a new environment."""
        self._folder.mkdir(parents=True)
        environment = self._folder / "env"
        self._installer.create(environment)
        lines = requirements(self._project.distribution, self._projects, self._wheels)
        self._installer.install(environment, lines)

    def load(self) -> None:
        """The package can be imported, and loads no I/O if it is one of those that must not."""
        wanted = ",".join(sorted(IO_MODULES))
        name = self._project.import_name
        loaded = run([self._python, "-c", _PROBE, name, wanted], cwd=self._folder).strip()
        if loaded and self._project.distribution in WITHOUT_IO:
            raise CheckError(
                f"importing {name} loads {loaded}; find the import with"
                f" python -X importtime -c 'import {name}' and move it to a package above"
            )

    def test(self) -> None:
        """A copy of the tests passes, outside the repository, with the repository's settings."""
        copy = self._folder / "run" / "package"
        shutil.copytree(self._project.folder, copy, ignore=_left_behind)
        settings = shutil.copy(self._root / "pytest.ini", copy.parent)
        command = [self._python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-c", str(settings), "--rootdir", str(copy.parent), "package/tests"]
        try:
            output = run(command, cwd=copy.parent)
        except CommandError as exc:
            if exc.code == _NO_TESTS or not (copy / "tests").is_dir():
                folder = f"{self._project.folder.name}/tests"
                raise CheckError(f"no tests in {folder}; add some") from exc
            self._tests = _last_line(exc.output)
            raise
        self._tests = _last_line(output)


def _last_line(output: str) -> str:
    """The summary pytest ends with."""
    return (output.strip().splitlines() or [""])[-1].strip("= ")


def _left_behind(_folder: str, names: list[str]) -> set[str]:
    """What is not copied: the sources, which come from the wheel, and what builds leave behind."""
    return {name for name in names if name in {"src", "dist", "build", "__pycache__"}}
