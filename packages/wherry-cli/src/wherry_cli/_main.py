"""The wiring: options and commands, and nothing that decides what they do."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

import click
from rich.console import Console

from ._chat import ChatPlan, chat, stdin_lines
from ._complete import SHELLS, complete_url, completion_script
from ._connecting import Connecting, Override, parse_override
from ._destination import Destination
from ._errors import ExitStatus
from ._group import DefaultCommand, DefaultGroup
from ._load import Load
from ._request import Command, open_session, perform, perform_repeatedly, show_as_curl
from ._request_options import (
    FormField,
    HeaderField,
    RequestPlan,
    choose_body,
    parse_form_field,
    parse_header,
)
from ._show import View
from ._trace_output import TraceOptions, TraceOutput
from ._version import __version__

Parsed = TypeVar("Parsed")
Function = TypeVar("Function", bound=Callable[..., object])

EPILOG = """\
The body goes to standard output as it came, everything else to standard error.

\b
wherry ws URL            talk over a WebSocket
wherry demo              what the client can do, without a network
wherry completion SHELL  for bash, zsh or fish
"""


class GivenConnecting(TypedDict):
    """The options of a connection, as click hands them over."""

    proxy: str | None
    trust_env: bool
    resolve: tuple[Override, ...]
    insecure: bool
    cacert: Path | None
    cert: Path | None
    key: Path | None
    cookies: Path | None
    save_cookies: Path | None
    max_time: float | None
    header_fields: tuple[HeaderField, ...]
    verbose: bool
    quiet: bool
    show_secrets: bool


class Given(GivenConnecting):
    """The options of a request."""

    url: str
    method: str | None
    data: tuple[str, ...]
    form: tuple[FormField, ...]
    json: str | None
    output: Path | None
    download: bool
    resume: bool
    fail: bool
    location: bool
    trace: bool
    trace_html: Path | None
    har: Path | None
    repeat: int | None
    concurrency: int
    as_curl: bool


class GivenChat(GivenConnecting):
    """The options of a WebSocket."""

    url: str
    subprotocol: tuple[str, ...]
    origin: str | None


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


def _file(name: str, text: str) -> Callable[[Function], Function]:
    path = click.Path(dir_okay=False, path_type=Path)
    return click.option(name, metavar="FILE", type=path, help=text)


def connecting_options(command: Function) -> Function:
    """Add the options that every command with a connection has."""
    options = (
        click.option(
            "-H",
            "--header",
            "header_fields",
            multiple=True,
            callback=_each(parse_header),
            metavar="'NAME: VALUE'",
            help="Add a header field; 'NAME;' sends it empty, 'NAME:' leaves an automatic one out.",
        ),
        _file("--cookies", "Begin with the cookies of a cookies.txt."),
        _file("--save-cookies", "Write the cookies to a cookies.txt."),
        click.option(
            "--max-time",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Limit for the whole exchange; for a WebSocket, until it is open.",
        ),
        click.option(
            "-x", "--proxy", metavar="URL", help="Go through a proxy: http, https, socks4, socks5."
        ),
        click.option(
            "--trust-env",
            is_flag=True,
            help="Take proxies and logins from the environment and from netrc.",
        ),
        click.option(
            "--resolve",
            multiple=True,
            callback=_each(parse_override),
            metavar="HOST:PORT:ADDR",
            help="Connect to ADDR for HOST and PORT, whatever DNS says. Repeatable.",
        ),
        click.option("-k", "--insecure", is_flag=True, help="Do not verify certificates."),
        _file("--cacert", "Trust the authorities in FILE (PEM) alone."),
        _file("--cert", "Show the server this certificate (PEM)."),
        _file("--key", "The private key of --cert, if it is not in there."),
        click.option("-v", "--verbose", is_flag=True, help="Show requests and redirects, too."),
        click.option("-q", "--quiet", is_flag=True, help="Show neither heads nor progress."),
        click.option(
            "--show-secrets", is_flag=True, help="Do not hide credentials and cookie values."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command("request", cls=DefaultCommand, epilog=EPILOG)
@click.argument("url", shell_complete=complete_url)
@click.option("-X", "--request", "method", metavar="METHOD", help="Request method.")
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
@click.option(
    "--resume", is_flag=True, help="With --download: keep what came, and go on after it next time."
)
@click.option("-f", "--fail", is_flag=True, help="Treat a status of 400 or above as an error.")
@click.option(
    "-L",
    "--location/--no-location",
    default=True,
    help="Follow redirects (the default), or do not.",
)
@click.option("--trace", is_flag=True, help="Draw where the time went, for each redirect.")
@_file("--trace-html", "Write that as a page for a browser.")
@_file("--har", "Write the requests as a HAR 1.2 file.")
@click.option(
    "--repeat",
    type=click.IntRange(min=1),
    metavar="N",
    help="Send it N times, and show latencies instead of bodies.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=1,
    metavar="M",
    help="With --repeat: M requests at a time.",
)
@click.option("--as-curl", is_flag=True, help="Print the request as a curl command; send nothing.")
@connecting_options
@click.version_option(__version__, message="wherry %(version)s")
def request(**given: Unpack[Given]) -> int:
    """Send a request to URL and print what comes back."""
    _check_combinations(given)
    command = Command(
        plan=_plan(given),
        destination=_destination(given),
        fails_on_status=given["fail"],
        connecting=_connecting(given),
        traces=TraceOptions(given["trace"], given["trace_html"], given["har"]),
        cookies=given["cookies"],
        saves_cookies=given["save_cookies"],
    )
    view = _view(given)
    if given["as_curl"]:
        asyncio.run(show_as_curl(command, view))
    elif given["repeat"] is not None:
        load = Load(given["repeat"], given["concurrency"])
        asyncio.run(perform_repeatedly(command, load, view))
    else:
        asyncio.run(perform(command, view))
    return ExitStatus.OK


def _check_combinations(given: Given) -> None:
    if given["output"] is not None and given["download"]:
        raise click.UsageError("-o and --download exclude each other")
    if given["resume"] and not given["download"]:
        raise click.UsageError("--resume needs --download")
    if given["resume"] and (given["method"] or given["data"] or given["form"] or given["json"]):
        raise click.UsageError("--resume is for plain GET requests")
    if given["repeat"] is not None and (given["output"] is not None or given["download"]):
        raise click.UsageError("--repeat keeps no body; leave -o and --download out")


def _view(given: GivenConnecting) -> View:
    if given["verbose"] and given["quiet"]:
        raise click.UsageError("-v and -q exclude each other")
    return View(
        Console(stderr=True),
        is_quiet=given["quiet"],
        is_verbose=given["verbose"],
        shows_secrets=given["show_secrets"],
    )


def _connecting(given: GivenConnecting) -> Connecting:
    if given["key"] is not None and given["cert"] is None:
        raise click.UsageError("--key needs --cert")
    return Connecting(
        proxy=given["proxy"],
        trusts_environment=given["trust_env"],
        overrides=given["resolve"],
        verifies_tls=not given["insecure"],
        authorities=given["cacert"],
        certificate=given["cert"],
        private_key=given["key"],
    )


def _plan(given: Given) -> RequestPlan:
    body = choose_body(given["data"], given["form"], given["json"])
    return RequestPlan(
        url=given["url"],
        method=given["method"] or ("GET" if body is None else "POST"),
        header_fields=given["header_fields"],
        body=body,
        max_time=given["max_time"],
        follows_redirects=given["location"],
    )


def _destination(given: Given) -> Destination:
    path = given["output"]
    return Destination(None if path == Path("-") else path, given["download"], given["resume"])


@main.command("ws")
@click.argument("url")
@click.option("--subprotocol", multiple=True, metavar="NAME", help="Offer a subprotocol.")
@click.option("--origin", metavar="URL", help="Send an Origin, as browsers do.")
@connecting_options
def ws(**given: Unpack[GivenChat]) -> int:
    """Talk over a WebSocket: lines from standard input go out, messages come to standard output.

    Ends when the server closes, or at the end of the input, after what the server still says.
    """
    plan = ChatPlan(
        url=given["url"],
        header_fields=given["header_fields"],
        subprotocols=given["subprotocol"],
        origin=given["origin"],
        max_time=given["max_time"],
    )
    command = Command(
        RequestPlan(given["url"], "GET"),
        Destination(),
        connecting=_connecting(given),
        cookies=given["cookies"],
        saves_cookies=given["save_cookies"],
    )
    asyncio.run(_chat(command, plan, _view(given)))
    return ExitStatus.OK


async def _chat(command: Command, plan: ChatPlan, view: View) -> None:
    traces = TraceOutput(command.traces, shows_secrets=view.shows_secrets)
    async with open_session(command, view, traces) as session:
        await chat(session, plan, stdin_lines(), view)


@main.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print what SHELL needs to complete this command."""
    click.echo(completion_script(main, shell))
    return ExitStatus.OK


@main.command("demo")
def demo() -> int:
    """Run the client against a server of its own on this machine, and show what came back."""
    from .demo import run_demo

    return run_demo(Console())
