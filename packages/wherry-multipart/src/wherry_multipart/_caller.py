"""Where a warning points: the first line of code outside the wherry packages."""

import sys


def caller_level() -> int:
    """The `stacklevel` with which the function that calls this one should warn."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - documented in sys
    while frame.f_back and str(frame.f_globals.get("__name__", "")).startswith("wherry"):
        level, frame = level + 1, frame.f_back
    return level
