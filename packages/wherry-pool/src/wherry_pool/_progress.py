"""How far a body has come: tells a callback, and lets nothing it does disturb the transfer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

ProgressCallback = Callable[[int, int | None], None]
"""Takes the bytes of the body so far, and all there will be or None if that is not known."""


class Progress:
    """Tells `callback` how much of a body of `total` bytes has gone over the wire.

    A callback that raises is reported to the loop's exception handler and not called again: it
    watches the transfer and is no part of it.
    """

    def __init__(
        self, callback: ProgressCallback, total: int | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._callback: ProgressCallback | None = callback
        self._total = total
        self._loop = loop

    def tell(self, size: int) -> None:
        """The body has come to `size` bytes, framing not counted."""
        callback = self._callback
        if callback is None:
            return
        try:
            callback(size, self._total)
        except Exception as error:
            self._callback = None
            self._loop.call_exception_handler(
                {"message": f"progress callback {callback!r} failed", "exception": error}
            )
