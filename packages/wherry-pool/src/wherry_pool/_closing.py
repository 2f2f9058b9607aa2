"""What closing a connector returns: to be awaited, though the closing happens in any case."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


class Closing(Coroutine[Any, Any, None]):
    """Waits until a connector is closed. Dropping it without waiting is deprecated (S-178).

    `end` is done when everything is gone; None if it is gone already. Cancelling whoever waits does
    not stop the closing.
    """

    def __init__(self, end: asyncio.Future[None] | None) -> None:
        self._end = end
        self._waiting: Coroutine[Any, Any, None] | None = None

    def _wait(self) -> Coroutine[Any, Any, None]:
        if self._waiting is None:
            self._waiting = _until(self._end)
        return self._waiting

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait().__await__()

    def send(self, value: Any, /) -> Any:
        """Go on waiting; as for any coroutine."""
        return self._wait().send(value)

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Any:
        """Raise within the waiting; as for any coroutine."""
        return self._wait().throw(typ if isinstance(typ, BaseException) else typ(val))

    def close(self) -> None:
        """Stop waiting; as for any coroutine."""
        self._wait().close()

    def __del__(self) -> None:
        if self._waiting is None:
            warnings.warn(
                "Connector.close() has to be awaited: await connector.close()",
                DeprecationWarning,
                stacklevel=2,
            )


async def _until(end: asyncio.Future[None] | None) -> None:
    if end is not None:
        await asyncio.shield(end)
