"""Environments, wheels and installs, by uv where it is on PATH and by venv and pip elsewhere.

Decides which commands to run; knows nothing of the packages it installs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

_LEAKS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")


class CommandError(Exception):
    """A command failed: its arguments, its exit code, and all it printed."""

    def __init__(self, command: Sequence[str], code: int, output: str) -> None:
        super().__init__(command, code, output)
        self.command = command
        self.code = code
        self.output = output

    def __str__(self) -> str:
        return f"exit code {self.code} from {' '.join(self.command)}\n{self.output.rstrip()}"


def run(command: Sequence[str], *, cwd: Path | None = None) -> str:
    """Runs a command in an environment that shows it no packages of ours; returns its output.

    Raises CommandError for a non-zero exit code.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _LEAKS}
    environment |= {"PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        raise CommandError(command, ran.returncode, ran.stdout)
    return ran.stdout


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    folder, name = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return environment / folder / name


class Installer(Protocol):
    """Makes environments and fills them; raises CommandError if a command fails."""

    def create(self, environment: Path, /) -> None:
        """Makes an empty virtual environment in a folder that does not exist yet."""

    def install(self, environment: Path, requirements: Sequence[str], /) -> None:
        """Installs requirement lines into a virtual environment."""

    def build(self, environment: Path, folder: Path, target: Path, /) -> None:
        """Builds the wheel of the project in `folder` into the folder `target`.

        `environment` holds what the build requires.
        """


class Pip:
    """The standard library's venv, and the pip it brings."""

    def __init__(self, python: str) -> None:
        self._python = python

    def create(self, environment: Path, /) -> None:
        """`python -m venv`."""
        run([self._python, "-m", "venv", str(environment)])

    def install(self, environment: Path, requirements: Sequence[str], /) -> None:
        """`pip install`."""
        run([*_pip(environment), "install", "--quiet", *requirements])

    def build(self, environment: Path, folder: Path, target: Path, /) -> None:
        """`pip wheel`, without a further environment for the build."""
        run(
            [
                *_pip(environment),
                *("wheel", "--quiet", "--no-deps", "--no-build-isolation"),
                *("--wheel-dir", str(target), str(folder)),
            ]
        )


def _pip(environment: Path) -> list[str]:
    return [str(python_of(environment)), "-m", "pip", "--disable-pip-version-check"]


class Uv:
    """The same by uv, which takes a tenth of the time."""

    def __init__(self, python: str, uv: str = "uv") -> None:
        self._python = python
        self._uv = uv

    def create(self, environment: Path, /) -> None:
        """`uv venv`."""
        run([self._uv, "venv", "--quiet", "--python", self._python, str(environment)])

    def install(self, environment: Path, requirements: Sequence[str], /) -> None:
        """`uv pip install`."""
        python = str(python_of(environment))
        run([self._uv, "pip", "install", "--quiet", "--python", python, *requirements])

    def build(self, environment: Path, folder: Path, target: Path, /) -> None:
        """`uv build`, without a further environment for the build."""
        run(
            [
                *(self._uv, "build", "--quiet", "--wheel", "--no-build-isolation"),
                *("--python", str(python_of(environment)), "--out-dir", str(target), str(folder)),
            ]
        )


def installer_for(python: str) -> Installer:
    """Uv if it is on PATH, else pip; both make environments of the interpreter `python`."""
    uv = shutil.which("uv")
    return Pip(python) if uv is None else Uv(python, uv)


_: type[Installer] = Pip
_uv: type[Installer] = Uv
