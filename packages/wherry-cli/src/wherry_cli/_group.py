"""The outermost command: `wherry URL` without a subcommand, and one line for every error.

Decides that arguments which do not begin with the name of a command belong to the default command,
and how errors reach standard error and the exit status. Knows nothing of requests.
"""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from ._errors import EXPECTED_ERRORS, CommandError, ExitStatus, error_line, exit_status, one_line


class DefaultCommand(click.Command):
    """A command whose name need not be typed, and is not shown in its usage."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line as it is typed: without the name of the command."""
        pieces = self.collect_usage_pieces(ctx)
        formatter.write_usage(ctx.find_root().command_path, " ".join(pieces))


class DefaultGroup(click.Group):
    """A group that runs its command `default` unless the arguments name another one.

    Called, it runs and ends the process with an `ExitStatus`. An error is one line on standard
    error, `NAME: what happened`, never a traceback; only bugs have those.
    """

    default = "request"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in front, unless a command is named."""
        if not args or args[0] not in self.commands:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # Any: as in click, the command's result
        """Run the command that was chosen."""
        # Not left to click, which would print an empty line and exit with 1.
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise CommandError(ExitStatus.INTERRUPTED, "interrupted") from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,  # click's settings for the context
    ) -> Any:  # the command's result, unless standalone
        """Run; in standalone mode report errors and exit, otherwise return or raise."""
        # Always under its own name, also as `python -m wherry_cli`.
        if standalone_mode:
            self._run_and_exit(args, complete_var, **extra)
        return super().main(args, self.name, complete_var, standalone_mode=False, **extra)

    def _run_and_exit(
        self, args: Sequence[str] | None, complete_var: str | None, **extra: Any
    ) -> NoReturn:
        try:
            status = super().main(args, self.name, complete_var, standalone_mode=False, **extra)
        except click.UsageError as error:
            self._say(f"{error.format_message()} (see {self.name} --help)")
            status = ExitStatus.USAGE
        except click.Abort:
            self._say("interrupted")
            status = ExitStatus.INTERRUPTED
        except EXPECTED_ERRORS as error:
            self._say(error_line(error))
            status = exit_status(error)
        sys.exit(status)

    def _say(self, text: str) -> None:
        click.echo(f"{self.name}: {one_line(text)}", err=True)
