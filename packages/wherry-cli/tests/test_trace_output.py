"""What is made of recorded calls."""

import json
from io import StringIO
from pathlib import Path

from rich.console import Console

import wherry
from wherry_cli._latency import Latencies
from wherry_cli._show import View
from wherry_cli._trace_output import TraceOptions, TraceOutput
from wherry_cli.demo._server import LocalServer
from wherry_codec.testing import ResponsePlan


async def traced(options: TraceOptions, calls: int, latencies: Latencies | None = None) -> str:
    """What standard error shows after so many calls."""
    file = StringIO()
    traces = TraceOutput(options, shows_secrets=False)
    async with (
        LocalServer(lambda *_: ResponsePlan(200, body=b"ahoy")) as server,
        wherry.ClientSession(trace_configs=traces.trace_configs) as session,
    ):
        for _ in range(calls):
            await (await session.get(server.url)).read()
        traces.write(View(Console(file=file, width=80)), server.url, latencies)
    return file.getvalue()


def test_nothing_is_recorded_that_nobody_wants() -> None:
    """A session without configs is the faster one."""
    assert TraceOutput(TraceOptions(), shows_secrets=False).trace_configs == []


async def test_everything_at_once(tmp_path: Path) -> None:
    """The terminal, the page, the HAR."""
    options = TraceOptions(True, tmp_path / "t.html", tmp_path / "t.har")
    shown = await traced(options, 2)

    assert shown.count("GET http://127.0.0.1:") == 2
    assert f"waterfall written to {str(tmp_path / 't.html')!r}" in shown.replace("\n", "")
    entries = json.loads((tmp_path / "t.har").read_bytes())["log"]["entries"]
    assert [entry["response"]["content"]["text"] for entry in entries] == ["ahoy", "ahoy"]


async def test_of_repeated_calls_the_slowest_is_shown() -> None:
    """A thousand waterfalls are none."""
    shown = await traced(TraceOptions(True), 5, Latencies([0.1] * 5))

    assert shown.count("GET http://127.0.0.1:") == 1
