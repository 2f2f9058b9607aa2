"""How long a middleware may let a call wait.

The limits of a connection do not run while a middleware sleeps, so whoever sleeps looks at
`ClientTimeout.total` for itself. Times are those of the event loop, in seconds.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from wherry_errors import TotalTimeoutError
from wherry_pool import NO_DEADLINE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .._request import ClientRequest


def loop_time() -> float:
    """The time of the running event loop."""
    return asyncio.get_running_loop().time()


def deadline_of(request: ClientRequest, entered: float) -> float:
    """When the call that `request` belongs to has to be over; infinity without a limit.

    `entered` is when the request came to the middleware: a call that began earlier ends earlier.
    """
    return min(request.deadline, entered + request.settings.total)


@asynccontextmanager
async def within_total(
    request: ClientRequest, entered: float, waited_for: str
) -> AsyncIterator[None]:
    """Raise `TotalTimeoutError` once the block has waited for `waited_for` past the deadline."""
    deadline = deadline_of(request, entered)
    limit = asyncio.timeout_at(None if deadline == NO_DEADLINE else deadline)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TotalTimeoutError(
            f"it was waiting for {waited_for}",
            phase="total",
            limit=request.timeout.total,
            elapsed=loop_time() - entered,
            host=request.connection_key.authority,
        ) from error
