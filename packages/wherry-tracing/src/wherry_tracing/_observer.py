"""RequestTraces: the one observer a request has, in front of all its traces.

Whoever serves a request tells one object what happens, in plain values, and does not know how many
configs listen. It decides their order and which URLs lose their fragment. The pool and the session
declare what they call as Protocols of their own, which this class satisfies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._trace import Trace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from multidict import CIMultiDict, MultiMapping
    from yarl import URL

    from ._config import TraceConfig
    from .protocols import ResponseShape


def begin(
    trace_configs: Iterable[TraceConfig], session: object, trace_request_ctx: object = None
) -> RequestTraces:
    """The traces of one request: one context per config, made now and kept to its end.

    The configs must be frozen. Without configs the result is false; then pass on None instead.
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

    __slots__ = ("_traces",)

    def __init__(self, traces: Iterable[Trace]) -> None:
        self._traces = tuple(traces)

    @property
    def traces(self) -> tuple[Trace, ...]:
        """The traces, in the order of the configs."""
        return self._traces

    def __bool__(self) -> bool:
        return bool(self._traces)

    async def _each(self, send: Callable[[Trace], Awaitable[None]]) -> None:
        for trace in self._traces:
            await send(trace)

    # --- the request ------------------------------------------------------------------------------

    async def request_start(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """The call begins; handlers may change `headers`."""
        await self._each(lambda trace: trace.send_request_start(method, url, headers))

    async def request_headers_sent(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """The head with its final `headers` is about to be written."""
        sent = _without_fragment(url)
        await self._each(lambda trace: trace.send_request_headers(method, sent, headers))

    async def request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of the body was handed to the writer, not yet compressed or framed."""
        sent = _without_fragment(url)
        await self._each(lambda trace: trace.send_request_chunk_sent(method, sent, chunk))

    async def response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of the response body was read, decoded."""
        sent = _without_fragment(url)
        await self._each(lambda trace: trace.send_response_chunk_received(method, sent, chunk))

    async def request_redirect(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """`response` to this hop is a redirect, which will be followed."""
        await self._each(lambda trace: trace.send_request_redirect(method, url, headers, response))

    async def request_end(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """Head and redirects are done: method and URL of the last hop."""
        await self._each(lambda trace: trace.send_request_end(method, url, headers, response))

    async def request_exception(
        self, method: str, url: URL, headers: CIMultiDict[str], exception: BaseException
    ) -> None:
        """The call failed; at most once per call, and never after `request_end`."""
        await self._each(
            lambda trace: trace.send_request_exception(method, url, headers, exception)
        )

    async def informational_received(
        self, method: str, url: URL, status: int, reason: str, headers: MultiMapping[str]
    ) -> None:
        """A 1xx response came before the final one."""
        sent = _without_fragment(url)
        await self._each(
            lambda trace: trace.send_informational_received(method, sent, status, reason, headers)
        )

    async def bytes_written(self, method: str, url: URL, total: int) -> None:
        """`total` bytes of the request are written by now."""
        sent = _without_fragment(url)
        await self._each(lambda trace: trace.send_bytes_written(method, sent, total))

    async def bytes_read(self, method: str, url: URL, total: int) -> None:
        """`total` bytes of the response body are read by now, before decoding."""
        sent = _without_fragment(url)
        await self._each(lambda trace: trace.send_bytes_read(method, sent, total))

    # --- its connection ---------------------------------------------------------------------------

    async def connection_queued_start(self) -> None:
        """The request begins to wait for a place in the pool."""
        await self._each(lambda trace: trace.send_connection_queued_start())

    async def connection_queued_end(self) -> None:
        """The wait for a place is over."""
        await self._each(lambda trace: trace.send_connection_queued_end())

    async def connection_create_start(self) -> None:
        """A new connection is about to be made."""
        await self._each(lambda trace: trace.send_connection_create_start())

    async def connection_create_end(self) -> None:
        """The new connection is ready, TLS included."""
        await self._each(lambda trace: trace.send_connection_create_end())

    async def connection_reused(self) -> None:
        """An idle connection was taken."""
        await self._each(lambda trace: trace.send_connection_reuseconn())

    async def dns_cache_hit(self, host: str) -> None:
        """The addresses of `host` were known, or are being looked up for another request."""
        await self._each(lambda trace: trace.send_dns_cache_hit(host))

    async def dns_cache_miss(self, host: str) -> None:
        """The addresses of `host` were not known."""
        await self._each(lambda trace: trace.send_dns_cache_miss(host))

    async def dns_resolve_start(self, host: str) -> None:
        """The resolver is about to be asked for `host`."""
        await self._each(lambda trace: trace.send_dns_resolvehost_start(host))

    async def dns_resolve_end(self, host: str) -> None:
        """The resolver has answered for `host`."""
        await self._each(lambda trace: trace.send_dns_resolvehost_end(host))

    async def tls_handshake_start(self, host: str) -> None:
        """A TLS handshake with `host` is about to begin."""
        await self._each(lambda trace: trace.send_tls_handshake_start(host))

    async def tls_handshake_end(self, host: str) -> None:
        """The TLS handshake with `host` has succeeded."""
        await self._each(lambda trace: trace.send_tls_handshake_end(host))


def _without_fragment(url: URL) -> URL:
    """What goes over the wire never has a fragment (RFC 9110 §4.2.5 leaves it to the client)."""
    return url.with_fragment(None) if url.raw_fragment else url
