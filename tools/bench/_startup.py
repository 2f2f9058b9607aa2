"""What importing a contestant costs: time, and memory in a process that does nothing else.

Each start is a fresh process; contestants take turns, and the first start of each, which may have
to compile, does not count.
"""

import json
import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.projects import ROOT
from tools.tables import markdown_table

from ._contestants import CONTESTANTS
from ._statistics import spread

_MODULES: Mapping[str, Sequence[str]] = {
    "floor": ("asyncio", "ssl"),
    "pyreqwest": ("pyreqwest.client",),
    "websockets": ("websockets.asyncio.client",),
}
"""Where it is not the module of the client's name. The floor is what all of them need."""

STARTERS = tuple(title for title in CONTESTANTS if title != "aiohttp-malloc")
"""The contestants that differ here."""


@dataclass(frozen=True)
class Start:
    """Seconds of the import, and bytes of memory after it."""

    seconds: float
    resident: int


class StartError(Exception):
    """A contestant could not be imported; what it printed is on standard error."""


def start(title: str, interpreter: Path) -> Start:
    """One start of a contestant. Raises StartError."""
    contestant = CONTESTANTS[title]
    modules = _MODULES.get(contestant.client, (contestant.client,))
    ran = subprocess.run(
        [str(interpreter), "-m", "tools.bench._startup_child", *modules],
        cwd=ROOT,
        env={**os.environ, **contestant.environment},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise StartError(f"{title} could not be imported: exit code {ran.returncode}")
    return Start(**json.loads(ran.stdout))


def measure_starts(interpreters: Mapping[str, Path], rounds: int) -> dict[str, list[Start]]:
    """All rounds, by contestant."""
    for title, interpreter in interpreters.items():
        start(title, interpreter)
    starts: dict[str, list[Start]] = {title: [] for title in interpreters}
    for _ in range(rounds):
        for title, interpreter in interpreters.items():
            starts[title].append(start(title, interpreter))
    return starts


def start_table(starts: Mapping[str, Sequence[Start]]) -> str:
    """Medians, by contestant."""
    rows = []
    for title, found in starts.items():
        seconds = [one.seconds for one in found]
        resident = statistics.median(one.resident for one in found)
        rows.append(
            [
                title,
                f"{statistics.median(seconds) * 1e3:.1f}",
                f"{spread(seconds) * 100:.1f}",
                f"{resident / 1024**2:.1f}",
            ]
        )
    return markdown_table(["client", "import ms", "± %", "RSS MiB"], rows)


def starts_as_json(starts: Mapping[str, Sequence[Start]]) -> dict[str, object]:
    """Every start."""
    return {title: [asdict(one) for one in found] for title, found in starts.items()}
