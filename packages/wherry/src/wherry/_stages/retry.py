"""Sending once more after a connection died before it answered (S-451…S-455)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wherry_errors import (
    ClientConnectionResetError,
    ClientConnectorError,
    ClientOSError,
    ServerDisconnectedError,
)

if TYPE_CHECKING:
    from .._request import ClientRequest
    from .._response import ClientResponse
    from .call import Call

DEAD_CONNECTION = (ServerDisconnectedError, ClientOSError, ClientConnectionResetError)
"""What a request fails with when its connection died before the response head arrived."""

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"})
"""RFC 9110 §9.2.2, and QUERY."""


def may_retry(request: ClientRequest, error: Exception) -> bool:
    """Whether a request that failed with `error` can do no harm when it is sent again."""
    if isinstance(error, ClientConnectorError):
        return False  # no connection was made, another try has no better chance
    return request.method in IDEMPOTENT_METHODS and (
        request.payload is None or request.payload.replayable
    )


async def retry(request: ClientRequest, call: Call, error: Exception) -> ClientResponse:
    """Send `request`, which failed with `error`, once more; raise `error` if that is not allowed.

    One retry per call, redirect hops included.
    """
    if call.was_retried or request.is_retried_inside or not may_retry(request, error):
        raise error
    call.was_retried = True
    # Connections that were idle as long as the dead one may well have died with it.
    call.needs_fresh_connection = True
    try:
        return await call.handler(request)
    finally:
        call.needs_fresh_connection = False
