"""Trace: one TraceConfig bound to one request. It makes the parameters and sends the signals.

When a signal is due is known to the callers: the pool and the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._config import EVERY_SIGNAL
from .params import (
    TraceBytesReadParams,
    TraceBytesWrittenParams,
    TraceConnectionCreateEndParams,
    TraceConnectionCreateStartParams,
    TraceConnectionQueuedEndParams,
    TraceConnectionQueuedStartParams,
    TraceConnectionReuseconnParams,
    TraceDnsCacheHitParams,
    TraceDnsCacheMissParams,
    TraceDnsResolveHostEndParams,
    TraceDnsResolveHostStartParams,
    TraceInformationalReceivedParams,
    TraceRequestChunkSentParams,
    TraceRequestEndParams,
    TraceRequestExceptionParams,
    TraceRequestHeadersSentParams,
    TraceRequestRedirectParams,
    TraceRequestStartParams,
    TraceResponseChunkReceivedParams,
    TraceTlsHandshakeEndParams,
    TraceTlsHandshakeStartParams,
)

if TYPE_CHECKING:
    from multidict import CIMultiDict, MultiMapping
    from yarl import URL

    from ._config import TraceConfig
    from ._signal import ParamsT, Signal
    from .protocols import ResponseShape


class Trace:
    """Sends the signals of `trace_config` for one request of `session`.

    Each method awaits the handlers of its signal one after another; what a handler raises comes
    out. The config must be frozen.
    """

    def __init__(
        self, session: object, trace_config: TraceConfig, trace_config_ctx: object
    ) -> None:
        self._session = session
        self._config = trace_config
        self._ctx = trace_config_ctx

    @property
    def heard(self) -> frozenset[str]:
        """The signals that need to be sent; a subclass may send what nobody handles."""
        return self._config.heard if type(self) is Trace else EVERY_SIGNAL

    async def _send(self, signal: Signal[ParamsT], params: ParamsT) -> None:
        await signal.send(self._session, self._ctx, params)

    async def send_request_start(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """Send `on_request_start`."""
        params = TraceRequestStartParams(method, url, headers)
        await self._send(self._config.on_request_start, params)

    async def send_request_headers(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """Send `on_request_headers_sent`."""
        params = TraceRequestHeadersSentParams(method, url, headers)
        await self._send(self._config.on_request_headers_sent, params)

    async def send_request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        """Send `on_request_chunk_sent`."""
        params = TraceRequestChunkSentParams(method, url, chunk)
        await self._send(self._config.on_request_chunk_sent, params)

    async def send_response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        """Send `on_response_chunk_received`."""
        params = TraceResponseChunkReceivedParams(method, url, chunk)
        await self._send(self._config.on_response_chunk_received, params)

    async def send_request_redirect(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """Send `on_request_redirect`."""
        params = TraceRequestRedirectParams(method, url, headers, response)
        await self._send(self._config.on_request_redirect, params)

    async def send_request_end(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """Send `on_request_end`."""
        params = TraceRequestEndParams(method, url, headers, response)
        await self._send(self._config.on_request_end, params)

    async def send_request_exception(
        self, method: str, url: URL, headers: CIMultiDict[str], exception: BaseException
    ) -> None:
        """Send `on_request_exception`."""
        params = TraceRequestExceptionParams(method, url, headers, exception)
        await self._send(self._config.on_request_exception, params)

    async def send_connection_queued_start(self) -> None:
        """Send `on_connection_queued_start`."""
        params = TraceConnectionQueuedStartParams()
        await self._send(self._config.on_connection_queued_start, params)

    async def send_connection_queued_end(self) -> None:
        """Send `on_connection_queued_end`."""
        params = TraceConnectionQueuedEndParams()
        await self._send(self._config.on_connection_queued_end, params)

    async def send_connection_create_start(self) -> None:
        """Send `on_connection_create_start`."""
        params = TraceConnectionCreateStartParams()
        await self._send(self._config.on_connection_create_start, params)

    async def send_connection_create_end(self) -> None:
        """Send `on_connection_create_end`."""
        params = TraceConnectionCreateEndParams()
        await self._send(self._config.on_connection_create_end, params)

    async def send_connection_reuseconn(self) -> None:
        """Send `on_connection_reuseconn`."""
        params = TraceConnectionReuseconnParams()
        await self._send(self._config.on_connection_reuseconn, params)

    async def send_dns_resolvehost_start(self, host: str) -> None:
        """Send `on_dns_resolvehost_start`."""
        params = TraceDnsResolveHostStartParams(host)
        await self._send(self._config.on_dns_resolvehost_start, params)

    async def send_dns_resolvehost_end(self, host: str) -> None:
        """Send `on_dns_resolvehost_end`."""
        params = TraceDnsResolveHostEndParams(host)
        await self._send(self._config.on_dns_resolvehost_end, params)

    async def send_dns_cache_hit(self, host: str) -> None:
        """Send `on_dns_cache_hit`."""
        params = TraceDnsCacheHitParams(host)
        await self._send(self._config.on_dns_cache_hit, params)

    async def send_dns_cache_miss(self, host: str) -> None:
        """Send `on_dns_cache_miss`."""
        params = TraceDnsCacheMissParams(host)
        await self._send(self._config.on_dns_cache_miss, params)

    async def send_tls_handshake_start(self, host: str) -> None:
        """Send `on_tls_handshake_start`."""
        params = TraceTlsHandshakeStartParams(host)
        await self._send(self._config.on_tls_handshake_start, params)

    async def send_tls_handshake_end(self, host: str) -> None:
        """Send `on_tls_handshake_end`."""
        params = TraceTlsHandshakeEndParams(host)
        await self._send(self._config.on_tls_handshake_end, params)

    async def send_informational_received(
        self, method: str, url: URL, status: int, reason: str, headers: MultiMapping[str]
    ) -> None:
        """Send `on_informational_received`."""
        params = TraceInformationalReceivedParams(method, url, status, reason, headers)
        await self._send(self._config.on_informational_received, params)

    async def send_bytes_written(self, method: str, url: URL, total: int) -> None:
        """Send `on_bytes_written`."""
        params = TraceBytesWrittenParams(method, url, total)
        await self._send(self._config.on_bytes_written, params)

    async def send_bytes_read(self, method: str, url: URL, total: int) -> None:
        """Send `on_bytes_read`."""
        params = TraceBytesReadParams(method, url, total)
        await self._send(self._config.on_bytes_read, params)
