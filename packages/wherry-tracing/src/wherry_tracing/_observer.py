"""RequestTraces: the one observer a request has, in front of all its traces.

Whoever serves a request tells one object what happens, in plain values, and does not know how many
configs listen. It decides their order and which URLs lose their fragment. The pool and the session
declare what they call as Protocols of their own, which this class satisfies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._config import EVERY_SIGNAL
from ._trace import Trace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from multidict import CIMultiDict, MultiMapping
    from yarl import URL

    from ._config import TraceConfig
    from .protocols import ResponseShape


CONNECTION_SIGNALS = frozenset(
    name for name in EVERY_SIGNAL if name.startswith(("on_connection_", "on_dns_", "on_tls_"))
)
EXCHANGE_SIGNALS = (
    EVERY_SIGNAL
    - CONNECTION_SIGNALS
    - {"on_request_start", "on_request_end", "on_request_exception"}
)
"""Those between the start of a call and its end."""


def begin(
    trace_configs: Iterable[TraceConfig], session: object, trace_request_ctx: object = None
) -> RequestTraces:
    """The traces of one request: one context per config, made now and kept to its end.

    The configs must be frozen. If none has a handler the result is false; there is nobody to tell.
    """
    return RequestTraces(
        Trace(session, config, config.trace_config_ctx(trace_request_ctx=trace_request_ctx))
        for config in trace_configs
    )


class RequestTraces:
    """Tells every trace of a request what happens to it, in the order of the configs.

    Each method returns when all handlers have run. What a handler raises comes out at once and the
    remaining ones are not called; the request is meant to fail with it.
    """

    __slots__ = ("_heard", "_traces")

    def __init__(self, traces: Iterable[Trace]) -> None:
        self._traces = tuple(traces)
        # Most configs handle few signals, and one that nobody handles should cost next to nothing.
        self._heard = frozenset[str]().union(*(trace.heard for trace in self._traces))

    @property
    def hears_of_connections(self) -> bool:
        """Whether anybody wants to know how requests get their connections."""
        return not self._heard.isdisjoint(CONNECTION_SIGNALS)

    @property
    def hears_of_exchanges(self) -> bool:
        """Whether anybody wants to know what is sent, and what of a response is read."""
        return not self._heard.isdisjoint(EXCHANGE_SIGNALS)

    @property
    def traces(self) -> tuple[Trace, ...]:
        """The traces, in the order of the configs."""
        return self._traces

    def __bool__(self) -> bool:
        return bool(self._heard)

    async def _each(self, send: Callable[[Trace], Awaitable[None]]) -> None:
        for trace in self._traces:
            await send(trace)

    # --- the request ------------------------------------------------------------------------------

    async def request_start(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """The call begins; handlers may change `headers`."""
        if "on_request_start" in self._heard:
            await self._each(lambda trace: trace.send_request_start(method, url, headers))

    async def request_headers_sent(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """The head with its final `headers` is about to be written."""
        if "on_request_headers_sent" in self._heard:
            sent = _without_fragment(url)
            await self._each(lambda trace: trace.send_request_headers(method, sent, headers))

    async def request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of the body was handed to the writer, not yet compressed or framed."""
        if "on_request_chunk_sent" in self._heard:
            sent = _without_fragment(url)
            await self._each(lambda trace: trace.send_request_chunk_sent(method, sent, chunk))

    async def response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of the response body was read, decoded."""
        if "on_response_chunk_received" in self._heard:
            sent = _without_fragment(url)
            await self._each(lambda trace: trace.send_response_chunk_received(method, sent, chunk))

    async def request_redirect(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """`response` to this hop is a redirect, which will be followed."""
        if "on_request_redirect" in self._heard:
            await self._each(
                lambda trace: trace.send_request_redirect(method, url, headers, response)
            )

    async def request_end(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """Head and redirects are done: method and URL of the last hop."""
        if "on_request_end" in self._heard:
            await self._each(lambda trace: trace.send_request_end(method, url, headers, response))

    async def request_exception(
        self, method: str, url: URL, headers: CIMultiDict[str], exception: BaseException
    ) -> None:
        """The call failed; at most once per call, and never after `request_end`."""
        if "on_request_exception" in self._heard:
            await self._each(
                lambda trace: trace.send_request_exception(method, url, headers, exception)
            )

    async def informational_received(
        self, method: str, url: URL, status: int, reason: str, headers: MultiMapping[str]
    ) -> None:
        """A 1xx response came before the final one."""
        if "on_informational_received" in self._heard:
            sent = _without_fragment(url)
            await self._each(
                lambda trace: trace.send_informational_received(
                    method, sent, status, reason, headers
                )
            )

    async def bytes_written(self, method: str, url: URL, total: int) -> None:
        """`total` bytes of the request are written by now."""
        if "on_bytes_written" in self._heard:
            sent = _without_fragment(url)
            await self._each(lambda trace: trace.send_bytes_written(method, sent, total))

    async def bytes_read(self, method: str, url: URL, total: int) -> None:
        """`total` bytes of the response body are read by now, before decoding."""
        if "on_bytes_read" in self._heard:
            sent = _without_fragment(url)
            await self._each(lambda trace: trace.send_bytes_read(method, sent, total))

    # --- its connection ---------------------------------------------------------------------------

    async def connection_queued_start(self) -> None:
        """The request begins to wait for a place in the pool."""
        if "on_connection_queued_start" in self._heard:
            await self._each(lambda trace: trace.send_connection_queued_start())

    async def connection_queued_end(self) -> None:
        """The wait for a place is over."""
        if "on_connection_queued_end" in self._heard:
            await self._each(lambda trace: trace.send_connection_queued_end())

    async def connection_create_start(self) -> None:
        """A new connection is about to be made."""
        if "on_connection_create_start" in self._heard:
            await self._each(lambda trace: trace.send_connection_create_start())

    async def connection_create_end(self) -> None:
        """The new connection is ready, TLS included."""
        if "on_connection_create_end" in self._heard:
            await self._each(lambda trace: trace.send_connection_create_end())

    async def connection_reused(self) -> None:
        """An idle connection was taken."""
        if "on_connection_reuseconn" in self._heard:
            await self._each(lambda trace: trace.send_connection_reuseconn())

    async def dns_cache_hit(self, host: str) -> None:
        """The addresses of `host` were known, or are being looked up for another request."""
        if "on_dns_cache_hit" in self._heard:
            await self._each(lambda trace: trace.send_dns_cache_hit(host))

    async def dns_cache_miss(self, host: str) -> None:
        """The addresses of `host` were not known."""
        if "on_dns_cache_miss" in self._heard:
            await self._each(lambda trace: trace.send_dns_cache_miss(host))

    async def dns_resolve_start(self, host: str) -> None:
        """The resolver is about to be asked for `host`."""
        if "on_dns_resolvehost_start" in self._heard:
            await self._each(lambda trace: trace.send_dns_resolvehost_start(host))

    async def dns_resolve_end(self, host: str) -> None:
        """The resolver has answered for `host`."""
        if "on_dns_resolvehost_end" in self._heard:
            await self._each(lambda trace: trace.send_dns_resolvehost_end(host))

    async def tls_handshake_start(self, host: str) -> None:
        """A TLS handshake with `host` is about to begin."""
        if "on_tls_handshake_start" in self._heard:
            await self._each(lambda trace: trace.send_tls_handshake_start(host))

    async def tls_handshake_end(self, host: str) -> None:
        """The TLS handshake with `host` has succeeded."""
        if "on_tls_handshake_end" in self._heard:
            await self._each(lambda trace: trace.send_tls_handshake_end(host))


def _without_fragment(url: URL) -> URL:
    """What goes over the wire never has a fragment (RFC 9110 §4.2.5 leaves it to the client)."""
    return url.with_fragment(None) if url.raw_fragment else url
