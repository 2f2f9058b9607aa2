"""One request, carried out: from the plan to the last byte of the response.

Decides the order of things: what is opened when, what is shown before what. What they look like and
where they go is decided elsewhere.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
from yarl import URL

import wherry

from ._as_curl import Captured, capture, curl_command
from ._connecting import USUAL_LIMIT, Connecting
from ._cookie_files import jar_from, save_jar
from ._destination import Destination
from ._errors import CommandError, ExitStatus
from ._latency import report
from ._load import Load, run_load
from ._progress import Bars, CountingFile
from ._request_options import Content, FileField, Form, RequestPlan, TextField
from ._resume import Partial, find_partial
from ._show import View, trace_into
from ._trace_output import TraceOptions, TraceOutput

CONNECT_LIMIT = 30.0
"""Seconds to connect to one address. Without it a silent host keeps the user for minutes."""


@dataclass(frozen=True, slots=True)
class Command:
    """A request, where its answer goes, and whether a status of 400 or above is an error."""

    plan: RequestPlan
    destination: Destination
    fails_on_status: bool = False
    connecting: Connecting = field(default_factory=Connecting)
    traces: TraceOptions = field(default_factory=TraceOptions)
    cookies: Path | None = None
    """The cookies.txt to begin with."""
    saves_cookies: Path | None = None
    """The cookies.txt to write at the end."""


async def perform(command: Command, view: View) -> None:
    """Send the request, show the heads, deliver the body.

    Raises `click.UsageError` for what cannot be sent, and any of `EXPECTED_ERRORS`.
    """
    plan = command.plan
    traces = TraceOutput(command.traces, shows_secrets=view.shows_secrets)
    with ExitStack() as stack:
        stack.callback(traces.write, view, plan.url)
        # The file is asked as well, because FORCE_COLOR makes any console a terminal.
        shows_bars = not view.is_quiet and view.console.file.isatty()
        bars = stack.enter_context(Bars(view.console, is_shown=shows_bars))
        partial = None
        if command.destination.is_resumed:
            partial = find_partial(_as_url(plan.url), Path())
        # Outside of the session, which may still be reading the files while it closes.
        data = request_data(plan, bars, stack)
        async with (
            open_session(command, view, traces) as session,
            await _send(session, plan, data, partial) as response,
        ):
            view.response_head(response)
            if command.fails_on_status and response.status >= 400 and partial is None:
                raise _status_failure(response)
            await _deliver(response, command, view, bars, partial)


async def perform_repeatedly(command: Command, load: Load, view: View) -> None:
    """Send the request many times, read the bodies and forget them, show how long it took.

    Raises what `perform` raises; of calls that fail, the first failure, and that at the end.
    """
    plan = command.plan
    traces = TraceOutput(command.traces, shows_secrets=view.shows_secrets)
    async with open_session(command, view, traces, max(USUAL_LIMIT, load.concurrency)) as session:

        @asynccontextmanager
        async def send() -> AsyncIterator[wherry.ClientResponse]:
            with ExitStack() as stack:
                data = request_data(plan, Bars(view.console, is_shown=False), stack)
                async with await _send(session, plan, data) as response:
                    yield response

        result = await run_load(send, load)
    options = view.console.options
    for line in report(result.latencies, view.console.width, is_plain=options.ascii_only):
        view.console.print(line, soft_wrap=True, highlight=False)
    traces.write(view, plan.url, result.latencies)
    if result.first_failure is not None:
        raise result.first_failure
    bad = sum(n for status, n in result.latencies.statuses.items() if status >= 400)
    if command.fails_on_status and bad:
        raise CommandError(
            ExitStatus.HTTP_ERROR, f"the server answered {bad:,} calls with 400 or above"
        )


async def show_as_curl(command: Command, view: View) -> None:
    """Write the request to standard output as a curl command, and send nothing."""
    plan = command.plan
    with ExitStack() as stack:
        data = request_data(plan, Bars(view.console, is_shown=False), stack)
        traces = TraceOutput(TraceOptions(), shows_secrets=False)
        async with open_session(command, view, traces) as session:
            try:
                await _send(session, plan, data, middlewares=(capture,))
            except Captured as captured:
                text = curl_command(
                    captured.request,
                    plan,
                    command.connecting,
                    output=command.destination.path,
                    shows_secrets=view.shows_secrets,
                )
    sys.stdout.write(text + "\n")


def _as_url(text: str) -> URL:
    try:
        return URL(text)
    except ValueError as error:
        raise wherry.InvalidURL(text) from error


def _status_failure(response: wherry.ClientResponse) -> CommandError:
    status_line = f"{response.status} {response.reason}".rstrip()
    return CommandError(ExitStatus.HTTP_ERROR, f"the server answered {status_line}")


def request_data(plan: RequestPlan, bars: Bars, stack: ExitStack) -> bytes | wherry.FormData | None:
    """The body for the session. Its files are opened here, and closed with `stack`."""
    match plan.body:
        case Content(data):
            return data
        case Form(fields):
            form = wherry.FormData(default_to_multipart=True)
            for field in fields:
                _add_field(form, field, bars, stack)
            return form
        case None:
            return None


def _add_field(
    form: wherry.FormData, field: TextField | FileField, bars: Bars, stack: ExitStack
) -> None:
    if isinstance(field, TextField):
        form.add_field(field.name, field.value)
        return
    size = field.path.stat().st_size if field.path.is_file() else None
    advance = bars.add(f"up {field.path.name}", size)
    file = stack.enter_context(CountingFile(field.path, advance))
    form.add_field(field.name, file, content_type=field.content_type, filename=field.filename)


@asynccontextmanager
async def open_session(
    command: Command, view: View, traces: TraceOutput, limit: int = USUAL_LIMIT
) -> AsyncIterator[wherry.ClientSession]:
    """A session as the options ask for it. Its cookies are saved at the end, also of a failure."""
    connecting = command.connecting
    # Both may fail, and do so before there is a connector to close.
    jar, tls = jar_from(command.cookies), connecting.tls()
    configs = traces.trace_configs
    if view.is_verbose:
        configs.append(trace_into(view))
    connector = connecting.connector(limit)
    try:
        session = wherry.ClientSession(
            connector=connector,
            ssl=tls,
            proxy=connecting.proxy,
            trust_env=connecting.trusts_environment,
            cookie_jar=jar,
            trace_configs=configs,
        )
    except ValueError as error:
        await connector.close()
        raise _refused(error) from error
    async with session:
        try:
            yield session
        finally:
            if command.saves_cookies is not None:
                save_jar(jar, command.saves_cookies)


def _refused(error: ValueError) -> Exception:
    """How the session refuses methods, fields, proxies and the like; its own errors stay."""
    return error if isinstance(error, wherry.ClientError) else click.UsageError(str(error))


async def _send(
    session: wherry.ClientSession,
    plan: RequestPlan,
    data: bytes | wherry.FormData | None,
    partial: Partial | None = None,
    middlewares: tuple[wherry.Middleware, ...] = (),
) -> wherry.ClientResponse:
    fields = [] if partial is None else partial.fields()
    try:
        return await session.request(
            plan.method,
            plan.url,
            data=data,
            headers=plan.headers() + fields,
            skip_auto_headers=plan.skipped_headers(),
            timeout=wherry.ClientTimeout(total=plan.max_time, sock_connect=CONNECT_LIMIT),
            allow_redirects=plan.follows_redirects,
            middlewares=middlewares,
        )
    except ValueError as error:
        raise _refused(error) from error


async def _deliver(
    response: wherry.ClientResponse,
    command: Command,
    view: View,
    bars: Bars,
    partial: Partial | None,
) -> None:
    destination = command.destination
    if destination.is_file:
        advance = bars.add("down", response.content_length)
    else:
        bars.stop()  # the body itself may be on its way to the same terminal
        advance = _ignore
    with destination.opened(response, URL(command.plan.url), view.note, partial) as write:
        async for piece in response.content.iter_any():
            write(piece)
            advance(response.content.total_raw_bytes)


def _ignore(completed: int) -> None:
    """For a transfer without a bar."""
