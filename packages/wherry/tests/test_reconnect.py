"""`_reconnect`: when another attempt is made, after how long, and that nothing is left open."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from wherry import (
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientHttpProxyError,
    ClientOSError,
    ClientResponseError,
    ClientSession,
    ClientWebSocketResponse,
    InvalidURL,
    InvalidUrlRedirectClientError,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    TooManyRedirects,
    WebSocketError,
    WSServerHandshakeError,
)
from wherry._reconnect import (
    DEFAULT_BACKOFF,
    PERMANENT_CLOSE_CODES,
    Backoff,
    Reconnectable,
    end_of,
    is_permanent,
    next_delay,
    reconnect,
)
from wherry.testing import FakeConnector, response_bytes
from wherry_websocket.testing import MemoryTransport, ServerEnd, memory_pair

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT
KEY: Any = SimpleNamespace(host="h", port=443, ssl=True, is_ssl=True)
CAUSE = OSError(1, "cause")


def refused(
    status: int, retry_after: str | None = None, kind: type[ClientResponseError] | None = None
) -> ClientResponseError:
    headers = (
        CIMultiDict[str]() if retry_after is None else CIMultiDict({"Retry-After": retry_after})
    )
    info: Any = None
    return (kind or WSServerHandshakeError)(info, (), status=status, headers=headers)


def a_socket(near: MemoryTransport) -> ClientWebSocketResponse:
    return ClientWebSocketResponse(near)


_: Callable[[MemoryTransport], Reconnectable] = a_socket


# --- the decision ---------------------------------------------------------------------------------


def name(failure: Exception) -> str:
    number = vars(failure).get("status") or vars(failure).get("code", "")
    return f"{type(failure).__name__}-{number}"


PERMANENT = [
    *(refused(status) for status in (101, 200, 302, 400, 401, 403, 404, 426, 451, 501, 505)),
    refused(407, kind=ClientHttpProxyError),
    refused(302, kind=TooManyRedirects),
    InvalidURL("ws://[", "no"),
    InvalidUrlRedirectClientError("http://[", "no"),
    NonHttpUrlClientError("ftp://h/"),
    ClientConnectorCertificateError(KEY, CAUSE),
    ServerFingerprintMismatch(b"a", b"b", "h", 443),
    *(WebSocketError(code, "no") for code in sorted(PERMANENT_CLOSE_CODES)),
]
TEMPORARY = [
    *(refused(status) for status in (408, 425, 429, 500, 502, 503, 504, 599)),
    refused(503, kind=ClientHttpProxyError),
    ClientConnectorDNSError(KEY, CAUSE),
    ClientOSError(104, "reset"),
    ServerDisconnectedError(),
    ServerTimeoutError("silence"),
    TimeoutError(),
    *(WebSocketError(code, "no") for code in (0, 1000, 1001, 1006, 1011, 1012, 1013, 1014, 4000)),
]


@pytest.mark.parametrize("failure", PERMANENT, ids=name)
def test_what_will_not_change_ends_the_row(failure: Exception) -> None:
    """RFC 9110 §15, RFC 6455 §7.4.1: refusals of the request, its target, its certificate."""
    assert is_permanent(failure)
    assert next_delay(failure, 1, DEFAULT_BACKOFF, jitter=0.5, now=NOW) is None


@pytest.mark.parametrize("failure", TEMPORARY, ids=name)
def test_what_may_change_is_tried_again(failure: Exception) -> None:
    """RFC 9110 §15.5.9, §15.6, RFC 8470 §5.2, RFC 6585 §4; the network as a whole."""
    assert not is_permanent(failure)
    assert next_delay(failure, 1, DEFAULT_BACKOFF, jitter=0.5, now=NOW) == 0.5


def test_the_wait_grows_to_the_maximum() -> None:
    """Full jitter: anything from nothing to the bound, and the bound is doubled each time."""
    backoff = Backoff(initial=1, factor=2, maximum=10)

    waits = [next_delay(CAUSE, count, backoff, jitter=1.0, now=NOW) for count in range(7)]

    assert waits == [1, 1, 2, 4, 8, 10, 10]
    assert next_delay(CAUSE, 7, backoff, jitter=0.0, now=NOW) == 0


def test_the_last_attempt_is_not_followed_by_a_wait() -> None:
    """`max_attempts` counts attempts in a row."""
    backoff = Backoff(max_attempts=3)

    waits = [next_delay(CAUSE, count, backoff, jitter=1.0, now=NOW) for count in range(5)]

    assert waits == [1, 1, 2, None, None]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ("99999999999999999999", 600),
        ("soon", 0),
        ("-5", 0),
    ],
)
def test_retry_after_comes_on_top_of_the_jitter(status: int, value: str, seconds: float) -> None:
    """RFC 9110 §10.2.3, RFC 6585 §4: a number or a date, to a limit."""
    failure = refused(status, value)

    assert next_delay(failure, 1, DEFAULT_BACKOFF, jitter=0.25, now=NOW) == seconds + 0.25


@pytest.mark.parametrize("status", [408, 425, 500, 502, 504])
def test_retry_after_of_another_status_is_not_read(status: int) -> None:
    """RFC 9110 §10.2.3 gives it a meaning with 503 (and redirects), RFC 6585 §4 with 429."""
    assert next_delay(refused(status, "100"), 1, DEFAULT_BACKOFF, jitter=0.5, now=NOW) == 0.5


def test_a_refusal_without_headers_is_tried_again() -> None:
    """Errors that others made may lack them."""
    info: Any = None
    failure = WSServerHandshakeError(info, (), status=503)

    assert next_delay(failure, 1, DEFAULT_BACKOFF, jitter=0.5, now=NOW) == 0.5


@given(
    failures=st.integers(0, 10**6),
    jitter=st.floats(0, 1),
    initial=st.floats(0, 1e6),
    factor=st.floats(1, 1e300),
    maximum=st.floats(0, 1e6),
    asked=st.text(max_size=20),
)
def test_no_wait_is_longer_than_allowed(
    failures: int, jitter: float, initial: float, factor: float, maximum: float, asked: str
) -> None:
    """However often it failed, and whatever the server says."""
    backoff = Backoff(initial=initial, factor=factor, maximum=maximum, max_retry_after=50)

    delay = next_delay(refused(503, asked), failures, backoff, jitter=jitter, now=NOW)

    assert delay is not None
    assert 0 <= delay <= maximum + 50
    assert math.isfinite(delay)


@pytest.mark.parametrize(
    "wrong",
    [
        {"initial": -1},
        {"maximum": math.nan},
        {"factor": 0.5},
        {"stable_after": -0.1},
        {"max_retry_after": -1},
        {"max_attempts": 0},
    ],
)
def test_a_backoff_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """The text names the field and the value."""
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name} is at least .*{value}"):
        Backoff(**wrong)


# --- the loop -------------------------------------------------------------------------------------


class World:
    """Connections in memory, a clock that only waits move, and what was waited."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self.servers: list[ServerEnd] = []
        self.refusals: list[BaseException] = []

    async def connect(self) -> ClientWebSocketResponse:
        if self.refusals:
            raise self.refusals.pop(0)
        near, far = memory_pair()
        self.servers.append(ServerEnd(far))
        return a_socket(near)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def sockets(self, backoff: Backoff = DEFAULT_BACKOFF) -> Any:
        return reconnect(
            self.connect,
            backoff,
            clock=lambda: self.time,
            sleep=self.sleep,
            random=lambda: 1.0,
            time_of_day=lambda: NOW,
        )

    def hang_up(self, code: int | None = None) -> None:
        """End the newest connection, with a close frame if there is a code."""
        server = self.servers[-1]
        if code is not None:
            server.write(server.frames.close(code))
        server.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """At the end every connection is closed, whatever a test did."""
    world = World()
    yield world
    for server in world.servers:
        while (await server.next_message()).data is not None:
            pass
        assert server.lost


async def test_a_websocket_that_ended_is_replaced(world: World) -> None:
    """One after the other, each with a wait of its own."""
    seen: list[object] = []

    async for ws in world.sockets():
        world.hang_up(None if seen else 1001)
        seen.extend([message.data async for message in ws] or [ws.close_code])
        if len(seen) == 3:
            break

    assert seen == [1001, 1006, 1006]
    assert world.waits == [1.0, 2.0]


async def test_a_websocket_is_closed_before_the_next_one_opens(world: World) -> None:
    """The end of the loop's body is the end of its WebSocket, with code 1000."""
    async with aclosing(world.sockets()) as sockets:
        first = await anext(sockets)
        asyncio.get_running_loop().call_soon(world.hang_up, 1000)
        assert not first.closed

        await anext(sockets)
        assert first.closed
        message = await world.servers[0].next_message()
        assert (message.type, message.data) == (8, 1000)
        world.hang_up(1000)


async def test_failed_attempts_are_followed_by_longer_waits(world: World) -> None:
    """The first attempt is made at once."""
    world.refusals = [ClientOSError(111, "no"), refused(503, "20"), TimeoutError()]

    async with aclosing(world.sockets()) as sockets:
        async for ws in sockets:
            world.hang_up(1000)
            assert [message async for message in ws] == []
            break

    assert world.waits == [1.0, 22.0, 4.0]


async def test_a_connection_that_lived_long_enough_begins_a_new_row(world: World) -> None:
    """Its end is not the failure that the attempts before it were."""
    world.refusals = [ClientOSError(111, "no") for _ in range(3)]
    lives = iter([29.0, 30.0, 0.0])

    async for _ws in world.sockets(Backoff(max_attempts=5)):
        world.hang_up()
        world.time += (life := next(lives))
        if not life:
            break

    assert world.waits == [1.0, 2.0, 4.0, 8.0, 1.0]


async def test_a_permanent_refusal_is_raised(world: World) -> None:
    """As it came, with its status."""
    refusal = refused(403)
    world.refusals = [ClientOSError(111, "no"), refusal]

    with pytest.raises(WSServerHandshakeError) as caught:
        await anext(world.sockets())

    assert caught.value is refusal
    assert world.waits == [1.0]


async def test_attempts_run_out(world: World) -> None:
    """The last failure is raised, without another wait."""
    world.refusals = [ClientOSError(number, "no") for number in (1, 2, 3)]

    with pytest.raises(ClientOSError, match="3"):
        await anext(world.sockets(Backoff(max_attempts=3)))

    assert world.waits == [1.0, 2.0]


async def test_short_lives_count_as_failures(world: World) -> None:
    """A server that accepts and hangs up is not hammered for ever."""

    async def run() -> None:
        async for _ws in world.sockets(Backoff(max_attempts=3)):
            world.hang_up()

    with pytest.raises(WebSocketError, match="close code 1006") as caught:
        await run()

    assert len(world.servers) == 3
    assert caught.value.code == 1006


@pytest.mark.parametrize("code", [1002, 1008])
async def test_a_close_code_that_blames_us_is_raised(world: World, code: int) -> None:
    """RFC 6455 §7.4.1: the same data would be refused again."""

    async def run() -> None:
        async for ws in world.sockets():
            world.hang_up(code)
            await ws.receive()

    with pytest.raises(WebSocketError) as caught:
        await run()

    assert caught.value.code == code


async def test_a_fault_of_the_server_is_raised(world: World) -> None:
    """S-247: the error is that of the WebSocket."""
    received: list[object] = []

    async def run() -> None:
        async for ws in world.sockets():
            world.servers[-1].write(b"\xff\0")
            received.append((await ws.receive()).data)

    with pytest.raises(WebSocketError, match="RSV2") as caught:
        await run()

    assert received == [caught.value]


async def test_a_wrong_argument_is_raised_at_once(world: World) -> None:
    """Only what the network does is tried again."""
    world.refusals = [ValueError("compress is …")]

    with pytest.raises(ValueError, match="compress"):
        await anext(world.sockets())

    assert world.waits == []


async def test_an_error_in_the_loop_closes_the_websocket(world: World) -> None:
    """It comes out at once; the close frame follows while the loop runs on."""

    async def run() -> None:
        async for ws in world.sockets():
            kept.append(ws)
            raise ClientConnectionResetError("from the body")

    kept: list[ClientWebSocketResponse] = []
    with pytest.raises(ClientConnectionResetError):
        await run()

    message = await world.servers[-1].next_message()
    assert (message.type, message.data) == (8, 1000)
    world.hang_up(1000)
    await kept[0].close()
    assert kept[0].closed


async def test_aclosing_waits_for_the_close(world: World) -> None:
    """`contextlib.aclosing` around the iterator: nothing is left after the block."""
    async with aclosing(world.sockets()) as sockets:
        ws = await anext(sockets)
        world.hang_up(1000)
        assert not ws.closed

    assert ws.closed


@pytest.mark.parametrize("where", ["connect", "sleep", "body"])
async def test_a_cancellation_comes_through(world: World, where: str) -> None:
    """At every place where it can arrive; no WebSocket stays open."""
    reached = asyncio.Event()

    async def wait(*_arguments: object) -> Any:
        reached.set()
        await asyncio.get_running_loop().create_future()

    if where == "connect":
        world.connect = wait  # type: ignore[method-assign]  # a server that does not answer
    if where == "sleep":
        world.refusals = [ClientOSError(111, "no")]
        world.sleep = wait  # type: ignore[assignment, method-assign]  # time stands still

    async def run() -> None:
        async for _ws in world.sockets():
            await wait()

    task = asyncio.create_task(run())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    if where == "body":
        assert (await world.servers[-1].next_message()).data == 1000
        world.hang_up(1000)


async def test_cancelled_while_it_closes_it_drops_the_connection(world: World) -> None:
    """S-263: the server never answers the close frame."""
    sockets = world.sockets()
    await anext(sockets)
    task = asyncio.create_task(sockets.aclose())
    assert (await world.servers[-1].next_message()).data == 1000
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_why_it_ended_prefers_the_error(world: World) -> None:
    """Its own error says more than 1006."""
    ws = await world.connect()
    assert str(end_of(ws)) == "the WebSocket ended with close code 1006"  # not ended, not asked

    world.servers[-1].abort()
    await ws.receive()

    assert isinstance(end_of(ws), ClientOSError)


async def test_over_a_session_attempts_are_requests(
    fake: Fake, until: Callable[[Any], Awaitable[None]]
) -> None:
    """The refusals are those of `ws_connect()`: 503 is tried again, 401 is not."""
    answers = [response_bytes(status=503, headers={"Retry-After": "9"}), response_bytes(status=401)]
    session, connector = fake(lambda head, body: answers.pop(0))
    world = World()
    sockets = reconnect(
        lambda: session.ws_connect("ws://h/"),
        clock=session.running_loop.time,
        sleep=world.sleep,
        random=lambda: 0.5,
    )

    with pytest.raises(WSServerHandshakeError) as caught:
        await anext(sockets)

    assert caught.value.status == 401
    assert world.waits == [9.5]
    assert len(connector.requests) == 2
    await until(lambda: not connector.in_use)
