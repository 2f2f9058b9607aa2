"""C twins of hot functions of wherry-codec and wherry-websocket, which look for them at import.

Nothing here decides anything about HTTP: each function does what a plain one does, or leaves it
undecided. Where the C part could not be built, `IS_NATIVE` is false and the functions are missing.
"""

import logging

from ._version import __version__

CONTRACT = 1
"""What the functions promise, as a number; another one when a signature or a meaning changes."""

try:
    from ._native import (
        apply_mask,
        read_frame_head,
        scan_response_head,
        take_chunks,
        take_small_frames,
        write_frame,
    )
except ImportError as _exc:
    IS_NATIVE = False
    # Once per process, and not a warning of the warnings module: an installation without a
    # compiler is slower, not wrong.
    logging.getLogger("wherry_speedups").warning(
        "wherry-speedups has no C part here (%s), so plain Python is used; install a C compiler "
        "and reinstall it, uninstall it, or set WHERRY_PURE=1",
        _exc,
    )
else:
    IS_NATIVE = True
"""Whether the functions are there."""

__all__ = [
    "CONTRACT",
    "IS_NATIVE",
    "__version__",
    "apply_mask",
    "read_frame_head",
    "scan_response_head",
    "take_chunks",
    "take_small_frames",
    "write_frame",
]
