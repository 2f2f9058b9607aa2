"""Memory per idle connection: a fresh process for each turn, against a server that waits for all.

What a process gives back to the system after a burst differs between allocators, so this is the
memory that connections take when they have been used once, not the size of their objects.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.projects import ROOT
from tools.tables import markdown_table

from ._certificate import INSTALL_HINT, write_certificate
from ._clients import CLIENTS
from ._contestants import CONTESTANTS

IDLERS = tuple(
    title
    for title, contestant in CONTESTANTS.items()
    if contestant.client in CLIENTS and title not in {"aiohttp-malloc", "floor"}
)
"""The contestants that keep HTTP connections; the floor's are one large buffer each."""

_PATIENCE = 120.0
"""Seconds; a contestant that opens fewer connections than it makes requests would wait for ever."""


class IdleError(Exception):
    """A contestant did not get its connections; what it printed is on standard error."""


@dataclass(frozen=True)
class Barrier:
    """The base URL of the server, and the authority to trust; empty without TLS."""

    base: str
    ca_file: str


@contextlib.contextmanager
def barrier_server(*, tls: bool) -> Iterator[Barrier]:
    """Runs the server. Raises IdleError for TLS without trustme."""
    with tempfile.TemporaryDirectory(prefix="bench-idle-") as name:
        certificate = write_certificate(Path(name)) if tls else None
        if tls and certificate is None:
            raise IdleError(INSTALL_HINT)
        command = [sys.executable, "-m", "tools.bench._barrier_server", name if tls else ""]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            port = process.stdout.readline().strip() if process.stdout is not None else ""
            scheme = "https" if tls else "http"
            yield Barrier(
                f"{scheme}://127.0.0.1:{port}", str(certificate.ca) if certificate else ""
            )
        finally:
            process.communicate()


def bytes_per_connection(
    title: str, interpreter: Path, barrier: Barrier, connections: int
) -> float:
    """One turn. Raises IdleError."""
    contestant = CONTESTANTS[title]
    command = [str(interpreter), "-m", "tools.bench._idle_child", contestant.client]
    command += [barrier.base, barrier.ca_file, str(connections)]
    try:
        ran = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **contestant.environment},
            stdout=subprocess.PIPE,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise IdleError(
            f"{title} did not open {connections} connections in {_PATIENCE:.0f} s"
        ) from exc
    if ran.returncode != 0:
        raise IdleError(f"{title} failed: exit code {ran.returncode}")
    found: dict[str, int] = json.loads(ran.stdout)
    return found["bytes"] / found["connections"]


def idle_table(measured: Mapping[str, Sequence[float]]) -> str:
    """Medians in KiB, and the least and the most of the rounds."""
    rows = [
        [
            title,
            f"{statistics.median(sizes) / 1024:.1f}",
            f"{min(sizes) / 1024:.1f}",
            f"{max(sizes) / 1024:.1f}",
        ]
        for title, sizes in measured.items()
    ]
    return markdown_table(["client", "KiB per connection", "least", "most"], rows)
