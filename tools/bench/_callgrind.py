"""Instructions, counted by valgrind's callgrind tool in a child process.

Wall time on a shared machine moves by tens of per cent; the number of instructions does not. Two
runs with a different number of requests are counted and subtracted, so that starting Python,
importing the contestant and opening its connection cancel.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.projects import ROOT

INSTALL_HINT = "install valgrind first: apt-get install valgrind (or dnf, pacman, brew)"

_NAME = re.compile(r"(c?)fn=\((\d+)\)(?: (.*))?")


class CountingError(Exception):
    """Valgrind, or the contestant under it, failed; the message holds what it printed."""


@dataclass(frozen=True)
class Count:
    """What one request costs: instructions in all, and by C function, the greatest first."""

    instructions: float
    functions: dict[str, float]


def is_available() -> bool:
    """Whether valgrind is on PATH."""
    return shutil.which("valgrind") is not None


@dataclass(frozen=True)
class Subject:
    """What is counted: a client doing a kind of work, in so many tasks, with these variables set.

    `environment` is for what a client decides at import: `WHERRY_PURE=1`.
    """

    client: str
    work: str = "get"
    tasks: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)


def count(subject: Subject, *, few: int, many: int) -> Count:
    """The cost of one request. Raises CountingError if it cannot be counted.

    A run without valgrind comes first: it writes the bytecode caches, which would otherwise be part
    of the first count only.
    """
    newest = _newest_source()
    _run(_child(subject, 1, many), subject.environment)
    low = _counted(_child(subject, few, many), subject.environment)
    high = _counted(_child(subject, many, many), subject.environment)
    high.subtract(low)
    if _newest_source() != newest:
        raise CountingError(
            "a source changed while it was counted, so two runs of different code were subtracted;"
            " count again"
        )
    functions = {function: cost / (many - few) for function, cost in high.most_common()}
    return Count(sum(functions.values()), functions)


def _newest_source() -> float:
    """When a source of what is counted was last changed."""
    sources = [*ROOT.glob("packages/*/src/**/*.py"), *ROOT.glob("tools/bench/**/*.py")]
    return max(file.stat().st_mtime for file in sources)


def count_calls(subject: Subject) -> dict[str, float]:
    """Calls per request by Python function, counted by a profiler instead of valgrind."""
    command = [sys.executable, "-m", "tools.bench._calls_child"]
    command += [subject.client, subject.work, str(subject.tasks)]
    calls: dict[str, float] = json.loads(_run(command, subject.environment))
    return calls


def _child(subject: Subject, requests: int, answers: int) -> list[str]:
    command = [sys.executable, "-m", "tools.bench._memory_child", subject.client, subject.work]
    return [*command, str(requests), str(answers), str(subject.tasks)]


def _counted(command: list[str], environment: Mapping[str, str]) -> Counter[str]:
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as folder:
        target = Path(folder) / "callgrind.out"
        tool = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={target}"]
        _run([*tool, *command], environment)
        with target.open(encoding="utf-8", errors="replace") as lines:
            return self_costs(lines)


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        raise CountingError(f"exit code {ran.returncode} from {' '.join(command)}\n{ran.stdout}")
    return ran.stdout


def self_costs(lines: Iterable[str]) -> Counter[str]:
    """Instructions by function, those of its callees left out, from a callgrind output file.

    Names are given once and referred to by number; the line after `calls=` repeats what callees
    cost. Levels of recursion, which callgrind keeps apart, are one function here.
    """
    names: dict[str, str] = {}
    costs: Counter[str] = Counter()
    current = ""
    skip = False
    for line in lines:
        named = _NAME.match(line)
        if named is not None:
            called, number, name = named.groups()
            if name is not None:
                names[number] = name.strip().partition("'")[0]
            current = current if called else names[number]
        elif line.startswith("calls="):
            skip = True
        elif line[:1].isdigit() or line[:1] in {"+", "-", "*"}:
            if not skip:
                costs[current] += int(line.split()[1])
            skip = False
    return costs
