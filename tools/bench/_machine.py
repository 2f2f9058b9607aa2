"""What machine a result is from, and whether two results may be compared."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_MEMINFO = Path("/proc/meminfo")


class OtherMachineError(Exception):
    """Two results are from different machines, or one does not say where it is from."""


def machine() -> dict[str, str]:
    """What decides how fast things are here, as far as the system tells."""
    return {
        "cpu": _field(_CPUINFO, "model name") or platform.processor() or "unknown",
        "cpus": str(os.cpu_count()),
        "memory": _memory(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "kernel": platform.release(),
    }


def _field(source: Path, name: str) -> str:
    """The value of the first line that begins with `name`; empty if there is none."""
    if not source.exists():
        return ""
    for line in source.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _memory() -> str:
    size = _field(_MEMINFO, "MemTotal").removesuffix(" kB")
    return f"{round(int(size) / 1024**2)} GiB" if size.isdigit() else "unknown"


def check_same_machine(one: Mapping[str, str], other: Mapping[str, str]) -> None:
    """Raises OtherMachineError that names what differs.

    A time of one machine over a time of another says something about the machines.
    """
    names = sorted({*one, *other})
    differing = [
        f"{name}: {one.get(name, 'not said')} and {other.get(name, 'not said')}"
        for name in names
        if one.get(name) != other.get(name)
    ]
    if differing or not names:
        raise OtherMachineError(
            "these results are not from one machine, so comparing them means nothing ("
            + ("; ".join(differing) or "neither says which")
            + "); measure both here"
        )
