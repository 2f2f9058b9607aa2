"""The whole demo."""

import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from wherry_cli._errors import ExitStatus
from wherry_cli.demo import _run
from wherry_cli.demo._run import outcomes_of, run_demo
from wherry_cli.demo._steps import STEPS, Stage, Step, expect


@pytest.mark.slow
def test_demo_leaves_no_warning_behind(
    spawn: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    """In development mode, with warnings as errors: no socket, file or task is left."""
    result = spawn("demo")

    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.count(b"\nok ") == len(STEPS) - 1
    assert b"\x1b" not in result.stdout
    assert result.stdout.endswith(b"as expected\n")


async def _see_something_else(stage: Stage) -> str:
    expect("greeting", "hello", "good-bye")
    return "not reached"


async def _ask_nobody(stage: Stage) -> str:
    async with stage.session.get("http://host.invalid:0/"):
        return "not reached"


async def _take_apart(stage: Stage) -> str:
    return str({"a": 1}["b"])  # an answer of another shape


async def _see_what_should_be(stage: Stage) -> str:
    return "fine"


async def test_failing_step_does_not_stop_the_next(tmp_path: Path) -> None:
    """Each kind of failure is one outcome, and the last step still runs."""
    runs = (_see_something_else, _ask_nobody, _take_apart, _see_what_should_be)
    steps = tuple(Step(run.__name__, run) for run in runs)

    outcomes = await outcomes_of(steps, tmp_path / "unused")

    assert [outcome.is_good for outcome in outcomes] == [False, False, False, True]
    assert outcomes[0].text == "greeting: expected 'hello', got 'good-bye'"


def test_exit_status_tells_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 if any answer was not the expected one."""
    monkeypatch.setattr(_run, "STEPS", (Step("wrong", _see_something_else),))
    console = Console(file=StringIO())

    assert run_demo(console) is ExitStatus.DEMO_FAILED


@pytest.mark.slow
def test_demo_needs_no_testing_tools() -> None:
    """What the demo imports at run time is declared: neither pytest nor hypothesis."""
    code = "import sys, wherry_cli.demo; print(*{'pytest', 'hypothesis'} & set(sys.modules))"

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert result.stdout.strip() == b""
