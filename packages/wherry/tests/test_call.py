"""`_stages.call`: sending over a connection; time limits, faults, cancellation, tracing."""

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

import wherry
import wherry_pool
from wherry import (
    ClientConnectionError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ConnectionKey,
    ConnectionTimeoutError,
    Handler,
    ServerDisconnectedError,
    SocketTimeoutError,
    TCPConnector,
    TotalTimeoutError,
    TraceConfig,
)
from wherry.testing import FakeConnector, LoopbackServer, RawPlan, ResponsePlan, response_bytes
from wherry_codec import RemoteProtocolError
from wherry_codec.testing import cut
from wherry_pool.testing import FakeResolver
from wherry_tracing.testing import SentSignal, record

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
SHORT = 0.02
STALL = RawPlan([], closes=False)
HALF = RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], closes=False)


# --- time limits --------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [SHORT, ClientTimeout(total=SHORT)], ids=type)
async def test_the_total_limit_bounds_the_wait_for_the_head(fake: Fake, timeout: Any) -> None:
    """S-426, S-427, S-532: a plain TimeoutError."""
    session, connector = fake(STALL)

    with pytest.raises(TimeoutError) as caught:
        await session.get("http://h/", timeout=timeout)

    assert type(caught.value) is TotalTimeoutError
    assert not isinstance(caught.value, ClientConnectionError)
    assert (caught.value.phase, caught.value.limit) == ("total", SHORT)
    assert connector.stats() == {}


@pytest.mark.parametrize("way", ["read", "content"])
async def test_the_total_limit_bounds_the_body_too(fake: Fake, way: str) -> None:
    """S-427, DECISIONS C-11."""
    session, connector = fake(HALF, timeout=ClientTimeout(total=SHORT))
    response = await session.get("http://h/")
    if way == "content":
        assert await response.content.readany() == b"half"
    with pytest.raises(TotalTimeoutError):
        await (response.read() if way == "read" else response.content.readany())
    assert connector.stats() == {}


async def test_the_total_limit_spans_redirects(fake: Fake) -> None:
    """S-444."""
    again = response_bytes(status=302, headers={"Location": "/"})
    session, _ = fake(again)
    started = time.monotonic()
    with pytest.raises(TotalTimeoutError):
        await session.get("http://h/", timeout=SHORT, max_redirects=0)
    assert time.monotonic() - started < 5


async def test_no_hop_begins_after_the_total_limit(fake: Fake) -> None:
    """S-444: also if the time went by between two hops, where no timer looks."""

    async def dawdle(request: ClientRequest, handler: Handler) -> ClientResponse:
        response = await handler(request)
        await asyncio.sleep(2 * SHORT)
        return response

    session, connector = fake(response_bytes(status=302, headers={"Location": "/"}))
    with pytest.raises(TotalTimeoutError) as caught:
        await session.get("http://h/", timeout=SHORT, middlewares=[dawdle])
    assert caught.value.host == "h"
    assert len(connector.requests) == 1


async def test_the_sock_read_limit_bounds_each_wait(fake: Fake) -> None:
    """S-430, S-434, S-533."""
    limits = ClientTimeout(sock_read=SHORT)
    session, connector = fake(STALL, timeout=limits)
    with pytest.raises(SocketTimeoutError) as caught:
        await session.get("http://h/")
    assert (caught.value.phase, caught.value.limit) == ("sock_read", SHORT)
    session, connector = fake(HALF, timeout=limits)
    response = await session.get("http://h/")
    with pytest.raises(SocketTimeoutError):
        await response.read()
    assert connector.stats() == {}


async def test_time_limits_do_not_run_on_idle_connections(fake: Fake) -> None:
    """S-431."""
    session, connector = fake(timeout=ClientTimeout(total=SHORT, sock_read=SHORT))
    await session.get("http://h/")
    await asyncio.sleep(2 * SHORT)
    await session.get("http://h/")
    assert len(connector.transports) == 1


@pytest.mark.parametrize(
    "timeout",
    [ClientTimeout(connect=SHORT), ClientTimeout(pool=SHORT), ClientTimeout(total=SHORT)],
)
async def test_limits_on_waiting_for_a_connection(
    fake: Fake, until: Until, timeout: ClientTimeout
) -> None:
    """S-126, S-432, S-531: nothing stays in the queue."""
    session, connector = fake(STALL, limit=1)
    first = asyncio.ensure_future(session.get("http://h/"))
    await until(lambda: connector.requests)
    expected = TotalTimeoutError if timeout.total else ConnectionTimeoutError

    with pytest.raises(expected):
        await session.get("http://h/", timeout=timeout)

    (stats,) = connector.stats().values()
    assert (stats.in_use, stats.waiting) == (1, 0)
    first.cancel()
    await asyncio.wait([first])


@pytest.mark.parametrize("timeout", [None, ClientTimeout(), 0, ClientTimeout(total=-1)], ids=repr)
async def test_no_limit_is_no_limit(fake: Fake, timeout: Any) -> None:
    """S-425, S-426: a ClientTimeout replaces the session's as a whole."""
    session, _ = fake(timeout=ClientTimeout(total=1e-9, connect=1e-9, sock_read=1e-9))
    assert (await session.get("http://h/", timeout=timeout)).status == 200


async def test_a_cancellation_wins_over_the_limit(fake: Fake) -> None:
    """S-428."""
    session, _ = fake(STALL)
    task = asyncio.ensure_future(session.get("http://h/", timeout=SHORT))
    await asyncio.sleep(SHORT)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or isinstance(task.exception(), TimeoutError)


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 9000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    ],
    ids=lambda head: head[:40],
)
async def test_a_malformed_head_is_an_error_with_status_400(fake: Fake, head: bytes) -> None:
    """S-52, S-536, SEC-7…SEC-11, SEC-16."""
    session, connector = fake(RawPlan([head], closes=False))

    with pytest.raises(ClientResponseError) as caught:
        await session.get("http://h/")

    error = caught.value
    assert (error.status, error.headers) == (400, None)
    assert error.message
    assert len(error.message) < 500
    assert isinstance(error.__cause__, RemoteProtocolError)
    assert error.request_info.url == URL("http://h/")
    assert len(connector.requests) == 1
    assert connector.stats() == {}


async def test_limits_on_the_head_can_be_raised(fake: Fake) -> None:
    """S-53…S-57."""
    long = response_bytes(headers=[("X", "a" * 9000)] + [("Y", "b")] * 150)
    session, _ = fake(long)
    limits: dict[str, Any] = {"max_field_size": 10_000, "max_line_size": 10_000, "max_headers": 200}
    assert (await session.get("http://h/", **limits)).status == 200
    session, _ = fake(long, **limits)
    assert (await session.get("http://h/")).status == 200
    with pytest.raises(ClientResponseError):
        await session.get("http://h/", max_headers=10)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(b"", ServerDisconnectedError), (ConnectionResetError(errno.ECONNRESET, "x"), ClientOSError)],
)
async def test_a_connection_that_dies_before_the_head(
    fake: Fake, answer: Any, error: type[Exception]
) -> None:
    """S-534, S-535, S-505."""

    def fail(head: bytes, body: bytes) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    session, connector = fake(fail)
    with pytest.raises(error):
        await session.post("http://h/")
    assert connector.stats() == {}


async def test_a_body_that_resets_is_a_payload_error(fake: Fake) -> None:
    """S-537, S-62."""
    session, connector = fake(HALF)
    response = await session.get("http://h/")
    connector.transports[0].lose(ConnectionResetError(errno.ECONNRESET, "reset"))
    with pytest.raises(ClientPayloadError) as caught:
        await response.read()
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_connecting_fails_with_the_connectors_error(fake: Fake) -> None:
    """S-127, S-523."""
    error = ClientConnectorError(ConnectionKey("h", 80, False), OSError(errno.ECONNREFUSED, "no"))
    session, connector = fake(refuse=error)
    with pytest.raises(ClientConnectorError) as caught:
        await session.get("http://h/")
    assert caught.value is error
    assert connector.stats() == {}


async def test_refused_and_unknown_hosts_over_real_sockets() -> None:
    """S-522, S-523, S-155."""
    async with LoopbackServer(lambda request, body: ResponsePlan()) as server:
        url = server.url
    connector = TCPConnector(resolver=FakeResolver())
    async with ClientSession(connector=connector) as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(url)
        assert caught.value.errno == errno.ECONNREFUSED
        assert (caught.value.host, caught.value.port) == (url.host, url.port)
        with pytest.raises(ClientConnectorDNSError):
            await session.get("http://unknown.example/")
        assert connector.stats() == {}


@pytest.mark.parametrize(
    ("failure", "error"),
    [(OSError(errno.EIO, "disk"), ClientOSError), (KeyError("bug"), ClientConnectionError)],
)
async def test_a_body_that_fails_while_it_is_sent(
    fake: Fake, failure: Exception, error: type[Exception]
) -> None:
    """S-399, S-539."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun"
        raise failure

    session, connector = fake()
    with pytest.raises(error) as caught:
        await session.post("http://h/", data=pieces())
    assert caught.value.__cause__ is failure
    assert connector.stats() == {}


async def test_an_idle_connection_that_spoke_is_never_used(fake: Fake) -> None:
    """S-120, SEC-13."""
    session, connector = fake(response_bytes(b"asked"))
    await session.get("http://h/")
    connector.transports[0].feed(response_bytes(b"unasked", 500))
    response = await session.get("http://h/")
    assert await response.read() == b"asked"
    assert len(connector.transports) == 2


@pytest.mark.parametrize(
    "answer",
    [
        response_bytes(b"ok") + b"surplus",
        response_bytes(b"ok") + response_bytes(b"smuggled"),
        b"HTTP/1.1 204 No Content\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nsurplus",
    ],
)
async def test_surplus_bytes_end_the_connection(fake: Fake, answer: bytes) -> None:
    """S-58, S-59, SEC-7, SEC-13."""
    session, connector = fake(RawPlan([answer], closes=False))
    for _ in range(2):
        response = await session.get("http://h/")
        assert await response.read() in (b"ok", b"")
    assert len(connector.transports) == 2


class Stubborn(ClientResponse):
    """A user's class whose constructor fails."""

    def __init__(self, *args: Any) -> None:
        raise KeyError("own constructor")


async def test_a_response_class_that_fails_leaves_nothing_acquired(fake: Fake) -> None:
    """SEC-36."""
    session, connector = fake(HALF, response_class=Stubborn)
    with pytest.raises(KeyError):
        await session.get("http://h/")
    assert connector.in_use == 0


# --- cancellation -------------------------------------------------------------------------------


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 1000
        await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize(
    ("answer", "arguments"),
    [
        (STALL, {}),
        (HALF, {}),
        (RawPlan([b"HTTP/1.1 200 OK\r\n"], closes=False), {}),
        (
            RawPlan([b"HTTP/1.1 100 Continue\r\n\r\n"], closes=False),
            {"data": b"x", "expect100": True},
        ),
        (STALL, {"data": b"x", "expect100": True}),
        (STALL, {"data": b"x" * 200_000}),
        (STALL, {"chunked": True}),
    ],
)
async def test_cancelling_at_any_await_leaves_nothing_acquired(
    fake: Fake, turns: int, answer: RawPlan, arguments: dict[str, Any]
) -> None:
    """S-490, SEC-36: and no connection that carried a part is used again."""
    session, connector = fake(answer)

    async def call() -> None:
        await (await session.post("http://h/", **arguments)).read()

    task = asyncio.create_task(call())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert connector.in_use == 0
    assert connector.idle == 0
    assert all(transport.is_closing() for transport in connector.transports)


@pytest.mark.parametrize("turns", range(0, 12, 3))
async def test_cancelling_while_the_body_is_sent(fake: Fake, turns: int) -> None:
    """S-490, SEC-36."""
    closed: list[bool] = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            async for piece in endless():
                yield piece
        finally:
            closed.append(True)

    session, connector = fake(STALL)
    task = asyncio.ensure_future(session.post("http://h/", data=pieces()))
    for _ in range(10 + turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    for _ in range(5):
        await asyncio.sleep(0)

    assert closed == [True]
    assert connector.stats() == {}


async def test_cancelling_one_queued_call_leaves_the_others_alone(fake: Fake, until: Until) -> None:
    """S-125, S-490, S-492."""
    answers = [STALL, response_bytes(b"ok")]
    session, connector = fake(lambda head, body: answers.pop(0), limit=1)
    first, second, third = (asyncio.ensure_future(session.get("http://h/")) for _ in range(3))
    await until(lambda: connector.requests)
    second.cancel()
    await asyncio.wait([second])
    first.cancel()
    assert (await third).status == 200
    assert connector.in_use == 0


async def test_a_body_that_is_still_sent_when_the_answer_is_there(fake: Fake, until: Until) -> None:
    """S-134, S-398: sending stops with the response."""
    session, connector = fake(STALL)
    task = asyncio.ensure_future(session.post("http://h/", data=endless()))
    await until(lambda: connector.transports and len(connector.transports[0].writes) > 3)
    connector.transports[0].feed(response_bytes(b"enough", 413))
    response = await task
    assert (response.status, await response.read()) == (413, b"enough")
    assert connector.stats() == {}


# --- tracing ------------------------------------------------------------------------------------


def traced() -> tuple[TraceConfig, list[SentSignal]]:
    config = TraceConfig()
    return config, record(config)


def names(sent: list[SentSignal]) -> list[str]:
    return [signal.name for signal in sent]


NEW = ["request_start", "connection_create_start", "connection_create_end", "request_headers_sent"]


async def test_signals_of_a_new_and_of_a_reused_connection(fake: Fake) -> None:
    """S-335, S-337, S-343, S-346, S-347."""
    config, sent = traced()
    session, _ = fake(response_bytes(b"body"), trace_configs=[config])
    context = object()

    response = await session.get("http://h/?a=1#f", params={"a": "2"}, trace_request_ctx=context)
    await response.read()

    assert names(sent) == [*NEW, "request_end", "response_chunk_received"]
    urls = [getattr(signal.params, "url", None) for signal in sent]
    full, bare = URL("http://h/?a=1&a=2#f"), URL("http://h/?a=1&a=2")
    assert urls == [full, None, None, bare, full, bare]
    assert {signal.params.method for signal in sent if hasattr(signal.params, "method")} == {"GET"}
    assert all(signal.session is session for signal in sent)
    assert all(signal.trace_config_ctx.trace_request_ctx is context for signal in sent)
    assert sent[-1].params.chunk == b"body"
    sent.clear()
    await (await session.get("http://h/")).text()
    assert names(sent) == ["request_start", "connection_reuseconn", "request_headers_sent",
                           "request_end", "response_chunk_received"]  # fmt: skip


async def test_names_are_resolved_within_connecting() -> None:
    """S-335, S-336."""
    config, sent = traced()
    async with LoopbackServer(lambda request, body: ResponsePlan()) as server:
        resolver = FakeResolver({"h.example": ["127.0.0.1"]})
        connector = TCPConnector(resolver=resolver, force_close=True)
        async with ClientSession(connector=connector, trace_configs=[config]) as session:
            for _ in range(2):
                await session.get(f"http://h.example:{server.port}/")
    assert names(sent)[:8] == [
        "request_start", "connection_create_start", "dns_cache_miss", "dns_resolvehost_start",
        "dns_resolvehost_end", "connection_create_end", "request_headers_sent", "request_end",
    ]  # fmt: skip
    assert names(sent)[8:11] == ["request_start", "connection_create_start", "dns_cache_hit"]


async def test_signals_of_a_body_come_piece_by_piece_before_framing(fake: Fake) -> None:
    """S-344."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"cde"

    config, sent = traced()
    session, _ = fake(trace_configs=[config])
    await session.post("http://h/", data=pieces())
    chunks = [signal.params.chunk for signal in sent if signal.name == "request_chunk_sent"]
    assert chunks == [b"ab", b"cde"]
    sent.clear()
    await session.post("http://h/", data=b"whole")
    assert names(sent)[2:4] == ["request_headers_sent", "request_chunk_sent"]


async def test_signals_of_queueing(fake: Fake, until: Until) -> None:
    """S-338."""
    config, sent = traced()
    session, connector = fake(STALL, trace_configs=[config], limit=1)
    first = asyncio.ensure_future(session.get("http://h/"))
    await until(lambda: connector.requests)
    second = asyncio.ensure_future(session.get("http://h/"))
    await until(lambda: "connection_queued_start" in names(sent))
    connector.transports[0].feed(response_bytes())
    await first
    await until(lambda: len(connector.requests) == 2)
    assert [name for name in names(sent)[6:] if name != "request_end"] == [
        "connection_queued_end",
        "connection_reuseconn",
        "request_headers_sent",
    ]
    second.cancel()
    await asyncio.wait([second])


async def test_signals_of_redirects_and_retries(fake: Fake) -> None:
    """S-339, S-340."""
    config, sent = traced()
    answers = [response_bytes(status=303, headers={"Location": "/x#y"}), b"", response_bytes()]
    session, _ = fake(lambda head, body: answers.pop(0), trace_configs=[config])

    await session.post("http://h/")

    assert names(sent) == [
        *NEW, "request_redirect", "connection_reuseconn", "request_headers_sent",
        *NEW[1:], "request_end",
    ]  # fmt: skip
    redirect, end = sent[4].params, sent[-1].params
    assert (redirect.method, redirect.url, redirect.response.status) == (
        "POST",
        URL("http://h/"),
        303,
    )
    assert (end.method, end.url, end.response.status) == ("GET", URL("http://h/x#y"), 200)


@pytest.mark.parametrize(
    ("answer", "arguments", "error"),
    [
        (b"nonsense\r\n\r\n", {}, ClientResponseError),
        (STALL, {"timeout": SHORT}, TotalTimeoutError),
        (response_bytes(status=500), {"raise_for_status": True}, ClientResponseError),
    ],
)
async def test_a_failure_after_the_start_is_one_exception_signal(
    fake: Fake, answer: Any, arguments: dict[str, Any], error: type[Exception]
) -> None:
    """S-341."""
    config, sent = traced()
    session, _ = fake(answer, trace_configs=[config])
    with pytest.raises(error) as caught:
        await session.get("http://h/", **arguments)
    assert names(sent) == [*NEW, "request_exception"]
    assert sent[-1].params.exception is caught.value


async def test_a_failure_before_the_start_sends_no_signal(fake: Fake) -> None:
    """S-341."""
    config, sent = traced()
    session, _ = fake(trace_configs=[config])
    bad: list[dict[str, Any]] = [{"ssl": 5}, {"data": b"", "json": 1}, {"params": {"a": None}}]
    for arguments in bad:
        with pytest.raises((TypeError, ValueError)):
            await session.get("http://h/", **arguments)
    assert sent == []


async def test_a_start_handler_may_change_the_headers(fake: Fake) -> None:
    """S-334: of this request only."""
    config = TraceConfig()

    async def add(session: Any, context: Any, params: Any) -> None:
        params.headers["X-Trace"] = "1"

    config.on_request_start.append(add)
    session, connector = fake(trace_configs=[config])
    for _ in range(2):
        await session.get("http://h/")
    assert [request.head.count(b"X-Trace: 1\r\n") for request in connector.requests] == [1, 1]


STARTS = ["request_start", "connection_create_start", "connection_create_end",
          "request_headers_sent", "request_end"]  # fmt: skip


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("data", [b"x", None])
async def test_a_raising_handler_fails_the_call_and_gives_the_place_back(
    fake: Fake, until: Until, name: str, data: bytes | None
) -> None:
    """S-332, SEC-36."""
    config, sent = traced()

    async def fail(session: Any, context: Any, params: Any) -> None:
        raise KeyError(name)

    getattr(config, f"on_{name}").append(fail)
    session, connector = fake(HALF, trace_configs=[config])
    with pytest.raises(KeyError):
        await session.post("http://h/", data=data)
    assert names(sent).count("request_exception") == (name != "request_start")
    await until(lambda: connector.in_use == 0)


async def test_a_raising_redirect_handler_gives_the_connection_back(
    fake: Fake, until: Until
) -> None:
    """S-332, SEC-36."""
    config = TraceConfig()

    async def fail(session: Any, context: Any, params: Any) -> None:
        raise KeyError

    config.on_request_redirect.append(fail)
    head = b"HTTP/1.1 302 X\r\nLocation: /x\r\nContent-Length: 99\r\n\r\n"
    session, connector = fake(RawPlan([head], closes=False), trace_configs=[config])
    with pytest.raises(KeyError):
        await session.get("http://h/")
    await until(lambda: connector.in_use == 0)


# --- anything at all ----------------------------------------------------------------------------

GOOD = response_bytes(b"some body", headers={"X-A": "1", "Set-Cookie": "a=1"})
CHUNKY = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A response with a stretch replaced by something else."""
    data = draw(st.sampled_from([GOOD, CHUNKY, b""]))
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 4)))
    return data[:start] + draw(st.binary(max_size=6)) + data[end:]


@given(damaged(), st.integers(1, 80), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_a_server_sends_gives_a_response_or_a_documented_error(
    answer: bytes, size: int, reads_in_pieces: bool
) -> None:
    """S-51, SEC-36: in any pieces; and nothing stays acquired."""

    async def scenario() -> None:
        connector = FakeConnector(lambda head, body: RawPlan(cut(answer, size)))
        async with ClientSession(connector=connector) as session:
            try:
                async with session.post("http://h/") as response:
                    if reads_in_pieces:
                        async for _ in response.content.iter_chunks():
                            pass
                    else:
                        await response.read()
            except ClientError:
                pass
            for _ in range(3):
                await asyncio.sleep(0)
            assert connector.in_use == 0

    asyncio.run(scenario())


async def test_a_time_limit_needs_a_task(fake: Fake) -> None:
    """S-429: outside of one there is nobody to be told that time is up."""
    session, connector = fake()
    caught: list[BaseException] = []

    def drive() -> None:
        call = session.get("http://h/", timeout=5)
        try:
            call.send(None)
        except RuntimeError as error:
            caught.append(error)

    asyncio.get_running_loop().call_soon(drive)
    await asyncio.sleep(0)
    assert "task" in str(caught[0])
    assert connector.in_use == 0


class Interrupt(BaseException):
    """Like KeyboardInterrupt."""


@pytest.mark.parametrize("is_whole", [True, False])
async def test_an_interrupt_in_the_middle_of_a_body_closes_the_connection(
    fake: Fake, is_whole: bool
) -> None:
    """S-493: and goes on to the caller."""
    config = TraceConfig()

    async def interrupt(*args: object) -> None:
        raise Interrupt

    config.on_response_chunk_received.append(interrupt)
    plan = RawPlan([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"half"], closes=False)
    whole = response_bytes(b"whole", headers={"Connection": "keep-alive"})
    session, connector = fake(whole if is_whole else plan, trace_configs=[config])
    response = await session.get("http://h/")
    with pytest.raises(Interrupt):
        await (response.read() if is_whole else response.content.readany())
    if is_whole:
        assert response.closed
        return
    response.close()
    assert connector.in_use == 0


def test_inner_classes_of_the_tree_are_raised_as_their_leaves() -> None:
    """S-495: no source of these packages raises one of them itself."""
    inner = ("ClientSSLError", "ServerConnectionError", "RedirectClientError")
    folders = [Path(wherry.__file__).parent, Path(wherry_pool.__file__).parent]
    text = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    assert [name for name in inner if f"raise {name}(" in text] == []


async def test_what_goes_beyond_the_signals_of_aiohttp_is_told_too(fake: Fake) -> None:
    """S-329 and more: 1xx heads, and the bytes of both directions as they are on the wire."""
    config = TraceConfig()
    told: list[tuple[str, object]] = []

    async def hint(session: object, context: object, params: Any) -> None:
        told.append(("1xx", params.status))

    async def written(session: object, context: object, params: Any) -> None:
        told.append(("written", params.total))

    async def read(session: object, context: object, params: Any) -> None:
        told.append(("read", params.total))

    config.on_informational_received.append(hint)
    config.on_bytes_written.append(written)
    config.on_bytes_read.append(read)
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    session, connector = fake(
        RawPlan([early + response_bytes(b"whole")], closes=False), trace_configs=[config]
    )
    response = await session.post("http://h/", data=b"abc")
    assert await response.read() == b"whole"
    assert await response.content.read() == b""
    assert told == [("1xx", 103), ("written", len(connector.requests[0].raw)), ("read", 5)]


async def test_a_config_that_listens_to_nothing_costs_no_observer(fake: Fake) -> None:
    """S-333."""
    seen: list[ClientRequest] = []

    async def look(request: ClientRequest, handler: Handler) -> ClientResponse:
        seen.append(request)
        return await handler(request)

    session, _ = fake(trace_configs=[TraceConfig()], middlewares=[look])
    await session.get("http://h/")
    assert len(seen) == 1
