"""An HTTP/1.1 connection, driven byte by byte over a transport in memory."""

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec import BadStatusLine, InvalidHeader, Limits, LineTooLong, RemoteProtocolError
from wherry_codec.testing import every_split
from wherry_errors import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientOSError,
    ClientPayloadError,
    ServerDisconnectedError,
    SocketTimeoutError,
    TotalTimeoutError,
)
from wherry_pool import ClientTimeout, DialTimings, Exchange, Http11Connection
from wherry_pool.protocols import ConnectionOwner, HttpConnection, RequestBody
from wherry_pool.testing import (
    FakeBody,
    ManualClock,
    MemoryTransport,
    RecordingOwner,
    check_http_connection,
)

GET = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Wire:
    """A connection, what owns it, and the other end of it."""

    def __init__(self, keepalive_timeout: float = 15.0) -> None:
        loop = asyncio.get_running_loop()
        self.owner = RecordingOwner()
        self.connection = Http11Connection(
            self.owner, loop, memoryview(bytearray(65536)), keepalive_timeout, "example.com:80"
        )
        self.transport = MemoryTransport(loop, self.connection)

    def start(
        self,
        method: str = "GET",
        body: bytes | RequestBody | None = None,
        timeout: ClientTimeout | None = None,
        *,
        content_length: int | None = None,
        expect_continue: bool = False,
    ) -> Exchange:
        loop = asyncio.get_running_loop()
        exchange = Exchange(method, GET, loop.create_future(), "example.com:80")
        exchange.started = loop.time()
        exchange.request_body = body
        exchange.content_length = content_length
        exchange.expect_continue = expect_continue
        if timeout is not None:
            exchange.timeout = timeout
        self.connection.start(exchange)
        return exchange

    @property
    def is_reusable(self) -> bool:
        """Whether the owner got it back and it can take another exchange."""
        return self.connection in self.owner.released and self.connection.can_take()


async def turn(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def whole(exchange: Exchange) -> bytes:
    """The body of the response, or the error of the call or the read."""
    await exchange.waiter
    return await exchange.body_source().collect()


@dataclass
class Outcome:
    """What a caller sees of a response."""

    status: int
    body: bytes
    failure: type[BaseException] | None
    trailers: list[tuple[str, str]]
    informational: list[int]
    is_reusable: bool


async def outcome_of(pieces: list[bytes], method: str = "GET") -> Outcome:
    """Feed a response piece by piece, close, and see what came of it."""
    wire = Wire()
    exchange = wire.start(method)
    for piece in pieces:
        wire.transport.feed(piece)
    is_reusable = wire.is_reusable
    wire.transport.feed_eof()
    await turn()
    failure: type[BaseException] | None = None
    body = b""
    try:
        body = await whole(exchange)
    except Exception as error:
        failure = type(error)
    return Outcome(
        exchange.head.status if exchange.head else 0,
        body,
        failure,
        list((exchange.trailers or {}).items()),
        [head.status for head in exchange.informational],
        is_reusable,
    )


RESPONSES = {
    "content-length": ("GET", OK, 200, b"hello", None, True),
    "empty body": ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b"", None, True),
    "chunked": ("GET", CHUNKED + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 200, b"hello!", None, True),
    "no chunk": ("GET", CHUNKED + b"0\r\n\r\n", 200, b"", None, True),
    "trailers": ("GET", CHUNKED + b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n", 200, b"a", None, True),
    "until close": ("GET", b"HTTP/1.1 200 OK\r\n\r\nhello", 200, b"hello", None, False),
    "old server": (
        "GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", None, False,
    ),
    "old server that stays": (
        "GET",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
        200, b"hi", None, True,
    ),
    "close": (
        "GET",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        200, b"hi", None, False,
    ),
    "close wins": (
        "GET",
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nhi",
        200, b"hi", None, False,
    ),
    "head": ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, b"", None, True),
    "head without length": ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n", 200, b"", None, True),
    "204": ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", None, True),
    "304": ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b"", None, True),
    "1xx first": (
        "GET",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
        200, b"hello", None, True,
    ),
    "bare LF": ("GET", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, b"hi", None, True),
    "folded": ("GET", b"HTTP/1.1 204 No\r\nX-A: 1\r\n 2\r\n\r\n", 204, b"", None, True),
    "surplus": ("GET", OK + b"HTTP", 200, b"hello", None, False),
    "two responses": ("GET", OK + OK, 200, b"hello", None, False),
    "surplus after chunks": ("GET", CHUNKED + b"1\r\na\r\n0\r\n\r\nx", 200, b"a", None, False),
    "body after HEAD": ("HEAD", OK, 200, b"", None, False),
    "body after 204": ("GET", b"HTTP/1.1 204 No Content\r\n\r\nx", 204, b"", None, False),
    "cut short": (
        "GET", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, b"",
        ClientPayloadError, False,
    ),
    "no last chunk": (
        "GET", CHUNKED + b"5\r\nhello\r\n", 200, b"", ClientPayloadError, False,
    ),
    "bad chunk size": ("GET", CHUNKED + b"zz\r\n", 200, b"", ClientPayloadError, False),
    "bad chunk end": ("GET", CHUNKED + b"1\r\naXX0\r\n\r\n", 200, b"", ClientPayloadError, False),
    "cut head": ("GET", b"HTTP/1.1 200 OK\r\nContent-", 0, b"", ServerDisconnectedError, False),
    "nothing": ("GET", b"", 0, b"", ServerDisconnectedError, False),
    "no HTTP": ("GET", b"SSH-2.0-OpenSSH\r\n\r\n", 0, b"", BadStatusLine, False),
    "two lengths": (
        "GET",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        0, b"", InvalidHeader, False,
    ),
    "length and chunks": (
        "GET",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        0, b"", InvalidHeader, False,
    ),
    "coding that is not chunked": (
        "GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", 200, b"ab", None, False,
    ),
}  # fmt: skip
"""Method and bytes, then status, body, failure, and whether the connection lives on."""


@pytest.mark.parametrize("name", RESPONSES)
async def test_every_split_of_a_response_gives_the_same(name: str) -> None:
    """S-058 to S-066, S-507 to S-537, SEC-7, SEC-8, SEC-10, SEC-13, SEC-14: and what it gives."""
    method, data, status, body, failure, is_reusable = RESPONSES[name]
    expected = await outcome_of([data], method)
    assert (expected.status, expected.body) == (status, body)
    assert (expected.failure, expected.is_reusable) == (failure, is_reusable)

    for pieces in every_split(data):
        assert await outcome_of(pieces, method) == expected


@settings(max_examples=200, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=60).map(lambda body: CHUNKED + body),
        st.builds(bytes.__add__, st.sampled_from([OK, CHUNKED, GET]), st.binary(max_size=20)),
    ),
    cuts=st.lists(st.integers(0, 200), max_size=4),
)
def test_garbage_has_a_documented_outcome_for_every_split(data: bytes, cuts: list[int]) -> None:
    """SEC-10: a response, or one of the errors that are promised."""

    async def run() -> None:
        expected = await outcome_of([data])
        allowed = (RemoteProtocolError, ServerDisconnectedError, ClientPayloadError)
        assert expected.failure is None or issubclass(expected.failure, allowed)
        places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
        pieces = [data[a:b] for a, b in pairwise(places)]
        assert await outcome_of(pieces) == expected

    asyncio.run(run())


# --- one after the other -----------------------------------------------------------------------


async def test_connection_keeps_its_promises() -> None:
    """The conformance check of `HttpConnection`."""

    async def open_connection(owner: ConnectionOwner) -> HttpConnection:
        loop = asyncio.get_running_loop()
        connection = Http11Connection(owner, loop, memoryview(bytearray(65536)), 15.0, "h:80")

        def answer(transport: MemoryTransport, data: bytes) -> None:
            loop.call_soon(transport.feed, OK)

        MemoryTransport(loop, connection, on_write=answer)
        return connection

    def make_exchange() -> Exchange:
        return Exchange("GET", GET, asyncio.get_running_loop().create_future(), "h:80")

    await check_http_connection(open_connection, make_exchange)


async def test_connection_is_used_again() -> None:
    """S-065: complete responses, whichever way they came, leave it usable."""
    wire = Wire()

    for pieces in ([OK], [OK[:20], OK[20:]], [CHUNKED, b"0\r\n\r\n"], [OK]):
        exchange = wire.start()
        for piece in pieces:
            wire.transport.feed(piece)
        await exchange.waiter
        assert exchange.is_over

    assert wire.connection.uses == 4
    assert wire.transport.written == GET * 4
    assert len(wire.owner.released) == 4


async def test_whole_response_in_one_read_makes_no_stream() -> None:
    """The body is there at once, and chunk ends and trailers with it."""
    wire = Wire()
    exchange = wire.start()

    wire.transport.feed(CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")

    assert exchange.incoming is None
    assert (exchange.body, exchange.chunk_ends) == (b"abc", [2, 3])


async def test_bytes_on_an_idle_connection_never_become_a_response() -> None:
    """S-120, SEC-13: the connection is closed, also a new one."""
    used, new = Wire(), Wire()
    used.start()
    used.transport.feed(OK)

    used.transport.feed(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    new.transport.feed(OK)

    for wire in (used, new):
        assert not wire.connection.can_take()
        assert wire.transport.is_aborted
        assert wire.connection in wire.owner.discarded


async def test_bytes_right_behind_a_response_never_become_the_next() -> None:
    """S-059, SEC-13: also in the same read as the response."""
    wire = Wire()
    exchange = wire.start()

    wire.transport.feed(OK + OK)

    await exchange.waiter
    assert exchange.is_over
    assert wire.owner.released == []
    await turn()
    with pytest.raises(ClientConnectionResetError):
        wire.start()


async def test_body_that_is_not_wanted_is_empty_and_ends_the_connection() -> None:
    """S-061, S-065: `read_until_eof` off; what follows must not answer the next request."""
    for fields in (b"", b"Connection: keep-alive\r\n"):
        wire = Wire()
        loop = asyncio.get_running_loop()
        exchange = Exchange("GET", GET, loop.create_future())
        exchange.read_until_eof = False
        wire.connection.start(exchange)

        wire.transport.feed(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n")

        await exchange.waiter
        assert await exchange.body_source().collect() == b""
        assert not wire.is_reusable


async def test_limits_of_the_exchange_hold() -> None:
    """SEC-11: for the head, and for the run of 1xx responses (SEC-16)."""
    wire = Wire()
    exchange = wire.start()
    exchange.limits = Limits(max_field_size=20)
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 50)
    with pytest.raises(LineTooLong):
        await exchange.waiter

    wire = Wire()
    exchange = wire.start()
    exchange.limits = Limits(max_informational=3)
    wire.transport.feed(b"HTTP/1.1 100 Continue\r\n\r\n" * 4)
    with pytest.raises(LineTooLong, match="1xx"):
        await exchange.waiter
    assert not wire.connection.can_take()


async def test_state_is_told_by_repr() -> None:
    """What a person sees while debugging."""
    wire = Wire()
    states = [wire.connection.state]
    wire.start()
    states.append(wire.connection.state)
    wire.transport.feed(OK[:-1])
    states.append(wire.connection.state)
    assert (
        repr(wire.connection) == "<Http11Connection example.com:80 reading body after 1 requests>"
    )
    wire.transport.feed(b"o")
    states.append(wire.connection.state)
    wire.connection.close()
    await turn()
    states.append(wire.connection.state)

    assert states == ["idle", "waiting for head", "reading body", "idle", "closed"]
    assert wire.connection.transport is None
    unmade = Http11Connection(wire.owner, asyncio.get_running_loop(), memoryview(bytearray(1)), 1.0)
    assert unmade.state == "connecting"


# --- endings -----------------------------------------------------------------------------------


async def test_reset_before_the_head_is_an_os_error() -> None:
    """S-535: with its number and what the connection had been through."""
    wire = Wire()
    wire.start()
    wire.transport.feed(OK)
    exchange = wire.start()

    wire.transport.lose(ConnectionResetError(104, "Connection reset by peer"))

    with pytest.raises(ClientOSError, match=r"carried 1 requests before") as caught:
        await exchange.waiter
    assert caught.value.errno == 104
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_reset_within_the_body_names_sizes_and_reason() -> None:
    """S-062, S-537."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
    await exchange.waiter

    wire.transport.lose(ConnectionResetError(104, "Connection reset by peer"))

    with pytest.raises(ClientPayloadError, match=r"5 of 9 bytes.*reset by peer") as caught:
        await exchange.body_source().collect()
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_until_close_body_that_breaks_is_not_complete() -> None:
    """S-062: only an orderly end is an end."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(b"HTTP/1.1 200 OK\r\n\r\nhello")
    await exchange.waiter

    wire.transport.lose(ConnectionResetError(104, "Connection reset by peer"))

    with pytest.raises(ClientPayloadError, match="broke after 5 bytes"):
        await exchange.body_source().collect()


async def test_bad_chunk_that_comes_with_the_head_fails_the_read() -> None:
    """S-063: not the call, whatever the packets were."""
    wire = Wire()
    exchange = wire.start()

    wire.transport.feed(CHUNKED + b"2\r\nab\r\nnonsense\r\n")

    await exchange.waiter
    body = exchange.body_source()
    assert body.take() == b"ab"  # DECISIONS C-11
    with pytest.raises(ClientPayloadError, match="malformed") as caught:
        await body.wait()
    assert isinstance(caught.value.__cause__, RemoteProtocolError)


async def test_close_fails_what_is_under_way() -> None:
    """S-175: before the head and within the body."""
    wire = Wire()
    exchange = wire.start()
    wire.connection.close()
    wire.connection.close()
    with pytest.raises(ClientConnectionError, match="closed by its owner"):
        await exchange.waiter

    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(OK[:-1])
    await exchange.waiter
    wire.connection.close()
    with pytest.raises(ClientConnectionError, match="closed by its owner"):
        await exchange.body_source().collect()


async def test_start_on_a_lost_connection_sends_nothing() -> None:
    """S-540, B-15."""
    wire = Wire()
    wire.transport.lose()

    with pytest.raises(ClientConnectionResetError, match="before the request was sent"):
        wire.start()

    assert wire.transport.writes == []
    assert wire.connection in wire.owner.discarded


async def test_abort_closes_wherever_the_exchange_stands() -> None:
    """SEC-36: before the start, before the head, half-way through the head and the body."""
    for received in (None, b"", OK[:20], OK[:-1]):
        wire = Wire()
        if received is None:
            exchange = Exchange("GET", GET, asyncio.get_running_loop().create_future())
        else:
            exchange = wire.start()
            wire.transport.feed(received)
        exchange.waiter.cancel()

        wire.connection.abort(exchange)

        assert exchange.is_over
        assert wire.transport.is_aborted
        assert wire.connection in wire.owner.discarded


async def test_exchange_that_is_over_cannot_touch_the_next() -> None:
    """Late releases and aborts concern nobody."""
    wire = Wire()
    first = wire.start()
    wire.transport.feed(OK)
    second = wire.start()

    wire.connection.release(first)
    wire.connection.abort(first)
    wire.transport.feed(OK)

    await second.waiter
    assert wire.is_reusable


# --- release -----------------------------------------------------------------------------------


async def test_small_rest_that_arrives_at_once_is_drained() -> None:
    """C-07: the connection lives on."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(OK[:-3])
    await exchange.waiter

    wire.connection.release(exchange)
    assert not wire.connection.can_take()
    asyncio.get_running_loop().call_soon(wire.transport.feed, b"llo")
    await turn()

    assert wire.is_reusable
    assert exchange.is_over


async def test_rest_that_does_not_arrive_closes_the_connection() -> None:
    """C-07: release never waits on the network."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(OK[:-3])
    await exchange.waiter

    wire.connection.release(exchange)
    await turn()

    assert wire.transport.is_aborted
    assert exchange.is_over


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n",
        CHUNKED,
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"",
    ],
)
async def test_large_or_unknown_rest_closes_the_connection_at_once(head: bytes) -> None:
    """S-133 where C-07 does not apply: a long rest, chunks, until close, no head yet."""
    wire = Wire()
    exchange = wire.start()
    if head:
        wire.transport.feed(head)

    wire.connection.release(exchange)

    assert wire.transport.is_aborted
    if not head:
        with pytest.raises(ClientPayloadError, match="released"):
            await exchange.waiter


async def test_release_resumes_a_paused_transport_to_drain_it() -> None:
    """C-07: what has arrived in the kernel counts as arrived."""
    wire = Wire()
    exchange = wire.start()
    exchange.read_bufsize = 10
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"a" * 50)
    assert not wire.transport.is_reading()
    wire.transport.feed(b"a" * 50)

    wire.connection.release(exchange)
    await turn()

    assert wire.is_reusable


# --- keep-alive --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        (b"timeout=5", 4.0),
        (b"timeout=60, max=100", 15.0),
        (b"max=5, Timeout = 3", 2.0),
        (b"timeout=           5", 4.0),
        (b"timeout=0", 0.0),
        (b"timeout=99999999999999999999", 15.0),
        (b"timeout=soon", 15.0),
        (b"", 15.0),
    ],
)
async def test_server_hint_shortens_the_idle_time(
    hint: bytes, seconds: float, clock: ManualClock
) -> None:
    """C-09: the shorter of both, less one second, never below zero."""
    wire = Wire()
    exchange = wire.start()

    wire.transport.feed(
        b"HTTP/1.1 200 OK\r\nKeep-Alive: " + hint + b"\r\nContent-Length: 0\r\n\r\n"
    )

    await exchange.waiter
    connection = wire.connection
    assert connection.next_deadline() == clock.now + seconds
    assert connection.has_expired(clock.now + seconds)
    assert not connection.has_expired(clock.now + seconds - 0.1)


async def test_idle_connection_is_closed_when_its_time_is_up(clock: ManualClock) -> None:
    """S-132."""
    wire = Wire(keepalive_timeout=7.0)
    wire.start()
    wire.transport.feed(OK)

    wire.connection.check_deadlines(clock.now + 6.9)
    assert wire.connection.can_take()
    wire.connection.check_deadlines(clock.now + 7.0)

    assert wire.transport.is_aborted


# --- time --------------------------------------------------------------------------------------


async def test_total_deadline_fails_the_call_or_the_read(clock: ManualClock) -> None:
    """S-427, S-532: with phase, limit, elapsed time and host."""
    for received in (b"", OK[:-1]):
        wire = Wire()
        exchange = wire.start(timeout=ClientTimeout(total=3.0))
        exchange.deadline = clock.now + 3.0
        wire.transport.feed(received) if received else None

        wire.connection.check_deadlines(clock.now + 2.9)
        assert not exchange.is_over
        wire.connection.check_deadlines(clock.now + 3.0)

        with pytest.raises(TotalTimeoutError, match=r"total = 3.0.*example.com:80") as caught:
            await whole(exchange)
        assert caught.value.phase == "total"
        assert caught.value.elapsed == 3.0
        assert wire.transport.is_aborted


async def test_sock_read_bounds_each_wait_for_bytes(clock: ManualClock) -> None:
    """S-430: every arrival starts it anew, 1xx answers and pieces of a head too."""
    wire = Wire()
    exchange = wire.start(timeout=ClientTimeout(sock_read=2.0))
    for piece in (b"HTTP/1.1 100 Continue\r\n\r\n", OK[:10], OK[10:-2], OK[-2:-1]):
        clock.now += 1.9
        wire.connection.check_deadlines(clock.now)
        assert not exchange.is_over
        wire.transport.feed(piece)
        assert wire.connection.next_deadline() == clock.now + 2.0

    clock.now += 2.0
    wire.connection.check_deadlines(clock.now)

    with pytest.raises(SocketTimeoutError, match=r"timeout.sock_read = 2.0"):
        await exchange.body_source().collect()
    assert wire.transport.is_aborted


async def test_sock_read_starts_anew_with_the_head(clock: ManualClock) -> None:
    """S-430: a head that comes whole, with the body still to come."""
    for rest in (OK[:-1], CHUNKED, b"HTTP/1.1 200 OK\r\n\r\n"):
        wire = Wire()
        exchange = wire.start(timeout=ClientTimeout(sock_read=2.0))
        clock.now += 1.9

        wire.transport.feed(rest)

        assert exchange.head is not None
        assert wire.connection.next_deadline() == clock.now + 2.0
        wire.connection.close()


async def test_sock_read_fails_the_call_before_the_head(clock: ManualClock) -> None:
    """S-533."""
    wire = Wire()
    exchange = wire.start(timeout=ClientTimeout(sock_read=2.0))

    wire.connection.check_deadlines(clock.now + 2.0)

    with pytest.raises(SocketTimeoutError):
        await exchange.waiter


async def test_sock_read_stands_still_while_reading_is_paused(clock: ManualClock) -> None:
    """S-099: a slow reader is not the server's fault."""
    wire = Wire()
    exchange = wire.start(timeout=ClientTimeout(sock_read=2.0))
    exchange.read_bufsize = 10
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"a" * 50)

    clock.now += 100
    wire.connection.check_deadlines(clock.now)
    assert not exchange.is_over
    # Some transports deliver what they have read ahead.
    wire.connection.get_buffer(-1)[:5] = b"a" * 5
    wire.connection.buffer_updated(5)
    wire.connection.check_deadlines(clock.now + 100)
    assert not exchange.is_over
    exchange.body_source().take_all()

    assert wire.connection.next_deadline() == clock.now + 2.0
    assert clock.now + 2.0 in wire.owner.deadlines


async def test_sock_read_begins_when_the_request_is_sent(clock: ManualClock) -> None:
    """S-430: a long upload, by a body object or as stalled bytes, is no silence of the server."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"a"], is_endless=True), ClientTimeout(sock_read=2.0))
    await turn()
    wire.transport.feed(b"HTTP/1.1 100 Continue\r\n\r\n")
    wire.connection.check_deadlines(clock.now + 100)
    assert not exchange.is_over
    exchange.waiter.cancel()
    wire.connection.abort(exchange)

    wire = Wire()
    wire.transport.stall()
    exchange = wire.start("POST", b"a" * 200_000, ClientTimeout(sock_read=2.0))
    clock.now += 100
    wire.connection.check_deadlines(clock.now)
    assert not exchange.is_over
    wire.transport.flow()
    assert wire.connection.next_deadline() == clock.now + 2.0
    exchange.waiter.cancel()
    wire.connection.abort(exchange)

    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"a"]), ClientTimeout(sock_read=2.0))
    clock.now += 50
    await turn()
    assert wire.connection.next_deadline() == clock.now + 2.0
    exchange.waiter.cancel()
    wire.connection.abort(exchange)


# --- sending -----------------------------------------------------------------------------------


async def test_small_body_leaves_with_its_head() -> None:
    """S-030: one write."""
    wire = Wire()
    wire.start("POST", b"body")

    assert wire.transport.writes == [GET + b"body"]


async def test_large_body_is_not_copied_behind_its_head() -> None:
    """S-030."""
    wire = Wire()
    wire.start("POST", b"a" * 100_000)

    assert wire.transport.writes == [GET, b"a" * 100_000]


async def test_body_object_is_sent_by_a_task_of_its_own() -> None:
    """S-398, S-033: chunks if no length was announced."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"ab", b"", b"c"]))
    assert exchange.sender is not None
    await exchange.sender

    assert wire.transport.written == GET + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    wire.transport.feed(OK)
    await exchange.waiter
    assert wire.is_reusable


async def test_body_sent_by_an_eager_task_is_sent(clock: ManualClock) -> None:
    """S-398, S-430: some task factories run a task before they return it."""

    def run_at_once(
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **_: Any,
    ) -> asyncio.Future[None]:
        with pytest.raises(StopIteration):
            coroutine.send(None)
        done: asyncio.Future[None] = loop.create_future()
        done.set_result(None)
        return done

    loop = asyncio.get_running_loop()
    wire = Wire()
    factory: Any = run_at_once
    loop.set_task_factory(getattr(asyncio, "eager_task_factory", factory))
    exchange = wire.start("POST", FakeBody([b"a"]), ClientTimeout(sock_read=2.0))
    loop.set_task_factory(None)

    assert wire.connection.next_deadline() == clock.now + 2.0
    wire.transport.feed(OK)
    await exchange.waiter
    assert wire.is_reusable


async def test_body_waits_while_the_transport_is_full() -> None:
    """S-035."""
    wire = Wire()
    wire.transport.stall()
    exchange = wire.start("POST", FakeBody([b"a" * 40_000] * 4), content_length=160_000)
    await turn()
    assert len(wire.transport.writes) == 3  # the head and two pieces

    wire.transport.flow()
    assert exchange.sender is not None
    await exchange.sender

    assert len(wire.transport.written) == len(GET) + 160_000


async def test_body_that_is_too_short_fails_the_request() -> None:
    """S-032, B-05."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"abc"]), content_length=5)

    with pytest.raises(ClientConnectionError, match=r"after 3 bytes.*announced 5"):
        await exchange.waiter

    assert wire.transport.is_aborted


async def test_body_that_is_too_long_is_cut() -> None:
    """S-031."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"abc", b"def"]), content_length=5)
    assert exchange.sender is not None
    await exchange.sender

    assert wire.transport.written == GET + b"abcde"


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (OSError(5, "Input/output error"), ClientOSError),
        (ValueError("bad row"), ClientConnectionError),
        (ClientPayloadError("mine"), ClientPayloadError),
        (asyncio.CancelledError(), ClientConnectionError),
    ],
)
async def test_failing_body_fails_the_request(
    raised: BaseException, expected: type[Exception]
) -> None:
    """S-399, S-539: with the cause, and the connection is closed."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"abc"], error=raised), content_length=5)

    with pytest.raises(expected) as caught:
        await exchange.waiter

    assert type(caught.value) is expected
    assert caught.value.__cause__ is raised or caught.value is raised
    assert wire.transport.is_aborted


async def test_failing_body_fails_the_read_once_the_head_is_there() -> None:
    """S-399."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"a"], error=ValueError("bad row")))
    wire.transport.feed(OK[:-1])
    await exchange.waiter

    with pytest.raises(ClientConnectionError, match="ValueError: bad row"):
        await exchange.body_source().collect()


async def test_response_before_the_upload_is_done_ends_it() -> None:
    """S-134, S-398: the response is delivered, sending stops, the connection closes."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"a"], is_endless=True))
    await turn()

    wire.transport.feed(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
    await exchange.waiter
    await turn()

    assert await exchange.body_source().collect() == b"no"
    assert exchange.sender is not None
    assert exchange.sender.cancelled()
    assert wire.owner.released == []
    assert wire.transport.is_aborted


async def test_response_before_stalled_bytes_are_sent_ends_the_connection() -> None:
    """S-134: bytes in the transport's buffer are unsent too."""
    wire = Wire()
    wire.transport.stall()
    exchange = wire.start("POST", b"a" * 200_000)

    wire.transport.feed(OK)
    await exchange.waiter

    assert exchange.body == b"hello"
    assert wire.owner.released == []
    assert wire.transport.is_aborted


@pytest.mark.parametrize("head", [b"HTTP/1.1 413 Too Large\r\n\r\n", b""])
async def test_peer_that_closes_its_side_and_reads_no_more_ends_the_exchange(head: bytes) -> None:
    """S-134, S-534: unsent bytes must not keep the end of the response back."""
    wire = Wire()
    wire.transport.stall()
    exchange = wire.start("POST", b"a" * 200_000)
    if head:
        wire.transport.feed(head + b"no")

    wire.transport.feed_eof()
    await turn()

    if head:
        assert await whole(exchange) == b"no"
    else:
        with pytest.raises(ServerDisconnectedError):
            await exchange.waiter
    assert wire.transport.is_lost


async def test_connection_lost_during_the_upload_stops_it() -> None:
    """S-535: the reset is what the caller hears of."""
    wire = Wire()
    wire.transport.stall()
    exchange = wire.start("POST", FakeBody([b"a" * 100_000] * 9))
    await turn()

    wire.transport.lose(BrokenPipeError(32, "Broken pipe"))

    with pytest.raises(ClientOSError, match="Broken pipe"):
        await exchange.waiter
    await turn()
    assert exchange.sender is not None
    assert exchange.sender.cancelled()


async def test_write_to_a_closing_transport_fails_the_request() -> None:
    """S-036, S-540."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"a"]))
    wire.transport.close()

    with pytest.raises(ClientConnectionResetError, match="while the request body was being sent"):
        await exchange.waiter


# --- expect-continue ---------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"body", FakeBody([b"body"])])
async def test_body_waits_for_the_100_answer(body: bytes | RequestBody, clock: ManualClock) -> None:
    """S-397."""
    wire = Wire()
    exchange = wire.start("POST", body, content_length=4, expect_continue=True)
    await clock.turn()
    assert wire.transport.written == GET

    wire.transport.feed(b"HTTP/1.1 100 Continue\r\n\r\n")
    await clock.turn()

    assert wire.transport.written == GET + b"body"
    wire.transport.feed(OK)
    await exchange.waiter
    assert wire.is_reusable
    assert [head.status for head in exchange.informational] == [100]


async def test_body_is_sent_after_a_second_without_answer(clock: ManualClock) -> None:
    """C-12, RFC 9110 §10.1.1: the time can be set."""
    wire = Wire()
    exchange = Exchange("POST", GET, asyncio.get_running_loop().create_future())
    exchange.request_body, exchange.expect_continue, exchange.continue_wait = b"body", True, 5.0
    wire.connection.start(exchange)
    await clock.advance(4.9)
    assert wire.transport.written == GET
    await clock.advance(0.2)
    assert wire.transport.written == GET + b"body"

    wire = Wire()
    wire.start("POST", b"body", expect_continue=True)
    await clock.advance(0.9)
    assert wire.transport.written == GET

    await clock.advance(0.2)

    assert wire.transport.written == GET + b"body"


@pytest.mark.parametrize("pieces", [[OK], [OK[:-1], OK[-1:]]])
async def test_final_answer_instead_of_100_keeps_the_body_unsent(
    pieces: list[bytes], clock: ManualClock
) -> None:
    """S-397: and the connection is closed after the response, however slowly it comes."""
    wire = Wire()
    exchange = wire.start("POST", b"body", expect_continue=True)
    await clock.turn()

    for piece in pieces:
        wire.transport.feed(piece)
        await clock.turn()
        assert exchange.sender is not None
        assert exchange.sender.done()
        await clock.advance(5)

    assert wire.transport.written == GET
    assert await exchange.body_source().collect() == b"hello"
    assert wire.owner.released == []
    assert wire.transport.is_aborted


# --- bodies on the way in ----------------------------------------------------------------------


async def test_unread_body_pauses_reading_and_goes_on_when_read() -> None:
    """S-098: above twice the buffer size, below once that."""
    wire = Wire()
    exchange = wire.start()
    exchange.read_bufsize = 100
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"a" * 200)
    assert wire.transport.is_reading()
    wire.transport.feed(b"a")
    assert not wire.transport.is_reading()
    body = exchange.body_source()

    body.take(100)
    assert not wire.transport.is_reading()
    body.take(1)
    assert wire.transport.is_reading()

    wire.transport.feed(b"a" * 799)
    assert len(await body.collect()) == 899
    assert wire.is_reusable


@pytest.mark.parametrize("surplus", [b"", b"x", b"x" * 70_000])
@pytest.mark.parametrize("size", [40_000, 3_000_000])
async def test_long_body_is_received_into_its_own_memory(size: int, surplus: bytes) -> None:
    """S-059: whole, in many reads, and surplus bytes are noticed though there is room for one."""
    wire = Wire()
    exchange = wire.start()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    content = bytes(range(250)) * (size // 250)
    wire.transport.feed(head + content[:1000])
    await exchange.waiter
    reading = asyncio.ensure_future(exchange.body_source().collect())
    await turn()

    wire.transport.feed(content[1000:] + surplus)
    assert await reading == content

    assert exchange.is_over
    assert wire.is_reusable is not bool(surplus)


async def test_cancelled_read_of_a_long_body_loses_nothing() -> None:
    """Cancelling leaves the body as it is: it can be read on."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"a" * 1000)
    body = exchange.body_source()
    reading = asyncio.ensure_future(body.collect())
    await turn()
    wire.transport.feed(b"b" * 50_000)

    reading.cancel()
    await turn()
    wire.transport.feed(b"c" * 49_000)

    assert await body.collect() == b"a" * 1000 + b"b" * 50_000 + b"c" * 49_000
    assert wire.is_reusable


async def test_huge_announced_length_allocates_little() -> None:
    """SEC-15."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n")
    reading = asyncio.ensure_future(exchange.body_source().collect())
    await turn()

    view = wire.connection.get_buffer(-1)

    assert len(view) <= 1024 * 1024
    del view
    wire.connection.abort(exchange)
    with pytest.raises(ClientPayloadError):
        await reading


async def test_transport_that_reads_ahead_does_not_stay_paused() -> None:
    """A connection must not go back to the pool deaf: some transports deliver after a pause."""
    wire = Wire()
    exchange = wire.start()
    exchange.read_bufsize = 1
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b"a" * 5)
    assert not wire.transport.is_reading()

    buffer = wire.connection.get_buffer(-1)
    buffer[:5] = b"a" * 5
    wire.connection.buffer_updated(5)

    assert wire.is_reusable
    assert wire.transport.is_reading()


# --- another protocol --------------------------------------------------------------------------


async def test_upgrade_hands_the_connection_over() -> None:
    """S-064: what follows the head belongs to the new protocol."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nframe")
    await exchange.waiter

    upgraded = wire.connection.take_over(exchange)

    assert exchange.leftover == b"frame"
    assert not upgraded.is_closing()
    assert wire.connection.state == "upgraded"
    assert not wire.connection.can_take()
    assert not wire.connection.is_idle()
    assert wire.connection.next_deadline() == float("inf")
    wire.connection.abort(exchange)
    assert not wire.transport.is_aborted
    assert wire.owner.discarded == []
    upgraded.abort()
    assert wire.owner.discarded


async def test_connect_answer_opens_a_tunnel() -> None:
    """RFC 9110 §9.3.6: any 2xx; another status has a body."""
    wire = Wire()
    exchange = wire.start("CONNECT")
    wire.transport.feed(b"HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\nx")
    await exchange.waiter
    wire.connection.take_over(exchange)
    assert exchange.leftover == b"x"

    assert (await outcome_of([OK.replace(b"200", b"407")], "CONNECT")).body == b"hello"


async def test_upgrade_nobody_takes_closes_the_connection() -> None:
    """SEC-16: its bytes never become a response."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    await exchange.waiter
    wire.transport.feed(OK)

    wire.connection.release(exchange)

    assert wire.transport.is_aborted
    with pytest.raises(ClientConnectionError, match="not waiting for a new protocol"):
        wire.connection.take_over(exchange)


async def test_upgrade_in_the_middle_of_a_request_is_refused() -> None:
    """RFC 9110 §7.8: the rest of the request would end up in the new protocol."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"a"], is_endless=True))
    await turn()

    wire.transport.feed(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")

    with pytest.raises(RemoteProtocolError, match="middle of a request"):
        await exchange.waiter
    assert wire.transport.is_aborted


# --- what is written down on the way -----------------------------------------------------------


async def test_points_in_time_are_noted(clock: ManualClock) -> None:
    """DECISIONS, timings: what came in one read has one point in time."""
    wire = Wire()
    exchange = wire.start()
    clock.now += 1
    wire.transport.feed(OK)
    assert (exchange.first_byte_at, exchange.completed_at) == (None, clock.now)
    assert exchange.sent_at is None

    exchange, begun = wire.start(), clock.now
    for piece in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 5\r\n\r\n", b"hel", b"lo"):
        clock.now += 1
        wire.transport.feed(piece)
    assert (exchange.first_byte_at, exchange.completed_at) == (begun + 1, begun + 4)


@pytest.mark.parametrize("ending", [b"lo", b""])
async def test_end_without_reuse_is_noted_too(ending: bytes, clock: ManualClock) -> None:
    """A body that is broken off never ends."""
    wire = Wire()
    exchange = wire.start()
    wire.transport.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhel")
    clock.now += 1
    wire.transport.feed(ending)
    wire.transport.lose()

    assert exchange.completed_at == (clock.now if ending else None)


async def test_end_of_sending_is_noted(clock: ManualClock) -> None:
    """Of a body that takes time, and of one that the transport could not take at once."""
    wire = Wire()
    exchange = wire.start("POST", FakeBody([b"a"]))
    clock.now += 1
    await clock.turn()
    assert exchange.sent_at == clock.now
    wire.connection.close()
    assert exchange.waiter.exception()

    wire = Wire()
    wire.transport.stall()
    exchange = wire.start("POST", b"a" * 200_000)
    clock.now += 1
    wire.transport.flow()
    assert exchange.sent_at == clock.now
    wire.connection.close()
    assert exchange.waiter.exception()


async def test_making_the_connection_counts_for_its_first_exchange() -> None:
    """DECISIONS, timings: a connection that is used again took no time to make."""
    wire = Wire()
    timings = DialTimings(0.1, 0.2, 0.3)
    wire.connection.dial_timings = timings
    first = wire.start()
    wire.transport.feed(OK)
    second = wire.start()
    wire.transport.feed(OK)

    assert first.dial_timings is timings
    assert second.dial_timings is None


@pytest.mark.parametrize("size", [4, 100_000])
async def test_upload_that_is_watched_is_told_of(size: int) -> None:
    """Also of a small body in memory, which would otherwise leave with its head."""
    seen: list[tuple[int, int | None]] = []
    wire = Wire()
    exchange = Exchange("POST", GET, asyncio.get_running_loop().create_future())
    exchange.request_body = b"a" * size
    exchange.upload_progress = lambda done, total: seen.append((done, total))
    wire.connection.start(exchange)
    await turn()

    assert wire.transport.written == GET + b"a" * size
    assert seen[-1] == (size, size)
    wire.transport.feed(OK)
    await exchange.waiter
    assert wire.is_reusable


@pytest.mark.parametrize("data", [OK, OK + b"x", OK[:-1], CHUNKED + b"zz\r\n"])
async def test_end_of_an_exchange_is_told(data: bytes) -> None:
    """S-129: complete, with surplus, broken off, malformed."""
    wire = Wire()
    calls: list[int] = []
    exchange = wire.start()
    exchange.call_at_end(lambda: calls.append(1))
    wire.transport.feed(data)
    wire.transport.lose()

    assert calls == [1]
