"""The command as a process: terminals, signals and pipes that break."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from wherry_codec import Request
from wherry_codec.testing import RawPlan, ResponsePlan

pty = pytest.importorskip("pty", reason="terminals of this kind are a Unix thing")

pytestmark = pytest.mark.slow

Serve = Callable[..., str]
Terminal = Callable[..., tuple[int, str]]
ESCAPE = "\x1b"


def _everything(descriptor: int) -> str:
    read: list[bytes] = []
    with suppress(OSError):  # how Linux tells that the other side is closed
        while data := os.read(descriptor, 65536):
            read.append(data)
    return b"".join(read).decode()


@pytest.fixture
def in_terminal(command: list[str], environment: dict[str, str], tmp_path: Path) -> Terminal:
    """Run the command in a terminal; returns exit status and what the screen was sent."""

    def run(*args: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*command, *args],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=tmp_path,
            env=environment | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
        )
        os.close(theirs)
        try:
            screen = _everything(ours)
            return process.wait(timeout=30), screen
        finally:
            os.close(ours)

    return run


def _json_of(text: str) -> ResponsePlan:
    return ResponsePlan(200, {"Content-Type": "application/json"}, text.encode())


def test_json_is_indented_and_coloured_on_a_terminal(in_terminal: Terminal, serve: Serve) -> None:
    """The document is laid out for reading; the head is coloured, too."""
    status, screen = in_terminal(serve(lambda *_: _json_of('{"a":[1,true]}')))

    assert status == 0
    assert ESCAPE in screen
    assert '"a"' in screen
    assert screen.count("\r\n") > 6


def test_binary_is_refused_on_a_terminal(in_terminal: Terminal, serve: Serve) -> None:
    """The line says where the body could go instead; none of it is shown."""
    status, screen = in_terminal("-q", serve(lambda *_: ResponsePlan(200, body=b"PNG\0\x1b[2J")))

    assert status == 9
    assert "-o FILE" in screen
    assert "PNG" not in screen


def test_text_cannot_steer_the_terminal(in_terminal: Terminal, serve: Serve) -> None:
    """Escape sequences of a body are shown, not obeyed."""
    fields = {"Content-Type": "text/plain"}

    _, screen = in_terminal("-q", serve(lambda *_: ResponsePlan(200, fields, b"a\x1b[2Jb")))

    assert screen == "a\N{SYMBOL FOR ESCAPE}[2Jb\r\n"


def test_no_color_is_honoured(
    in_terminal: Terminal, serve: Serve, environment: dict[str, str]
) -> None:
    """NO_COLOR in the environment: no colours, even on a terminal."""
    environment["NO_COLOR"] = "1"

    _, screen = in_terminal(serve(lambda *_: _json_of("[1]")))

    assert f"{ESCAPE}[3" not in screen


def test_uploads_and_downloads_show_a_bar_on_a_terminal(
    in_terminal: Terminal, serve: Serve, tmp_path: Path
) -> None:
    """Both transfers are named; the file is complete."""
    (tmp_path / "cargo.bin").write_bytes(bytes(300_000))
    url = serve(lambda _, body: ResponsePlan(200, body=body))

    status, screen = in_terminal("-F", "f=@cargo.bin", "-o", "out", url)

    assert status == 0
    assert "up cargo.bin" in screen
    assert "down" in screen
    assert (tmp_path / "out").stat().st_size > 300_000


def test_demo_is_a_table_on_a_terminal(in_terminal: Terminal) -> None:
    """With a check mark for each step."""
    status, screen = in_terminal("demo")

    assert status == 0
    assert screen.count("✓") == 6


@pytest.fixture
def hanging(serve: Serve) -> tuple[str, threading.Event]:
    """The URL of a server that never answers, and an event that tells of a request."""
    arrived = threading.Event()

    def handler(request: Request, body: bytes) -> RawPlan:
        arrived.set()
        return RawPlan([], closes=False)

    return serve(handler), arrived


def test_interrupt_exits_with_130(
    command: list[str], environment: dict[str, str], hanging: tuple[str, threading.Event]
) -> None:
    """Ctrl-C: one line, no traceback, nothing left open."""
    url, arrived = hanging
    process = subprocess.Popen([*command, url], stderr=subprocess.PIPE, env=environment)
    assert arrived.wait(timeout=30)

    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)

    assert (process.returncode, stderr) == (130, b"wherry: interrupted\n")


def test_closed_pipe_is_one_line(
    command: list[str], environment: dict[str, str], serve: Serve
) -> None:
    """`wherry … | head`: the reader goes away before the body is complete."""
    url = serve(lambda *_: ResponsePlan(200, body=bytes(8_000_000)))
    process = subprocess.Popen(
        [*command, "-q", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    process.stdout = None

    _, stderr = process.communicate(timeout=30)

    assert process.returncode == 9
    assert stderr.startswith(b"wherry: standard output was closed")
    assert stderr.count(b"\n") == 1


def test_installed_script_is_the_same_command(environment: dict[str, str]) -> None:
    """The `wherry` of the distribution's metadata."""
    script = Path(sys.executable).with_name("wherry")
    if not script.exists():
        pytest.skip("the package is not installed with its scripts")

    result = subprocess.run([script, "--version"], capture_output=True, env=environment, check=True)

    assert result.stdout.startswith(b"wherry 0.")
