"""One request, carried out: from the plan to the last byte of the response.

Decides the order of things: what is opened when, what is shown before what. What they look like and
where they go is decided elsewhere.
"""

from contextlib import ExitStack
from dataclasses import dataclass

import click
from yarl import URL

import wherry

from ._destination import Destination
from ._errors import CommandError, ExitStatus
from ._progress import Bars, CountingFile
from ._request_options import Content, FileField, Form, RequestPlan, TextField
from ._show import View, trace_into

CONNECT_LIMIT = 30.0
"""Seconds to connect to one address. Without it a silent host keeps the user for minutes."""


@dataclass(frozen=True, slots=True)
class Command:
    """A request, where its answer goes, and whether a status of 400 or above is an error."""

    plan: RequestPlan
    destination: Destination
    fails_on_status: bool = False


async def perform(command: Command, view: View) -> None:
    """Send the request, show the heads, deliver the body.

    Raises `click.UsageError` for what cannot be sent, and any of `EXPECTED_ERRORS`.
    """
    plan = command.plan
    with ExitStack() as stack:
        # The file is asked as well, because FORCE_COLOR makes any console a terminal.
        shows_bars = not view.is_quiet and view.console.file.isatty()
        bars = stack.enter_context(Bars(view.console, is_shown=shows_bars))
        # Outside of the session, which may still be reading the files while it closes.
        data = request_data(plan, bars, stack)
        async with _session(view) as session, await _send(session, plan, data) as response:
            view.response_head(response)
            if command.fails_on_status and response.status >= 400:
                status_line = f"{response.status} {response.reason}".rstrip()
                raise CommandError(ExitStatus.HTTP_ERROR, f"the server answered {status_line}")
            await _deliver(response, command, view, bars)


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


def _session(view: View) -> wherry.ClientSession:
    # Cookies live as long as the command; a redirect on an IP address may set one as well.
    return wherry.ClientSession(
        cookie_jar=wherry.CookieJar(unsafe=True),
        trace_configs=[trace_into(view)] if view.is_verbose else None,
    )


async def _send(
    session: wherry.ClientSession, plan: RequestPlan, data: bytes | wherry.FormData | None
) -> wherry.ClientResponse:
    try:
        return await session.request(
            plan.method,
            plan.url,
            data=data,
            headers=plan.headers(),
            skip_auto_headers=plan.skipped_headers(),
            timeout=wherry.ClientTimeout(total=plan.max_time, sock_connect=CONNECT_LIMIT),
            allow_redirects=plan.follows_redirects,
            ssl=plan.verifies_tls,
        )
    except wherry.ClientError:
        raise
    except ValueError as error:  # how the session refuses methods, fields and the like
        raise click.UsageError(str(error)) from error


async def _deliver(
    response: wherry.ClientResponse, command: Command, view: View, bars: Bars
) -> None:
    destination = command.destination
    if destination.is_file:
        advance = bars.add("down", response.content_length)
    else:
        bars.stop()  # the body itself may be on its way to the same terminal
        advance = _ignore
    with destination.opened(response, URL(command.plan.url), view.note) as write:
        async for piece in response.content.iter_any():
            write(piece)
            advance(response.content.total_raw_bytes)


def _ignore(completed: int) -> None:
    """For a transfer without a bar."""
