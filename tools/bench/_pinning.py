"""Which process runs on which CPU, where the system lets us say so (Linux)."""

import contextlib
import os
import sys
from collections.abc import Iterator


def two_cpus() -> tuple[int | None, int | None]:
    """One CPU for the client and one for the server; (None, None) where there are not two."""
    if sys.platform != "linux":
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def pin(cpu: int | None) -> None:
    """Keeps this process, and those it starts, on one CPU; None leaves it where it is."""
    if cpu is not None and sys.platform == "linux":
        os.sched_setaffinity(0, {cpu})


@contextlib.contextmanager
def pinned(cpu: int | None) -> Iterator[None]:
    """Processes started inside stay on `cpu`; this one may go elsewhere again afterwards."""
    if cpu is None or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """Raises the soft limit of open files to the hard one, for a thousand connections."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
