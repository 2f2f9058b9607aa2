"""Differences on purpose: which ones, and why.

A line names one difference by its key, or several with `*`; its value is the reason.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ._differences import Difference


@dataclass(frozen=True)
class Verdict:
    """What is left of the differences: those without a reason, and reasons without a difference."""

    unexplained: tuple[Difference, ...]
    explained: Mapping[str, tuple[Difference, ...]]
    """Key, as the file has it, to the differences it explains."""
    stale: tuple[str, ...]
    """Keys that explain nothing."""

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to do."""
        return not self.unexplained and not self.stale


def read_deviations(path: Path) -> dict[str, str]:
    """Key to reason. Raises OSError, tomllib.TOMLDecodeError, or ValueError for an empty reason."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for title, table in tables.items():
        for key, reason in table.items():
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(f"expected a reason for {key!r} in [{title}], got {reason!r}")
            found[key] = reason
    return found


def judge(differences: Sequence[Difference], deviations: Mapping[str, str]) -> Verdict:
    """Sorts differences by whether a line explains them; every line that fits one counts."""
    explained = {
        key: tuple(found for found in differences if fnmatchcase(found.key, key))
        for key in deviations
    }
    known = {found for group in explained.values() for found in group}
    return Verdict(
        unexplained=tuple(found for found in differences if found not in known),
        explained={key: group for key, group in explained.items() if group},
        stale=tuple(key for key, group in explained.items() if not group),
    )
