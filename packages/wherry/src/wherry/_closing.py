"""Closing the bodies of a call: once, after success, failure or cancellation (S-285)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._request import ClientRequest
    from ._stages.call import Call
    from .protocols import PayloadProtocol


async def close_payloads(request: ClientRequest, call: Call) -> None:
    """Close the body of a call's first request, and the last hop's if it has another one."""
    await close_payload(request.payload)
    last = call.last_request
    if last is not None and last.payload is not request.payload:
        await close_payload(last.payload)


async def close_payload(payload: PayloadProtocol | None) -> None:
    """Close `payload`, unless it is in memory and there is nothing to close."""
    if payload is not None and payload.in_memory is None:
        await payload.close()
