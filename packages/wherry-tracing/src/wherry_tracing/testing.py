"""What tests of a traced client need: a recorder of signals, and an observer without any config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._config import ADDED_SIGNAL_NAMES, SIGNAL_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multidict import CIMultiDict, MultiMapping
    from yarl import URL

    from ._config import TraceConfig
    from ._signal import Signal, TraceHandler
    from .protocols import ResponseShape


class SentSignal(NamedTuple):
    """One signal as a handler got it; `name` has no `on_` in front."""

    name: str
    session: object
    trace_config_ctx: Any
    params: Any


def record(config: TraceConfig, *, with_additions: bool = False) -> list[SentSignal]:
    """A list that grows by one entry per signal of `config`, in the order they are sent.

    Those are the sixteen that aiohttp's client has, and all of them `with_additions`. Call it
    before `config` is given to a session.
    """
    sent: list[SentSignal] = []
    for name in SIGNAL_NAMES + (ADDED_SIGNAL_NAMES if with_additions else ()):
        signal: Signal[Any] = getattr(config, name)
        signal.append(_recorder(name.removeprefix("on_"), sent))
    return sent


def _recorder(name: str, sent: list[SentSignal]) -> TraceHandler[Any]:
    async def handler(session: object, trace_config_ctx: object, params: object) -> None:
        sent.append(SentSignal(name, session, trace_config_ctx, params))

    return handler


class RecordingObserver:
    """Stands in for RequestTraces: remembers each call in `events` as `(method name, arguments)`.

    `raising` maps a method name to the exception that method raises after it has been recorded,
    to see what a failing handler does.
    """

    def __init__(self, raising: Mapping[str, BaseException] | None = None) -> None:
        self.events: list[tuple[str, tuple[object, ...]]] = []
        self._raising = dict(raising or {})

    @property
    def names(self) -> list[str]:
        """The recorded method names alone."""
        return [name for name, _ in self.events]

    def _record(self, name: str, *args: object) -> None:
        self.events.append((name, args))
        if name in self._raising:
            raise self._raising[name]

    async def request_start(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """Record it."""
        self._record("request_start", method, url, headers)

    async def request_headers_sent(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """Record it."""
        self._record("request_headers_sent", method, url, headers)

    async def request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        """Record it."""
        self._record("request_chunk_sent", method, url, chunk)

    async def response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        """Record it."""
        self._record("response_chunk_received", method, url, chunk)

    async def request_redirect(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """Record it."""
        self._record("request_redirect", method, url, headers, response)

    async def request_end(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ResponseShape
    ) -> None:
        """Record it."""
        self._record("request_end", method, url, headers, response)

    async def request_exception(
        self, method: str, url: URL, headers: CIMultiDict[str], exception: BaseException
    ) -> None:
        """Record it."""
        self._record("request_exception", method, url, headers, exception)

    async def connection_queued_start(self) -> None:
        """Record it."""
        self._record("connection_queued_start")

    async def connection_queued_end(self) -> None:
        """Record it."""
        self._record("connection_queued_end")

    async def connection_create_start(self) -> None:
        """Record it."""
        self._record("connection_create_start")

    async def connection_create_end(self) -> None:
        """Record it."""
        self._record("connection_create_end")

    async def connection_reused(self) -> None:
        """Record it."""
        self._record("connection_reused")

    async def dns_cache_hit(self, host: str) -> None:
        """Record it."""
        self._record("dns_cache_hit", host)

    async def dns_cache_miss(self, host: str) -> None:
        """Record it."""
        self._record("dns_cache_miss", host)

    async def dns_resolve_start(self, host: str) -> None:
        """Record it."""
        self._record("dns_resolve_start", host)

    async def dns_resolve_end(self, host: str) -> None:
        """Record it."""
        self._record("dns_resolve_end", host)

    async def tls_handshake_start(self, host: str) -> None:
        """Record it."""
        self._record("tls_handshake_start", host)

    async def tls_handshake_end(self, host: str) -> None:
        """Record it."""
        self._record("tls_handshake_end", host)

    async def informational_received(
        self, method: str, url: URL, status: int, reason: str, headers: MultiMapping[str]
    ) -> None:
        """Record it."""
        self._record("informational_received", method, url, status, reason, headers)

    async def bytes_written(self, method: str, url: URL, total: int) -> None:
        """Record it."""
        self._record("bytes_written", method, url, total)

    async def bytes_read(self, method: str, url: URL, total: int) -> None:
        """Record it."""
        self._record("bytes_read", method, url, total)
