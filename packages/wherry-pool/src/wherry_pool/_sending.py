"""A request body that takes time, on its way out.

Decides when the body may go (RFC 9110 §10.1.1) and waits while the transport is full. Knows of the
response only that one may come first. How the bytes are framed is the business of `BodyWriter`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from wherry_errors import ClientConnectionResetError

from ._progress import Progress
from ._request_body import BodyWriter
from ._translate import payload_failed

if TYPE_CHECKING:
    from wherry_errors import ClientError

    from ._exchange import Exchange
    from ._request_body import Buffer, RequestBody

PIECE = 64 * 1024
"""A body in memory goes out in pieces of this size: each may have to wait for the one before."""


class SendingCarrier(Protocol):
    """The connection, as far as a body on its way out needs it."""

    is_write_paused: bool
    """Whether the transport's buffer is full."""

    @property
    def name(self) -> str:
        """Where it leads, for messages."""
        ...

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport; None once it is gone."""
        ...

    def body_sent(self, exchange: Exchange, /) -> None:
        """All of the request was handed to the transport."""
        ...

    def body_failed(self, exchange: Exchange, error: ClientError, /) -> None:
        """The request stays incomplete. Maybe because `exchange` is over already."""
        ...


class BodySender:
    """Sends the body of one exchange in a task of its own, cancelled when the exchange is over."""

    def __init__(
        self,
        carrier: SendingCarrier,
        loop: asyncio.AbstractEventLoop,
        exchange: Exchange,
        body: bytes | RequestBody,
    ) -> None:
        self._carrier = carrier
        self._loop = loop
        self._exchange = exchange
        self._body = body
        self._task: asyncio.Task[None] | None = None
        self._continue: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Start the task. An eager task factory may run it to its end within this call."""
        self._exchange.sender = self._task = self._loop.create_task(self._send())

    def cancel(self) -> None:
        """Give the rest up."""
        if self._task is not None:
            self._task.cancel()

    def go_on(self) -> None:
        """A 100 came, or a final response instead of it."""
        if self._continue is not None and not self._continue.done():
            self._continue.set_result(None)

    def resume_writing(self) -> None:
        """The transport has room again, or is gone."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # --- the task ------------------------------------------------------------------------------

    async def _send(self) -> None:
        carrier, exchange = self._carrier, self._exchange
        try:
            if exchange.expect_continue:
                await self._wait_for_continue(exchange.continue_wait)
                if exchange.head is not None:
                    # A final answer: the body stays unsent, and nobody is told that it was, so
                    # that the connection is closed after the response (S-397).
                    return
            await self._write_body(self._body)
        except asyncio.CancelledError as error:
            # Not by the connection if the exchange is still under way: something the body waited
            # for was cancelled. The request is incomplete for good.
            carrier.body_failed(exchange, payload_failed(error))
            raise
        except Exception as error:
            carrier.body_failed(exchange, payload_failed(error))
        else:
            carrier.body_sent(exchange)

    async def _wait_for_continue(self, seconds: float) -> None:
        self._continue = self._loop.create_future()
        try:
            await asyncio.wait((self._continue,), timeout=seconds)
        finally:
            self._continue = None

    async def _write_body(self, body: bytes | RequestBody) -> None:
        length = len(body) if isinstance(body, bytes) else self._exchange.content_length
        callback = self._exchange.upload_progress
        progress = None if callback is None else Progress(callback, length, self._loop)
        sink = BodyWriter(self._write, self._drain, length, progress)
        if isinstance(body, bytes):
            view = memoryview(body)
            for start in range(0, len(body), PIECE):
                await sink.write(view[start : start + PIECE])
        else:
            await body.write(sink)
        sink.finish()

    def _write(self, data: Buffer) -> None:
        transport = self._carrier.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError(
                f"the connection to {self._carrier.name} was closed while the request body was "
                "being sent"
            )
        transport.write(data)
        self._exchange.body_output_size += memoryview(data).nbytes

    async def _drain(self) -> None:
        if self._carrier.is_write_paused:
            self._writable = self._loop.create_future()
            try:
                await self._writable
            finally:
                self._writable = None
