"""An environment for each client: made by `setup`, found again by the runs.

Each holds the newest release of one client with what it pulls in, so that none runs with another's
dependencies. They are below a folder of the user's cache, by Python version.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.projects import ROOT

from ._contestants import REQUIREMENTS

CACHE_VARIABLE = "WHERRY_BENCH_CACHE"
"""The environment variable that names another folder."""


class SetupError(Exception):
    """An environment could not be made; the message ends with what the installer said."""


@dataclass(frozen=True)
class Environment:
    """The Python a client runs with; `own` if `setup` made it for this client."""

    interpreter: Path
    own: bool


def cache_folder() -> Path:
    """Where the environments of this Python are."""
    base = os.environ.get(CACHE_VARIABLE)
    if base is None:
        base = str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "wherry-bench")
    return Path(base) / f"{sys.implementation.name}-{platform.python_version()}"


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def find_environment(client: str) -> Environment | None:
    """The client's own environment, or this one if the client is here; None if it is nowhere."""
    own = _interpreter(cache_folder() / client)
    if own.exists() and client != "floor":
        return Environment(own, own=True)
    here = Path(sys.executable)
    if client == "floor" or _imports(here, client):
        return Environment(here, own=False)
    return None


def _imports(interpreter: Path, module: str) -> bool:
    """Whether a Python can import a module; by trying, since half an installation is none."""
    tried = subprocess.run(
        [str(interpreter), "-c", f"import {module}"], cwd=ROOT, capture_output=True, check=False
    )
    return tried.returncode == 0


def requirements(client: str) -> list[str]:
    """What to install for a client: names for an index, or the packages of this repository."""
    if client != "wherry":
        return list(REQUIREMENTS[client])
    return [part for folder in _packages() for part in ("-e", str(folder))]


def _packages() -> Iterator[Path]:
    yield from (path.parent for path in sorted(ROOT.glob("packages/*/pyproject.toml")))


def make_environment(client: str) -> Environment:
    """Makes the client's environment anew. Raises SetupError; half an environment is removed."""
    folder = cache_folder() / client
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    interpreter = _interpreter(folder)
    try:
        for command in _commands(folder, interpreter, requirements(client)):
            _run(command)
        if not _imports(interpreter, client):
            raise SetupError(f"{client} was installed, and cannot be imported")
    except SetupError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Environment(interpreter, own=True)


def _commands(folder: Path, interpreter: Path, wanted: Sequence[str]) -> list[list[str]]:
    uv = shutil.which("uv")
    if uv is not None:
        return [
            [uv, "venv", "-q", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "-q", "--upgrade", "--python", str(interpreter), *wanted],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [str(interpreter), "-m", "pip", "install", "-q", "--upgrade", *wanted],
    ]


def _run(command: list[str]) -> None:
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        said = "\n".join(ran.stdout.strip().splitlines()[-5:])
        raise SetupError(f"exit code {ran.returncode} from {' '.join(command[:5])} …\n{said}")
