"""A group with a default command, and one line for every error."""

import click
import pytest
from click.testing import CliRunner, Result

from wherry_cli._errors import CommandError, ExitStatus
from wherry_cli._group import DefaultCommand, DefaultGroup


def invoke(*args: str, error: BaseException | None = None) -> Result:
    """Run a group of two commands; the default one raises `error`, if there is one."""
    group = DefaultGroup("tool")

    @group.command("request", cls=DefaultCommand)
    @click.argument("url")
    def request(url: str) -> int:
        if error is not None:
            raise error
        click.echo(f"request {url}")
        return 0

    @group.command("other")
    def other() -> int:
        click.echo("other")
        return 3

    return CliRunner().invoke(group, args)


def test_arguments_without_a_command_go_to_the_default() -> None:
    """`tool URL` needs no name of a command."""
    assert invoke("http://other/").stdout == "request http://other/\n"


def test_named_command_runs_and_sets_the_exit_status() -> None:
    """`tool other`; what a command returns is the status."""
    result = invoke("other")

    assert (result.stdout, result.exit_code) == ("other\n", 3)


def test_default_command_can_be_named() -> None:
    """`tool request other` is the way to a URL that reads like a command."""
    assert invoke("request", "other").stdout == "request other\n"


def test_help_shows_the_command_as_it_is_typed() -> None:
    """Without the name of the default command."""
    assert invoke("--help").stdout.startswith("Usage: tool [OPTIONS] URL\n")


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (CommandError(ExitStatus.BODY, "cut short"), 8, "tool: cut short\n"),
        (click.UsageError("no"), 2, "tool: no (see tool --help)\n"),
        (KeyboardInterrupt(), 130, "tool: interrupted\n"),
        (click.Abort(), 130, "tool: interrupted\n"),
        (PermissionError(13, "Permission denied", "f"), 9, "tool: Permission denied: 'f'\n"),
    ],
)
def test_error_is_one_line_and_a_status(error: BaseException, status: int, line: str) -> None:
    """On standard error, behind the name of the command."""
    result = invoke("url", error=error)

    assert (status, line, "") == (result.exit_code, result.stderr, result.stdout)


def test_bug_keeps_its_traceback() -> None:
    """What nobody expects is not dressed up as an error of the user."""
    assert isinstance(invoke("url", error=ZeroDivisionError()).exception, ZeroDivisionError)


def test_embedded_command_raises() -> None:
    """Without standalone mode nothing is printed and nothing exits, as in click."""
    with pytest.raises(click.UsageError):
        DefaultGroup("tool", commands={"request": click.Command("request")}).main(
            ["surplus"], standalone_mode=False
        )
