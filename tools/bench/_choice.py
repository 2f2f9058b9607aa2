"""Which contestants run, and what is said about those that do not."""

import functools
import sys
from collections.abc import Callable, Iterable, Sequence

from ._clients import is_installed
from ._contestants import CONTESTANTS
from ._environments import Environment, find_environment


def chosen(
    wanted: Sequence[str],
    known: Iterable[str],
    client_of: Callable[[str], str],
    is_there: Callable[[str], bool] = is_installed,
    hint: str = "pip install",
) -> tuple[list[str], list[str]]:
    """The contestants to run, and notes about those left out because they are not installed.

    Raises ValueError for one that is named and unknown or not installed.
    """
    known = list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"expected some of {', '.join(known)}; got {', '.join(unknown)}")
    missing = [name for name in wanted or known if not is_there(client_of(name))]
    notes = [f"{name} left out: {hint} {client_of(name)}" for name in missing]
    if wanted and missing:
        raise ValueError("; ".join(notes))
    return [name for name in wanted or known if name not in missing], notes


@functools.cache
def environment_of(client: str) -> Environment | None:
    """Where a client runs; looked for once."""
    return find_environment(client)


def chosen_contestants(wanted: Sequence[str], known: Iterable[str] = CONTESTANTS) -> list[str]:
    """The same for contestants with environments of their own; notes are printed."""
    names, notes = chosen(
        wanted,
        known,
        lambda title: CONTESTANTS[title].client,
        lambda client: environment_of(client) is not None,
        "python -m tools.bench setup",
    )
    note(notes)
    return names


def note(lines: Iterable[str]) -> None:
    """Progress and remarks go to standard error, so that standard output is the table alone."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)
