"""Shell completion."""

import subprocess
from collections.abc import Callable

import click
import pytest
from click.testing import Result

from wherry_cli import main
from wherry_cli._complete import SHELLS, completion_script

Spawn = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.mark.parametrize("shell", SHELLS)
def test_script_for_a_shell(run: Callable[..., Result], shell: str) -> None:
    """It asks the command itself."""
    result = run("completion", shell)

    assert result.exit_code == 0
    assert f"_WHERRY_COMPLETE={shell}_complete" in result.stdout


def test_there_is_no_script_for_other_shells() -> None:
    """The error names those there are."""
    with pytest.raises(click.UsageError, match="bash, zsh, fish"):
        completion_script(main, "cmd")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("wherry de", ["demo"]),
        ("wherry w", ["ws"]),
        ("wherry --tra", ["--trace", "--trace-html"]),
        ("wherry ws --subp", ["--subprotocol"]),
        ("wherry completion z", ["zsh"]),
        ("wherry http://h/ --re", ["--request", "--resume", "--repeat", "--resolve"]),
    ],
)
def test_what_is_offered(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    offered: list[str],
) -> None:
    """Commands where a URL could stand, options of the default command without its name."""
    monkeypatch.setenv("_WHERRY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))

    with pytest.raises(SystemExit):
        main()

    assert [line.partition(",")[2] for line in capsys.readouterr().out.split()] == offered
