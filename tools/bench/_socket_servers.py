"""The WebSocket servers, started in the environment that has what they need."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.projects import ROOT

from ._pinning import pinned

KINDS = ("picows", "websockets")
"""Both the kind of server and the module it needs; the second is the one that compresses."""


class SocketServerError(Exception):
    """A server did not start; what it printed is on standard error."""


@contextlib.contextmanager
def socket_server(kind: str, interpreter: Path, *, cpu: int | None) -> Iterator[str]:
    """Runs one of KINDS on a CPU; gives its ws:// base URL. Raises SocketServerError."""
    command = [str(interpreter), "-m", "tools.bench._socket_server", kind]
    command.append("" if cpu is None else str(cpu))
    with pinned(cpu):
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line.strip().isdigit():
            raise SocketServerError(f"the WebSocket server of {kind} did not start")
        yield f"ws://127.0.0.1:{line.strip()}"
    finally:
        process.terminate()
        process.communicate()
