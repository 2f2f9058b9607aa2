"""The wiring: options and commands, and nothing that decides what they do."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

import click
from rich.console import Console

from ._destination import Destination
from ._errors import ExitStatus
from ._group import DefaultCommand, DefaultGroup
from ._request import Command, perform
from ._request_options import (
    FormField,
    HeaderField,
    RequestPlan,
    choose_body,
    parse_form_field,
    parse_header,
)
from ._show import View
from ._version import __version__

Parsed = TypeVar("Parsed")

EPILOG = """\
`wherry demo` shows what the client can do, without a network. The body goes to standard output as
it came, heads and errors go to standard error.
"""


class Given(TypedDict):
    """The options of a request, as click hands them over."""

    url: str
    method: str | None
    header_fields: tuple[HeaderField, ...]
    data: tuple[str, ...]
    form: tuple[FormField, ...]
    json: str | None
    output: Path | None
    download: bool
    fail: bool
    verbose: bool
    quiet: bool
    show_secrets: bool
    max_time: float | None
    insecure: bool
    location: bool


def _each(
    parse: Callable[[str], Parsed],
) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], tuple[Parsed, ...]]:
    """A callback that turns every value of an option into what `parse` makes of it."""

    def parse_all(
        ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
    ) -> tuple[Parsed, ...]:
        try:
            return tuple(parse(value) for value in values)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return parse_all


@click.group("wherry", cls=DefaultGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """HTTP requests from the terminal."""


@main.command("request", cls=DefaultCommand, epilog=EPILOG)
@click.argument("url")
@click.option("-X", "--request", "method", metavar="METHOD", help="Request method.")
@click.option(
    "-H",
    "--header",
    "header_fields",
    multiple=True,
    callback=_each(parse_header),
    metavar="'NAME: VALUE'",
    help="Add a header field; 'NAME;' sends it empty, 'NAME:' leaves an automatic one out.",
)
@click.option(
    "-d",
    "--data",
    multiple=True,
    metavar="TEXT|@FILE",
    help="Send a urlencoded body with POST; @- is standard input. Several are joined with &.",
)
@click.option(
    "-F",
    "--form",
    multiple=True,
    callback=_each(parse_form_field),
    metavar="NAME=VALUE|NAME=@FILE",
    help="Send a multipart form with POST; ;type=… and ;filename=… may follow a file.",
)
@click.option("--json", metavar="TEXT|@FILE", help="Send JSON with POST.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the body to FILE.",
)
@click.option("--download", is_flag=True, help="Write the body to a new file in this directory.")
@click.option("-f", "--fail", is_flag=True, help="Treat a status of 400 or above as an error.")
@click.option("-v", "--verbose", is_flag=True, help="Show requests and redirects, too.")
@click.option("-q", "--quiet", is_flag=True, help="Show neither heads nor progress.")
@click.option("--show-secrets", is_flag=True, help="Do not hide credentials and cookie values.")
@click.option(
    "--max-time",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Limit for the whole exchange.",
)
@click.option("-k", "--insecure", is_flag=True, help="Do not verify the server's certificate.")
@click.option(
    "-L",
    "--location/--no-location",
    default=True,
    help="Follow redirects (the default), or do not.",
)
@click.version_option(__version__, message="wherry %(version)s")
def request(**given: Unpack[Given]) -> int:
    """Send a request to URL and print what comes back."""
    if given["verbose"] and given["quiet"]:
        raise click.UsageError("-v and -q exclude each other")
    if given["output"] is not None and given["download"]:
        raise click.UsageError("-o and --download exclude each other")
    command = Command(
        plan=_plan(given),
        destination=_destination(given),
        fails_on_status=given["fail"],
    )
    view = View(
        Console(stderr=True),
        is_quiet=given["quiet"],
        is_verbose=given["verbose"],
        shows_secrets=given["show_secrets"],
    )
    asyncio.run(perform(command, view))
    return ExitStatus.OK


def _plan(given: Given) -> RequestPlan:
    body = choose_body(given["data"], given["form"], given["json"])
    return RequestPlan(
        url=given["url"],
        method=given["method"] or ("GET" if body is None else "POST"),
        header_fields=given["header_fields"],
        body=body,
        max_time=given["max_time"],
        verifies_tls=not given["insecure"],
        follows_redirects=given["location"],
    )


def _destination(given: Given) -> Destination:
    path = given["output"]
    return Destination(None if path == Path("-") else path, given["download"])


@main.command("demo")
def demo() -> int:
    """Run the client against a server of its own on this machine, and show what came back."""
    from .demo import run_demo

    return run_demo(Console())
