"""TraceConfig: the signals of a set of handlers, and the context they share per request."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ._signal import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

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

SIGNAL_NAMES = (
    "on_request_start",
    "on_request_headers_sent",
    "on_request_chunk_sent",
    "on_request_redirect",
    "on_request_end",
    "on_request_exception",
    "on_response_chunk_received",
    "on_connection_queued_start",
    "on_connection_queued_end",
    "on_connection_create_start",
    "on_connection_create_end",
    "on_connection_reuseconn",
    "on_dns_resolvehost_start",
    "on_dns_resolvehost_end",
    "on_dns_cache_hit",
    "on_dns_cache_miss",
)
"""The attributes of a TraceConfig that are signals of aiohttp's client, too (S-329)."""

ADDED_SIGNAL_NAMES = (
    "on_tls_handshake_start",
    "on_tls_handshake_end",
    "on_informational_received",
    "on_bytes_written",
    "on_bytes_read",
)
"""Those that only wherry has."""

EVERY_SIGNAL = frozenset(SIGNAL_NAMES + ADDED_SIGNAL_NAMES)


class TraceConfig:
    """Handlers for what happens to the requests of a session.

    Append async functions of `(session, trace_config_ctx, params)` to the `on_…` signals, then
    give the config to one session or several, which freezes it. Per request,
    `trace_config_ctx_factory(trace_request_ctx=…)` makes the second argument; the same object goes
    to every signal of that request, through retries and redirects.
    """

    def __init__(self, trace_config_ctx_factory: Callable[..., Any] = SimpleNamespace) -> None:
        self._trace_config_ctx_factory = trace_config_ctx_factory
        self._signals: dict[str, Signal[Any]] = {
            name: Signal() for name in SIGNAL_NAMES + ADDED_SIGNAL_NAMES
        }
        self._heard = EVERY_SIGNAL

    def trace_config_ctx(self, trace_request_ctx: object = None) -> Any:
        """The context of one request: what the factory makes of the request's own value."""
        return self._trace_config_ctx_factory(trace_request_ctx=trace_request_ctx)

    def freeze(self) -> None:
        """Close every signal for changes; a session does this when it is given the config."""
        for signal in self._signals.values():
            signal.freeze()
        self._heard = frozenset(name for name, signal in self._signals.items() if len(signal))

    @property
    def heard(self) -> frozenset[str]:
        """The names of the signals that have handlers; of all signals until `freeze()`."""
        return self._heard

    @property
    def on_request_start(self) -> Signal[TraceRequestStartParams]:
        """The call begins; `url` is the requested one with its query and fragment."""
        return self._signals["on_request_start"]

    @property
    def on_request_headers_sent(self) -> Signal[TraceRequestHeadersSentParams]:
        """The head is about to be written; `headers` are final, `url` has no fragment."""
        return self._signals["on_request_headers_sent"]

    @property
    def on_request_chunk_sent(self) -> Signal[TraceRequestChunkSentParams]:
        """A piece of the request body, before compression and framing; `url` has no fragment."""
        return self._signals["on_request_chunk_sent"]

    @property
    def on_request_redirect(self) -> Signal[TraceRequestRedirectParams]:
        """A redirect is about to be followed: the hop that was answered, and its answer."""
        return self._signals["on_request_redirect"]

    @property
    def on_request_end(self) -> Signal[TraceRequestEndParams]:
        """Head and redirects are done, the body is not read yet; method and URL of the last hop."""
        return self._signals["on_request_end"]

    @property
    def on_request_exception(self) -> Signal[TraceRequestExceptionParams]:
        """The call failed, time-outs and cancellation included."""
        return self._signals["on_request_exception"]

    @property
    def on_response_chunk_received(self) -> Signal[TraceResponseChunkReceivedParams]:
        """A piece of the response body, decoded; `url` has no fragment."""
        return self._signals["on_response_chunk_received"]

    @property
    def on_connection_queued_start(self) -> Signal[TraceConnectionQueuedStartParams]:
        """The request begins to wait for a place in the pool."""
        return self._signals["on_connection_queued_start"]

    @property
    def on_connection_queued_end(self) -> Signal[TraceConnectionQueuedEndParams]:
        """The wait for a place is over."""
        return self._signals["on_connection_queued_end"]

    @property
    def on_connection_create_start(self) -> Signal[TraceConnectionCreateStartParams]:
        """A new connection is about to be made."""
        return self._signals["on_connection_create_start"]

    @property
    def on_connection_create_end(self) -> Signal[TraceConnectionCreateEndParams]:
        """The new connection is ready, TLS included."""
        return self._signals["on_connection_create_end"]

    @property
    def on_connection_reuseconn(self) -> Signal[TraceConnectionReuseconnParams]:
        """An idle connection was taken."""
        return self._signals["on_connection_reuseconn"]

    @property
    def on_dns_resolvehost_start(self) -> Signal[TraceDnsResolveHostStartParams]:
        """The resolver is about to be asked for `host`."""
        return self._signals["on_dns_resolvehost_start"]

    @property
    def on_dns_resolvehost_end(self) -> Signal[TraceDnsResolveHostEndParams]:
        """The resolver has answered for `host`."""
        return self._signals["on_dns_resolvehost_end"]

    @property
    def on_dns_cache_hit(self) -> Signal[TraceDnsCacheHitParams]:
        """The addresses of `host` were known, or are being looked up for another request."""
        return self._signals["on_dns_cache_hit"]

    @property
    def on_dns_cache_miss(self) -> Signal[TraceDnsCacheMissParams]:
        """The addresses of `host` were not known."""
        return self._signals["on_dns_cache_miss"]

    # --- additions --------------------------------------------------------------------------------

    @property
    def on_tls_handshake_start(self) -> Signal[TraceTlsHandshakeStartParams]:
        """A TLS handshake with `host` begins; between the signals of creating a connection."""
        return self._signals["on_tls_handshake_start"]

    @property
    def on_tls_handshake_end(self) -> Signal[TraceTlsHandshakeEndParams]:
        """The TLS handshake with `host` has succeeded."""
        return self._signals["on_tls_handshake_end"]

    @property
    def on_informational_received(self) -> Signal[TraceInformationalReceivedParams]:
        """A 1xx response, told when the final head is there; `url` has no fragment."""
        return self._signals["on_informational_received"]

    @property
    def on_bytes_written(self) -> Signal[TraceBytesWrittenParams]:
        """Bytes of this request that have been written, framing included; a running total."""
        return self._signals["on_bytes_written"]

    @property
    def on_bytes_read(self) -> Signal[TraceBytesReadParams]:
        """Bytes of the response body that were read, before decoding; a running total."""
        return self._signals["on_bytes_read"]
