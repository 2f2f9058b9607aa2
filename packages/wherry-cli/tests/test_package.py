"""The public face of the package."""

import re
import tomllib
from pathlib import Path

import pytest

import wherry_cli
from wherry_cli._errors import ExitStatus
from wherry_cli.demo._steps import STEPS

ROOT = Path(__file__).parents[1]


def test_public_names() -> None:
    """The command and the version."""
    assert wherry_cli.__all__ == ["__version__", "main"]
    assert all(hasattr(wherry_cli, name) for name in wherry_cli.__all__)


def test_script_is_declared() -> None:
    """`wherry` on the command line is `wherry_cli.main`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["scripts"] == {"wherry": "wherry_cli:main"}


@pytest.mark.parametrize("status", ExitStatus)
def test_readme_has_every_exit_status(status: ExitStatus) -> None:
    """The table is part of the interface, so it is complete."""
    readme = (ROOT / "README.md").read_text("utf-8")

    assert re.search(rf"^\| {status.value} \|", readme, re.MULTILINE)


def test_readme_has_every_option() -> None:
    """And no option that is not there."""
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme.partition("## Options")[2].partition("\n## ")[0]
    described = set(re.findall(r"`(--[a-z-]+)", table))

    names = {
        name
        for command in ("request", "ws")
        for param in wherry_cli.main.commands[command].params
        for name in [*param.opts, *param.secondary_opts]
    }

    assert described == {"--help", *(name for name in names if name.startswith("--"))}


def test_readme_shows_the_demo_as_it_is() -> None:
    """Every step, in order."""
    readme = (ROOT / "README.md").read_text("utf-8")

    assert re.findall(r"^ok {6}(.*?) {2}", readme, re.MULTILINE) == [step.name for step in STEPS]
