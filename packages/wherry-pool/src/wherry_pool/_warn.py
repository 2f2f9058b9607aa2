"""Deprecations, told to the line of code that has to change."""

import sys
import warnings


def warn_deprecated(message: str) -> None:
    """Warn about the innermost line of the stack that is not part of this project or asyncio."""
    level, frame = 1, sys._getframe()  # noqa: SLF001 - the documented way to look at callers
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, DeprecationWarning, stacklevel=level)


def _is_ours(module: str) -> bool:
    package = module.partition(".")[0]
    return package == "wherry" or package.startswith("wherry_") or package == "asyncio"
