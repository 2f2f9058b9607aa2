"""Instructions, counted by valgrind's callgrind tool in a child process.

Wall time on a shared machine moves by tens of per cent; the number of instructions does not. Two
runs with a different number of requests are counted and subtracted, so that starting Python,
importing the contestant and opening its connection cancel.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
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


def count(name: str, *, few: int, many: int, tasks: int) -> Count:
    """The cost of one request of a contestant. Raises CountingError if it cannot be counted.

    A run without valgrind comes first: it writes the bytecode caches, which would otherwise be part
    of the first count only.
    """
    child = [sys.executable, "-m", "tools.bench._memory_child", name]
    _run([*child, "1", str(many), str(tasks)])
    low = _counted([*child, str(few), str(many), str(tasks)])
    high = _counted([*child, str(many), str(many), str(tasks)])
    high.subtract(low)
    functions = {function: cost / (many - few) for function, cost in high.most_common()}
    return Count(sum(functions.values()), functions)


def _counted(command: list[str]) -> Counter[str]:
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as folder:
        target = Path(folder) / "callgrind.out"
        tool = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={target}"]
        _run([*tool, *command])
        with target.open(encoding="utf-8", errors="replace") as lines:
            return self_costs(lines)


def _run(command: list[str]) -> None:
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        raise CountingError(f"exit code {ran.returncode} from {' '.join(command)}\n{ran.stdout}")


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
