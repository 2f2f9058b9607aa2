"""Runs the steps of the demo against its server, and times them.

Decides that a failing step does not keep the next ones from running. What is shown, and how, is
decided in `_report`.
"""

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

from rich.console import Console

import wherry

from .._errors import ExitStatus, error_line
from ._report import Outcome, show
from ._server import LocalServer
from ._site import answer
from ._steps import STEPS, UPLOAD_SIZE, Stage, Step, UnexpectedAnswerError

STEP_LIMIT = 10.0
"""Seconds a request of the demo may take; here they take milliseconds."""


def run_demo(console: Console) -> ExitStatus:
    """Run every step, show the outcomes on `console`, and say how it went."""
    with tempfile.TemporaryDirectory(prefix="wherry-demo-") as directory:
        file = Path(directory, "photo.bin")
        file.write_bytes((bytes(range(251)) * (UPLOAD_SIZE // 251 + 1))[:UPLOAD_SIZE])
        outcomes = asyncio.run(outcomes_of(STEPS, file))
    show(outcomes, console)
    is_good = all(outcome.is_good for outcome in outcomes)
    return ExitStatus.OK if is_good else ExitStatus.DEMO_FAILED


async def outcomes_of(steps: tuple[Step, ...], file: Path) -> list[Outcome]:
    """The outcome of each step, run one after another in one session."""
    timeout = wherry.ClientTimeout(total=STEP_LIMIT)
    # The server has an IP address for a name, and a jar takes cookies of those only if told so.
    jar = wherry.CookieJar(unsafe=True)
    async with (
        LocalServer(answer) as server,
        wherry.ClientSession(timeout=timeout, cookie_jar=jar) as session,
    ):
        stage = Stage(session, server.url, file)
        return [await _outcome(step, stage) for step in steps]


async def _outcome(step: Step, stage: Stage) -> Outcome:
    started = perf_counter()
    try:
        text = await step.run(stage)
    except UnexpectedAnswerError as error:
        return Outcome(step.name, str(error), perf_counter() - started, is_good=False)
    except (wherry.ClientError, OSError, ValueError, LookupError, TypeError) as error:
        # The last three: an answer of another shape than the step takes apart.
        text = f"{type(error).__name__}: {error_line(error)}"
        return Outcome(step.name, text, perf_counter() - started, is_good=False)
    return Outcome(step.name, text, perf_counter() - started, is_good=True)
