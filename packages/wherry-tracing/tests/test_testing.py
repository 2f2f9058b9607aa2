"""The recorder and the fake observer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wherry_tracing import TraceConfig
from wherry_tracing._config import ADDED_SIGNAL_NAMES, SIGNAL_NAMES
from wherry_tracing.testing import RecordingObserver, record

if TYPE_CHECKING:
    from multidict import CIMultiDict
    from yarl import URL

    from wherry_tracing import ResponseShape


def test_recording_adds_one_handler_to_each_signal() -> None:
    config = TraceConfig()

    assert record(config) == []
    assert [len(getattr(config, name)) for name in SIGNAL_NAMES] == [1] * 16
    assert [len(getattr(config, name)) for name in ADDED_SIGNAL_NAMES] == [0] * 5


def test_additions_are_recorded_if_asked_for() -> None:
    """Off by default, so that a table of aiohttp's orders stays one."""
    config = TraceConfig()

    record(config, with_additions=True)

    assert [len(getattr(config, name)) for name in SIGNAL_NAMES + ADDED_SIGNAL_NAMES] == [1] * 21


def test_a_frozen_config_cannot_be_recorded_any_more() -> None:
    """S-330."""
    config = TraceConfig()
    config.freeze()

    with pytest.raises(RuntimeError, match="frozen"):
        record(config)


async def test_the_observer_remembers_calls_in_order(
    url: URL, headers: CIMultiDict[str], response: ResponseShape
) -> None:
    observer, error = RecordingObserver(), KeyError("x")

    await observer.request_start("GET", url, headers)
    await observer.connection_queued_start()
    await observer.connection_queued_end()
    await observer.connection_create_start()
    await observer.dns_cache_miss("h")
    await observer.dns_resolve_start("h")
    await observer.dns_resolve_end("h")
    await observer.dns_cache_hit("h")
    await observer.connection_create_end()
    await observer.connection_reused()
    await observer.request_headers_sent("GET", url, headers)
    await observer.request_chunk_sent("GET", url, b"x")
    await observer.request_redirect("GET", url, headers, response)
    await observer.request_end("GET", url, headers, response)
    await observer.response_chunk_received("GET", url, b"y")
    await observer.request_exception("GET", url, headers, error)
    await observer.tls_handshake_start("h")
    await observer.tls_handshake_end("h")
    await observer.informational_received("GET", url, 103, "Early Hints", headers)
    await observer.bytes_written("GET", url, 7)
    await observer.bytes_read("GET", url, 8)

    assert observer.events == [
        ("request_start", ("GET", url, headers)),
        ("connection_queued_start", ()),
        ("connection_queued_end", ()),
        ("connection_create_start", ()),
        ("dns_cache_miss", ("h",)),
        ("dns_resolve_start", ("h",)),
        ("dns_resolve_end", ("h",)),
        ("dns_cache_hit", ("h",)),
        ("connection_create_end", ()),
        ("connection_reused", ()),
        ("request_headers_sent", ("GET", url, headers)),
        ("request_chunk_sent", ("GET", url, b"x")),
        ("request_redirect", ("GET", url, headers, response)),
        ("request_end", ("GET", url, headers, response)),
        ("response_chunk_received", ("GET", url, b"y")),
        ("request_exception", ("GET", url, headers, error)),
        ("tls_handshake_start", ("h",)),
        ("tls_handshake_end", ("h",)),
        ("informational_received", ("GET", url, 103, "Early Hints", headers)),
        ("bytes_written", ("GET", url, 7)),
        ("bytes_read", ("GET", url, 8)),
    ]
    assert observer.names == [name for name, _ in observer.events]


async def test_the_observer_can_be_told_to_fail() -> None:
    """S-332: to see that a place in the pool is given back."""
    observer = RecordingObserver(raising={"connection_create_start": LookupError("handler")})

    with pytest.raises(LookupError, match="handler"):
        await observer.connection_create_start()
    await observer.connection_create_end()

    assert observer.names == ["connection_create_start", "connection_create_end"]
