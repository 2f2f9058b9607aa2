"""Warnings that point at the line of the caller, however deep inside they are found (S-571)."""

from __future__ import annotations

import sys
import warnings


def warn_caller(message: str, category: type[Warning] = DeprecationWarning) -> None:
    """Warn about the innermost line of the stack that is not part of wherry or asyncio.

    What is deprecated is told to the line that has to change, not to one of ours (S-571).
    """
    warnings.warn(message, category, stacklevel=_level())


def _level() -> int:
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - the documented way to look at callers
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    return level


def _is_ours(module: str) -> bool:
    package = module.partition(".")[0]
    return package == "wherry" or package.startswith("wherry_") or package == "asyncio"
