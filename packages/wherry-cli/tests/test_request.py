"""One request, from the plan to the last byte."""

import os
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import click
import pytest
from rich.console import Console

import wherry
from wherry_cli import _request
from wherry_cli._destination import Destination
from wherry_cli._errors import CommandError, ExitStatus, exit_status
from wherry_cli._progress import Bars, CountingFile
from wherry_cli._request import Command, perform, request_data
from wherry_cli._request_options import (
    Content,
    FileField,
    Form,
    HeaderField,
    RequestPlan,
    TextField,
)
from wherry_cli._show import View
from wherry_cli.demo._server import LocalServer
from wherry_codec.testing import ResponsePlan


def silent() -> View:
    return View(Console(file=StringIO()))


async def test_body_goes_through_to_the_file(tmp_path: Path) -> None:
    """The whole way, once."""
    plan_body = Content(b"there and back", "text/plain")
    destination = Destination(tmp_path / "out")
    async with LocalServer(lambda _, body: ResponsePlan(200, body=body)) as server:
        await perform(
            Command(RequestPlan(server.url, "PUT", body=plan_body), destination), silent()
        )

    assert (tmp_path / "out").read_bytes() == b"there and back"


async def test_head_is_shown_before_a_status_fails_the_command(tmp_path: Path) -> None:
    """--fail still tells what came."""
    file = StringIO()
    async with LocalServer(lambda *_: ResponsePlan(503)) as server:
        command = Command(RequestPlan(server.url, "GET"), Destination(), fails_on_status=True)
        with pytest.raises(CommandError, match="503 Service Unavailable") as caught:
            await perform(command, View(Console(file=file)))

    assert caught.value.status is ExitStatus.HTTP_ERROR
    assert file.getvalue().startswith("HTTP/1.1 503 ")


@pytest.mark.parametrize(
    "plan",
    [
        RequestPlan("http://127.0.0.1:1/", "NOT A TOKEN"),
        RequestPlan("http://127.0.0.1:1/", "GET", (HeaderField("not a token", ""),)),
        RequestPlan("http://me:pw@127.0.0.1:1/", "GET", (HeaderField("Authorization", "x"),)),
    ],
)
async def test_request_that_cannot_be_sent_is_a_usage_error(plan: RequestPlan) -> None:
    """What the session refuses as an argument came from the command line."""
    with pytest.raises(click.UsageError):
        await perform(Command(plan, Destination()), silent())


async def test_files_are_closed_when_nothing_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session never saw the body of a request it refused."""
    opened: list[CountingFile] = []

    class Remembered(CountingFile):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]  # handed on as they came
            opened.append(self)

    monkeypatch.setattr(_request, "CountingFile", Remembered)
    (tmp_path / "f").write_bytes(b"x")
    body = Form((FileField("f", tmp_path / "f"),))

    with pytest.raises(wherry.InvalidURL):
        await perform(Command(RequestPlan("no url", "POST", body=body), Destination()), silent())

    assert [file.closed for file in opened] == [True]


async def test_file_that_becomes_shorter_is_a_local_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was announced cannot be sent any more; the server is not to blame."""
    path = tmp_path / "f"
    path.write_bytes(bytes(3_000_000))

    class Shrinking(CountingFile):
        def read(self, size: int | None = -1, /) -> bytes:
            os.truncate(path, 10)
            return super().read(size)

    monkeypatch.setattr(_request, "CountingFile", Shrinking)
    async with LocalServer(lambda *_: ResponsePlan()) as server:
        plan = RequestPlan(server.url, "POST", body=Form((FileField("f", path),)))
        with pytest.raises(wherry.ClientError) as caught:
            await perform(Command(plan, Destination()), silent())

    assert exit_status(caught.value) is ExitStatus.LOCAL_FILE


def test_forms_are_always_multipart() -> None:
    """-F with texts only, as in curl."""
    plan = RequestPlan("u", "POST", body=Form((TextField("a", "b"),)))

    with ExitStack() as stack:
        data = request_data(plan, Bars(Console(file=StringIO())), stack)

    assert isinstance(data, wherry.FormData)
    assert data.is_multipart
