"""Trace: each method sends its signal with its parameters, and no other."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

import wherry_tracing
from wherry_tracing import Trace, TraceConfig
from wherry_tracing.testing import record

if TYPE_CHECKING:
    from multidict import CIMultiDict
    from yarl import URL

# Method of Trace, signal, parameter class, parameters: the first three follow aiohttp's names.
SENDS = """
send_request_start            request_start            RequestStart           method url headers
send_request_headers          request_headers_sent     RequestHeadersSent     method url headers
send_request_chunk_sent       request_chunk_sent       RequestChunkSent       method url chunk
send_response_chunk_received  response_chunk_received  ResponseChunkReceived  method url chunk
send_request_redirect         request_redirect         RequestRedirect        method url headers response
send_request_end              request_end              RequestEnd             method url headers response
send_request_exception        request_exception        RequestException       method url headers exception
send_connection_queued_start  connection_queued_start  ConnectionQueuedStart
send_connection_queued_end    connection_queued_end    ConnectionQueuedEnd
send_connection_create_start  connection_create_start  ConnectionCreateStart
send_connection_create_end    connection_create_end    ConnectionCreateEnd
send_connection_reuseconn     connection_reuseconn     ConnectionReuseconn
send_dns_resolvehost_start    dns_resolvehost_start    DnsResolveHostStart    host
send_dns_resolvehost_end      dns_resolvehost_end      DnsResolveHostEnd      host
send_dns_cache_hit            dns_cache_hit            DnsCacheHit            host
send_dns_cache_miss           dns_cache_miss           DnsCacheMiss           host
send_tls_handshake_start      tls_handshake_start      TlsHandshakeStart      host
send_tls_handshake_end        tls_handshake_end        TlsHandshakeEnd        host
send_informational_received   informational_received   InformationalReceived  method url status reason headers
send_bytes_written            bytes_written            BytesWritten           method url total
send_bytes_read               bytes_read               BytesRead              method url total
"""  # noqa: E501 - a table
CASES = [line.split(maxsplit=3) for line in SENDS.strip().splitlines()]
SEND_METHODS = {case[0] for case in CASES}


@pytest.fixture
def values(url: URL, headers: CIMultiDict[str], response: object) -> dict[str, object]:
    return {
        "method": "GET",
        "url": url,
        "headers": headers,
        "chunk": b"abc",
        "response": response,
        "exception": KeyError("x"),
        "host": "example.com",
        "status": 103,
        "reason": "Early Hints",
        "total": 7,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
async def test_a_method_sends_its_signal_with_its_parameters(
    case: list[str], values: dict[str, object]
) -> None:
    """S-334: to its own signal only, with session and context."""
    method, signal, params_class, names = [*case, ""][:4]
    config = TraceConfig()
    sent = record(config, with_additions=True)
    config.freeze()
    context = object()

    await getattr(Trace("session", config, context), method)(*map(values.get, names.split()))

    (got,) = sent
    assert (got.name, got.session, got.trace_config_ctx) == (signal, "session", context)
    assert type(got.params) is getattr(wherry_tracing, f"Trace{params_class}Params")
    for name in names.split():
        assert getattr(got.params, name) is values[name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_parameters_have_the_documented_names(case: list[str]) -> None:
    """Callers may pass them by keyword."""
    names = case[3].split() if len(case) == 4 else []

    assert [*inspect.signature(getattr(Trace, case[0])).parameters] == ["self", *names]


def test_every_send_method_is_in_the_table() -> None:
    assert {name for name in vars(Trace) if name.startswith("send_")} == SEND_METHODS


async def test_a_start_handler_changes_the_headers_of_the_request(
    url: URL, headers: CIMultiDict[str]
) -> None:
    """S-334: the multidict is the request's own."""

    async def start(session: object, context: object, params: Any) -> None:
        params.headers["X-Trace"] = "1"

    config = TraceConfig()
    config.on_request_start.append(start)
    config.freeze()

    await Trace(None, config, None).send_request_start("GET", url, headers)

    assert headers["X-Trace"] == "1"


async def test_an_open_config_is_not_sent(url: URL, headers: CIMultiDict[str]) -> None:
    """S-330: giving it to a session freezes it."""
    with pytest.raises(RuntimeError, match="freeze its TraceConfig"):
        await Trace(None, TraceConfig(), None).send_request_start("GET", url, headers)
