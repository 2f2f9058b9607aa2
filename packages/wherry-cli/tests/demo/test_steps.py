"""The steps of the demo, each against a server that does not do what it should."""

from collections.abc import Callable
from pathlib import Path

import pytest

import wherry
from wherry_cli.demo._server import LocalServer
from wherry_cli.demo._site import answer
from wherry_cli.demo._steps import STEPS, Stage, Step, UnexpectedAnswerError, expect
from wherry_codec import Request
from wherry_codec.testing import Handler, RawPlan, ResponsePlan


def _without_cookies(request: Request, body: bytes) -> ResponsePlan | RawPlan:
    plan = answer(request, body)
    if isinstance(plan, ResponsePlan) and plan.status == 302:
        return ResponsePlan(302, {"Location": "/account"})
    return plan


def _other_body(request: Request, body: bytes) -> ResponsePlan | RawPlan:
    """The right form, with one byte changed on the way."""
    return answer(request, body.replace(b"\x01\x02\x03", b"\x01\x02\x04", 1))


def _uncompressed(request: Request, body: bytes) -> ResponsePlan | RawPlan:
    return answer(Request(request.method, request.target), body)


def _teapot(request: Request, body: bytes) -> ResponsePlan:
    return ResponsePlan(418, {"Content-Type": "application/json"}, b'{"hello": "world"}')


@pytest.fixture
def step() -> Callable[[str], Step]:
    """The step of a name."""
    return {step.name: step for step in STEPS}.__getitem__


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file to upload."""
    path = tmp_path / "photo.bin"
    path.write_bytes(bytes(range(251)) * 1000)
    return path


async def _run(step: Step, handler: Handler, file: Path) -> str:
    jar = wherry.CookieJar(unsafe=True)
    async with LocalServer(handler) as server, wherry.ClientSession(cookie_jar=jar) as session:
        return await step.run(Stage(session, server.url, file))


@pytest.mark.parametrize("name", [step.name for step in STEPS])
async def test_step_passes_with_the_right_server(
    step: Callable[[str], Step], file: Path, name: str
) -> None:
    """And says something about what it saw."""
    assert await _run(step(name), answer, file)


@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("GET", _teapot),
        ("POST JSON", _teapot),
        ("multipart upload", _other_body),
        ("redirect with cookie", _without_cookies),
        ("gzip", _uncompressed),
    ],
)
async def test_step_notices_another_answer(
    step: Callable[[str], Step], file: Path, name: str, handler: Handler
) -> None:
    """A demo that cannot fail would show nothing."""
    with pytest.raises(UnexpectedAnswerError):
        await _run(step(name), handler, file)


async def test_chat_notices_a_server_without_websockets(
    step: Callable[[str], Step], file: Path
) -> None:
    """The session's own error."""
    with pytest.raises(wherry.WSServerHandshakeError):
        await _run(step("WebSocket"), _teapot, file)


def test_expect_names_what_differs() -> None:
    """What, expected, got; cut to a line."""
    with pytest.raises(UnexpectedAnswerError, match=r"^size: expected 1, got 'xxx") as caught:
        expect("size", 1, "x" * 1000)

    assert len(str(caught.value)) < 200
