"""RequestTraces: the one object the rest of the client talks to."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from wherry_tracing import RequestTraces, Trace, TraceConfig, begin
from wherry_tracing.testing import RecordingObserver, record

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from multidict import CIMultiDict
    from yarl import URL

    from wherry_tracing import ResponseShape

# Method of RequestTraces, signal it sends, arguments.
EVENTS = """
request_start            request_start            method url headers
request_headers_sent     request_headers_sent     method url headers
request_chunk_sent       request_chunk_sent       method url chunk
response_chunk_received  response_chunk_received  method url chunk
request_redirect         request_redirect         method url headers response
request_end              request_end              method url headers response
request_exception        request_exception        method url headers exception
connection_queued_start  connection_queued_start
connection_queued_end    connection_queued_end
connection_create_start  connection_create_start
connection_create_end    connection_create_end
connection_reused        connection_reuseconn
dns_cache_hit            dns_cache_hit            host
dns_cache_miss           dns_cache_miss           host
dns_resolve_start        dns_resolvehost_start    host
dns_resolve_end          dns_resolvehost_end      host
tls_handshake_start      tls_handshake_start      host
tls_handshake_end        tls_handshake_end        host
informational_received   informational_received   method url status reason headers
bytes_written            bytes_written            method url total
bytes_read               bytes_read               method url total
"""
CASES = [[*line.split(maxsplit=2), ""][:3] for line in EVENTS.strip().splitlines()]


@pytest.fixture
def values(url: URL, headers: CIMultiDict[str], response: object) -> dict[str, object]:
    return {
        "method": "GET",
        "url": url.with_fragment(None),
        "headers": headers,
        "chunk": b"abc",
        "response": response,
        "exception": KeyError("x"),
        "host": "example.com",
        "status": 103,
        "reason": "Early Hints",
        "total": 7,
    }


def frozen(*configs: TraceConfig) -> tuple[TraceConfig, ...]:
    """The configs as a session would hold them."""
    for config in configs:
        config.freeze()
    return configs


def public_methods(class_: type) -> dict[str, Callable[..., Coroutine[Any, Any, None]]]:
    """The coroutine methods of `class_`."""
    return {
        name: method
        for name, method in inspect.getmembers(class_, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }


# --- begin ----------------------------------------------------------------------------------------


def test_each_config_gets_one_context_made_of_the_value_of_the_request() -> None:
    """S-331."""
    made: list[object] = []

    def factory(trace_request_ctx: object) -> object:
        made.append(trace_request_ctx)
        return object()

    value = {"any": "object"}
    begin(frozen(TraceConfig(factory), TraceConfig(factory)), None, value)

    assert made == [value, value]


async def test_the_context_is_the_same_for_all_signals_of_a_request(
    url: URL, headers: CIMultiDict[str]
) -> None:
    """S-331."""
    config = TraceConfig()
    sent = record(config)
    traces = begin(frozen(config), "session", "mine")

    await traces.request_start("GET", url, headers)
    await traces.connection_reused()

    assert sent[0].trace_config_ctx is sent[1].trace_config_ctx
    assert sent[0].trace_config_ctx == SimpleNamespace(trace_request_ctx="mine")
    assert sent[0].session == "session"


async def test_two_requests_have_two_contexts() -> None:
    """S-331."""
    config = TraceConfig()
    sent = record(config)

    for _ in range(2):
        await begin(frozen(config), None, None).connection_reused()

    assert sent[0].trace_config_ctx is not sent[1].trace_config_ctx


def test_without_handlers_there_is_nobody_to_tell() -> None:
    """S-333: neither without configs."""
    heard = TraceConfig()
    record(heard)

    assert not begin((), None, None)
    assert not begin(frozen(TraceConfig()), None, None)
    assert begin(frozen(TraceConfig(), heard), None, None)


@pytest.mark.parametrize(
    ("signal", "of_connections", "of_exchanges"),
    [
        ("on_request_start", False, False),
        ("on_request_end", False, False),
        ("on_request_exception", False, False),
        ("on_request_redirect", False, True),
        ("on_request_headers_sent", False, True),
        ("on_response_chunk_received", False, True),
        ("on_bytes_read", False, True),
        ("on_connection_reuseconn", True, False),
        ("on_dns_cache_hit", True, False),
        ("on_tls_handshake_end", True, False),
    ],
)
def test_what_is_heard(signal: str, of_connections: bool, of_exchanges: bool) -> None:
    """What nobody hears of need not be told at all."""

    async def handler(session: object, context: object, params: object) -> None:
        """Hears."""

    config = TraceConfig()
    getattr(config, signal).append(handler)
    traces = begin(frozen(TraceConfig(), config), None, None)

    assert traces.hears_of_connections == of_connections
    assert traces.hears_of_exchanges == of_exchanges


# --- events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
async def test_an_event_becomes_its_signal(case: list[str], values: dict[str, object]) -> None:
    """S-335 to S-345."""
    method, signal, names = case
    config = TraceConfig()
    sent = record(config, with_additions=True)
    traces = begin(frozen(config), None, None)

    await getattr(traces, method)(*map(values.get, names.split()))

    assert [s.name for s in sent] == [signal]
    for name in names.split():
        assert getattr(sent[0].params, name) is values[name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
async def test_configs_are_told_in_list_order(case: list[str], values: dict[str, object]) -> None:
    """S-332."""
    method, signal, names = case
    order: list[str] = []

    def config(name: str) -> TraceConfig:
        async def handler(session: object, context: object, params: object) -> None:
            order.append(name)

        made = TraceConfig()
        getattr(made, f"on_{signal}").append(handler)
        return made

    traces = begin(frozen(config("a"), config("b"), config("c")), None, None)

    await getattr(traces, method)(*map(values.get, names.split()))

    assert order == ["a", "b", "c"]


async def test_an_exception_in_a_handler_comes_out_and_ends_the_telling() -> None:
    """S-332: the request is meant to fail with it."""

    async def failing(session: object, context: object, params: object) -> None:
        raise LookupError("no such span")

    one, two = TraceConfig(), TraceConfig()
    one.on_connection_reuseconn.append(failing)
    sent = record(two)

    with pytest.raises(LookupError, match="no such span"):
        await begin(frozen(one, two), None, None).connection_reused()

    assert sent == []


async def test_signals_about_the_wire_carry_the_url_without_fragment(
    url: URL, headers: CIMultiDict[str]
) -> None:
    """S-346."""
    config = TraceConfig()
    sent = record(config)
    traces = begin(frozen(config), None, None)

    await traces.request_headers_sent("GET", url, headers)
    await traces.request_chunk_sent("GET", url, b"x")
    await traces.response_chunk_received("GET", url, b"x")

    assert {str(s.params.url) for s in sent} == {"https://example.com/a?b=c"}


async def test_signals_about_the_call_carry_the_url_with_fragment(
    url: URL, headers: CIMultiDict[str], response: ResponseShape
) -> None:
    """S-346."""
    config = TraceConfig()
    sent = record(config)
    traces = begin(frozen(config), None, None)

    await traces.request_start("GET", url, headers)
    await traces.request_redirect("GET", url, headers, response)
    await traces.request_end("GET", url, headers, response)
    await traces.request_exception("GET", url, headers, KeyError("x"))

    assert all(s.params.url is url for s in sent)


async def test_an_empty_piece_of_the_body_is_told_too(url: URL) -> None:
    """S-343."""
    config = TraceConfig()
    sent = record(config)

    await begin(frozen(config), None, None).response_chunk_received("GET", url, b"")

    assert [s.params.chunk for s in sent] == [b""]


async def test_a_subclass_of_trace_is_asked_like_any_other() -> None:
    """Traces can be made by hand, with their own idea of sending."""
    calls: list[str] = []

    class Loud(Trace):
        async def send_dns_cache_hit(self, host: str) -> None:
            calls.append(host)

    trace = Loud(None, TraceConfig(), None)
    traces = RequestTraces([trace])

    await traces.dns_cache_hit("example.com")

    assert calls == ["example.com"]
    assert traces.traces == (trace,)


def test_the_table_has_every_event() -> None:
    assert set(public_methods(RequestTraces)) == {case[0] for case in CASES}


def test_the_recording_observer_takes_the_same_calls() -> None:
    """What passes with the fake passes with the real one: names, parameters, types."""
    real, fake = public_methods(RequestTraces), public_methods(RecordingObserver)

    signatures = [{n: inspect.signature(m) for n, m in side.items()} for side in (real, fake)]

    assert signatures[0] == signatures[1]


async def test_a_traced_call_reads_as_documented(
    url: URL, headers: CIMultiDict[str], response: ResponseShape
) -> None:
    """S-335: a new connection, the name not cached."""
    config = TraceConfig()
    sent = record(config)
    traces = begin(frozen(config), None, None)

    await traces.request_start("GET", url, headers)
    await traces.connection_create_start()
    await traces.dns_cache_miss("example.com")
    await traces.dns_resolve_start("example.com")
    await traces.dns_resolve_end("example.com")
    await traces.connection_create_end()
    await traces.request_headers_sent("GET", url, headers)
    await traces.request_chunk_sent("GET", url, b"x")
    await traces.request_end("GET", url, headers, response)
    await traces.response_chunk_received("GET", url, b"y")

    assert [s.name for s in sent] == [
        "request_start",
        "connection_create_start",
        "dns_cache_miss",
        "dns_resolvehost_start",
        "dns_resolvehost_end",
        "connection_create_end",
        "request_headers_sent",
        "request_chunk_sent",
        "request_end",
        "response_chunk_received",
    ]
    assert cast("Any", sent[8].params).response is response
