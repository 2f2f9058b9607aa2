"""Shared by the tests of this package: a server in a thread, and ways to run the command."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner, Result

from wherry_cli import main
from wherry_cli.demo._server import LocalServer
from wherry_codec import Request
from wherry_codec.testing import Handler, ResponsePlan


@contextmanager
def _running(handler: Handler, tls: ssl.SSLContext | None) -> Iterator[str]:
    """The URL of a server that runs in a thread of its own."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = Future()

    async def run() -> None:
        end = asyncio.Event()
        async with LocalServer(handler, tls) as server:
            started.set_result((asyncio.get_running_loop(), end, server.url))
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    loop, end, url = started.result(timeout=10)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(timeout=10)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Start a server for a handler, and a TLS context if need be; returns its URL."""
    with ExitStack() as stack:

        def start(handler: Handler, tls: ssl.SSLContext | None = None) -> str:
            return stack.enter_context(_running(handler, tls))

        yield start


def _describe(request: Request, body: bytes) -> ResponsePlan:
    document = {
        "method": request.method,
        "target": request.target,
        "headers": [[name.lower(), value] for name, value in request.headers.items()],
        "body": body.decode("utf-8", "surrogateescape"),
    }
    return ResponsePlan(200, [("Content-Type", "application/json")], json.dumps(document).encode())


@pytest.fixture
def echo(serve: Callable[..., str]) -> str:
    """The URL of a server that answers with the request it got, as JSON."""
    return serve(_describe)


@pytest.fixture
def echo_over_tls(serve: Callable[..., str]) -> str:
    """The same over TLS, with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return serve(_describe, context)


@pytest.fixture
def unused_url() -> Iterator[str]:
    """A URL where nobody listens: the port is taken, so that nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wish for colours from the environment of whoever runs the tests."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run the command in this process."""

    def run(*args: str, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(main, args, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def command() -> list[str]:
    """The command as a process, with every warning an error."""
    return [sys.executable, "-X", "dev", "-W", "error", "-m", "wherry_cli"]


@pytest.fixture
def spawn(
    command: list[str], environment: dict[str, str], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command as a process of its own, with pipes for standard streams."""

    def spawn(*args: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*command, *args],
            capture_output=True,
            timeout=30,
            cwd=tmp_path,
            env=environment,
            check=False,
        )

    return spawn


@pytest.fixture
def environment() -> dict[str, str]:
    """An environment that says nothing about colours, terminals or proxies."""
    keep = {"PATH", "SYSTEMROOT", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name.upper() in keep}
