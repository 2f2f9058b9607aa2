"""`middlewares._retry`: what is tried again, how often, and after how long."""

import asyncio
import contextlib
import errno
import io
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    Handler,
    InvalidURL,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    SocketTimeoutError,
    TotalTimeoutError,
)
from wherry.middlewares import RETRY_STATUSES, Retry, RetryBudget
from wherry.middlewares._retry import RetryRules, is_passing, never_left
from wherry.testing import FakeConnector, check_middleware, response_bytes
from wherry_pool import ConnectionKey

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
OK = response_bytes(b"ok")
KEY = ConnectionKey("h", 80, False)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


class Time:
    """A clock that only goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def retry(time: Time) -> Callable[..., Retry]:
    """Make a `Retry` in which time is free and jitter whole."""

    def make(**options: Any) -> Retry:
        defaults: dict[str, Any] = {
            "clock": time,
            "sleep": time.sleep,
            "random": lambda: 1.0,
            "time_of_day": lambda: NOON,
        }
        return Retry(**(defaults | options))

    return make


def answering(*statuses: int, headers: Mapping[str, str] = {}) -> Callable[[bytes, bytes], bytes]:
    """Answer with these statuses in their order, then with 200."""
    left = list(statuses)

    def answer(head: bytes, body: bytes) -> bytes:
        status = left.pop(0) if left else 200
        return response_bytes(b"", status=status, headers={} if status == 200 else headers)

    return answer


def raising(*errors: BaseException) -> Callable[[ClientRequest, Handler], Any]:
    """An inner middleware that fails like this in their order, then lets requests through."""
    left = list(errors)

    async def middleware(request: ClientRequest, handler: Handler) -> ClientResponse:
        if left:
            raise left.pop(0)
        return await handler(request)

    return middleware


def seconds(phase: str) -> ConnectionTimeoutError:
    return ConnectionTimeoutError(phase=phase, limit=1.0, elapsed=1.0, host="h:80")


# --- what is worth another try ---------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(RETRY_STATUSES))
async def test_a_status_that_passes_is_tried_again(
    fake: Fake, retry: Callable[..., Retry], time: Time, status: int
) -> None:
    """RFC 9110 §15.5.9 (408), RFC 8470 §5.2 (425), RFC 6585 §4 (429), RFC 9110 §15.6.3…5."""
    session, connector = fake(answering(status, status), middlewares=[retry()])

    assert (await session.get("http://h/")).status == 200
    assert len(connector.requests) == 3
    assert time.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [200, 304, 400, 401, 404, 500, 501, 505])
async def test_other_statuses_are_the_callers(
    fake: Fake, retry: Callable[..., Retry], status: int
) -> None:
    session, connector = fake(answering(status), middlewares=[retry()])

    assert (await session.get("http://h/")).status == status
    assert len(connector.requests) == 1


async def test_statuses_can_be_chosen(fake: Fake, retry: Callable[..., Retry]) -> None:
    session, connector = fake(answering(500, 503), middlewares=[retry(statuses=[500])])

    assert (await session.get("http://h/")).status == 503
    assert len(connector.requests) == 2


@pytest.mark.parametrize(
    "error",
    [
        ServerDisconnectedError(),
        ClientOSError(errno.ECONNRESET, "reset"),
        ClientConnectionResetError("reset"),
        SocketTimeoutError(phase="sock_read"),
        seconds("connect"),
        seconds("sock_connect"),
        ClientConnectorError(KEY, ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
        ClientConnectorDNSError(KEY, OSError(-3, "again")),
        ClientHttpProxyError(SimpleNamespace(real_url="http://h/"), (), status=503),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failures_of_the_network_pass(error: ClientError) -> None:
    assert is_passing(error)


@pytest.mark.parametrize(
    "error",
    [
        ClientPayloadError("cut"),
        ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError("expired")),
        ServerFingerprintMismatch(b"a", b"b", "h", 80),
        InvalidURL("x"),
        seconds("pool"),
        ClientConnectorError(KEY, PermissionError(errno.EACCES, "127.0.0.1 is not allowed")),
        ClientResponseError(SimpleNamespace(real_url="http://h/"), (), status=400),
        ClientHttpProxyError(SimpleNamespace(real_url="http://h/"), (), status=407),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failures_that_stay_are_not_tried_again(error: ClientError) -> None:
    """SEC-49: a refused address is refused the next time as well."""
    assert not is_passing(error)


async def test_the_deadline_of_the_call_is_not_tried_again(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    """S-434: it is a `TimeoutError`, but of the whole call."""
    session, connector = fake(middlewares=[retry(), raising(TotalTimeoutError(phase="total"))])

    with pytest.raises(TotalTimeoutError):
        await session.get("http://h/")
    assert connector.requests == []


# --- what does no harm -----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PATCH", "X-OWN"])
async def test_a_request_that_may_have_been_carried_out_is_not_sent_again(
    fake: Fake, retry: Callable[..., Retry], method: str
) -> None:
    """RFC 9110 §9.2.2."""
    session, connector = fake(answering(503), middlewares=[retry()])

    assert (await session.request(method, "http://h/")).status == 503
    assert len(connector.requests) == 1


async def test_other_methods_can_be_declared_harmless(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    session, _ = fake(answering(503), middlewares=[retry(methods=["post"])])

    assert (await session.post("http://h/", data=b"x")).status == 200


async def test_an_idempotency_key_makes_a_request_harmless(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    session, connector = fake(answering(503), middlewares=[retry()])

    headers = {"Idempotency-Key": '"8e03978e"'}
    assert (await session.post("http://h/", data=b"x", headers=headers)).status == 200
    assert [seen.body for seen in connector.requests] == [b"x", b"x"]


@pytest.mark.parametrize("data", [None, b"x"])
async def test_a_request_that_never_left_is_harmless(
    fake: Fake, retry: Callable[..., Retry], data: bytes | None
) -> None:
    refused = ClientConnectorError(KEY, ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    session, _ = fake(middlewares=[retry(), raising(refused, seconds("connect"))])

    assert never_left(refused)
    assert not never_left(ServerDisconnectedError())
    assert (await session.post("http://h/", data=data)).status == 200


async def test_a_body_that_cannot_be_sent_again_is_not(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    """SEC-6: whole or not at all."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"piece"

    session, connector = fake(answering(503), middlewares=[retry()])

    assert (await session.put("http://h/", data=pieces())).status == 503
    assert len(connector.requests) == 1


async def test_a_file_is_sent_again_from_its_start(fake: Fake, retry: Callable[..., Retry]) -> None:
    """SEC-6."""
    session, connector = fake(answering(503), middlewares=[retry()])

    assert (await session.put("http://h/", data=io.BytesIO(b"file"))).status == 200
    assert [seen.body for seen in connector.requests] == [b"file", b"file"]


async def test_an_upload_that_was_answered_early_goes_out_whole_the_next_time() -> None:
    """SEC-6: from the beginning of the file, however far the first try had read it."""
    bodies: list[bytes] = []
    content = bytes(range(256)) * 65536

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not bodies:
            bodies.append(b"")  # the answer comes early; the rest of the upload is not wanted
            writer.write(response_bytes(status=503))
        else:
            bodies.append(await reader.readexactly(len(content)))
            writer.write(response_bytes(status=200))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = "http://{}:{}/".format(*server.sockets[0].getsockname())

    async def at_once(delay: float) -> None:
        """Let nobody else run meanwhile."""

    async with server, ClientSession(middlewares=[Retry(sleep=at_once)]) as session:
        assert (await session.put(url, data=io.BytesIO(content))).status == 200
    assert bodies[1:] == [content]


# --- how often, and what comes out -----------------------------------------------------------


@pytest.mark.parametrize("attempts", [1, 2, 5])
async def test_the_last_response_is_returned(
    fake: Fake, retry: Callable[..., Retry], attempts: int
) -> None:
    session, connector = fake(
        lambda head, body: response_bytes(b"busy", status=503),
        middlewares=[retry(attempts=attempts, budget=None)],
    )

    async with session.get("http://h/") as response:
        assert (response.status, await response.read()) == (503, b"busy")
    assert len(connector.requests) == attempts


async def test_the_last_error_is_raised_and_counts_the_tries(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    last = ClientConnectorError(KEY, ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    errors = [ServerDisconnectedError(), ServerDisconnectedError(), last]
    session, _ = fake(middlewares=[retry(), raising(*errors)])

    with pytest.raises(ClientConnectorError) as caught:
        await session.get("http://h/")
    assert caught.value is last
    assert caught.value.__notes__ == ["Retry: this was try 3 of 3"]


async def test_an_error_of_the_first_try_has_no_note(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    session, _ = fake(middlewares=[retry(), raising(ClientPayloadError("cut"))])

    with pytest.raises(ClientPayloadError) as caught:
        await session.get("http://h/")
    assert not hasattr(caught.value, "__notes__")


async def test_a_refused_response_is_released_before_the_next_try(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    """B-28: with `limit=1` the next try needs the connection of the one before."""
    session, connector = fake(answering(503, 503), limit=1, middlewares=[retry()])

    assert (await session.get("http://h/")).status == 200
    assert len(connector.transports) == 1


async def test_the_wait_holds_no_connection_and_can_be_cancelled(
    fake: Fake, retry: Callable[..., Retry], until: Callable[..., Any]
) -> None:
    """SEC-36."""
    waiting: list[float] = []

    async def sleep(delay: float) -> None:
        waiting.append(delay)
        await asyncio.Event().wait()

    session, connector = fake(answering(503), middlewares=[retry(sleep=sleep)])
    task = asyncio.ensure_future(session.get("http://h/"))
    await until(lambda: waiting)

    assert connector.in_use == 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- how long --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.5),
        ("Sun, 01 Mar 2026 12:00:20 GMT", 20.5),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.5),
        ("99999999999999", 60.5),
        ("soon", 0.5),
        ("-3", 0.5),
    ],
)
async def test_retry_after_comes_on_top_and_is_capped(
    fake: Fake, retry: Callable[..., Retry], time: Time, value: str, expected: float
) -> None:
    """RFC 9110 §10.2.3: a count of seconds or a date."""
    session, _ = fake(answering(503, headers={"Retry-After": value}), middlewares=[retry()])

    assert (await session.get("http://h/")).status == 200
    assert time.slept == [expected]


async def test_a_wait_that_would_end_after_the_deadline_is_not_begun(
    fake: Fake, retry: Callable[..., Retry], time: Time
) -> None:
    """S-444: what the caller has so far is worth more than a time-out."""
    session, connector = fake(answering(503, headers={"Retry-After": "9"}), middlewares=[retry()])

    assert (await session.get("http://h/", timeout=9)).status == 503
    assert time.slept == []
    assert len(connector.requests) == 1


async def test_without_a_total_timeout_there_is_no_deadline(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    session, _ = fake(answering(503, headers={"Retry-After": "59"}), middlewares=[retry()])

    assert (await session.get("http://h/", timeout=ClientTimeout())).status == 200


@given(
    made=st.integers(1, 100),
    jitter=st.floats(0, 1),
    retry_after=st.none() | st.text(max_size=20) | st.integers(0, 10**12).map(str),
    initial=st.floats(0, 1e6),
    factor=st.floats(1, 1e6),
    maximum=st.floats(0, 1e6),
    max_retry_after=st.floats(0, 1e6),
)
def test_delays_stay_in_their_bounds(
    made: int,
    jitter: float,
    retry_after: str | None,
    initial: float,
    factor: float,
    maximum: float,
    max_retry_after: float,
) -> None:
    """Full jitter below the growing bound, and no more of Retry-After than is allowed."""
    from wherry._reconnect import Backoff

    backoff = Backoff(
        initial=initial,
        factor=factor,
        maximum=maximum,
        max_attempts=None,
        max_retry_after=max_retry_after,
    )
    rules = RetryRules(backoff, frozenset(), frozenset())

    delay = rules.delay(made, retry_after=retry_after, jitter=jitter, now=NOON)

    assert delay is not None
    assert 0 <= delay <= max_retry_after + maximum
    assert rules.delay(made, retry_after=None, jitter=0.0, now=NOON) == 0


# --- the budget ------------------------------------------------------------------------------


async def test_the_budget_is_shared_by_all_calls_of_an_instance(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    """A sick server gets a few retries, then hardly more than its usual load."""
    budget = RetryBudget(0.1, reserve=4, per_second=0)
    session, connector = fake(
        lambda head, body: response_bytes(status=503), middlewares=[retry(budget=budget)]
    )

    for _ in range(100):
        assert (await session.get("http://h/")).status == 503
    assert 100 + 4 <= len(connector.requests) <= 100 + 4 + 10


async def test_without_a_budget_every_call_has_its_tries(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    session, connector = fake(
        lambda head, body: response_bytes(status=503), middlewares=[retry(budget=None)]
    )

    for _ in range(30):
        await session.get("http://h/")
    assert len(connector.requests) == 90


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=60),
    st.floats(0, 2),
    st.floats(1, 5),
    st.floats(0, 2),
)
def test_a_budget_never_gives_more_than_it_promises(
    steps: list[tuple[bool, float]], ratio: float, reserve: float, per_second: float
) -> None:
    """At most `reserve`, plus `ratio` of the calls, plus `per_second` times the time: anywhere."""
    budget = RetryBudget(ratio, reserve=reserve, per_second=per_second)
    now = 0.0
    log: list[tuple[float, bool, bool]] = []
    for is_call, pause in steps:
        now += pause
        if is_call:
            budget.deposit(now)
        log.append((now, is_call, not is_call and budget.withdraw(now)))

    for start in range(len(log)):
        calls = sum(is_call for _, is_call, _ in log[start:])
        retries = sum(was_given for _, _, was_given in log[start:])
        elapsed = now - log[start][0]
        assert retries <= reserve + ratio * calls + per_second * elapsed + 1e-6


def test_a_clock_that_goes_back_gives_a_budget_nothing() -> None:
    budget = RetryBudget(0, reserve=1, per_second=1)

    assert budget.withdraw(10.0)
    assert not budget.withdraw(5.0)
    assert not budget.withdraw(10.5)
    assert budget.withdraw(11.0)


# --- the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 0},
        {"initial": -1},
        {"factor": 0.5},
        {"maximum": float("nan")},
        {"max_retry_after": -1},
        {"budget": -0.1},
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at least"):
        Retry(**options)


def test_a_single_method_is_no_collection() -> None:
    with pytest.raises(TypeError, match="write a tuple"):
        Retry(methods="POST")
    with pytest.raises(ValueError, match="reserve"):
        RetryBudget(reserve=0.5)


def test_the_repr_shows_the_settings() -> None:
    assert repr(Retry()) == (
        "Retry(attempts=3, initial=0.5, factor=2.0, maximum=30.0, max_retry_after=60.0, "
        "budget=RetryBudget(0.2, reserve=10.0, per_second=0.1))"
    )


async def test_it_keeps_the_contract_of_middlewares() -> None:
    """SEC-36."""
    await check_middleware(Retry())


async def test_it_sees_each_hop_of_a_redirect(fake: Fake, retry: Callable[..., Retry]) -> None:
    """S-449."""
    left = [503, 503]

    def answer(head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET /a "):
            return response_bytes(status=302, headers={"Location": "/b"})
        return response_bytes(status=left.pop() if left else 200)

    session, connector = fake(answer, middlewares=[retry()])

    assert (await session.get("http://h/a")).status == 200
    targets = [seen.head.split()[1] for seen in connector.requests]
    assert targets == [b"/a", b"/b", b"/b", b"/b"]


async def test_one_instance_serves_several_sessions_and_single_requests(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    shared = retry()
    for _ in range(2):
        session, _ = fake(answering(503))
        assert (await session.get("http://h/", middlewares=(shared,))).status == 200


async def test_a_dead_connection_is_retried_over_a_fresh_one(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    left = [b"", b""]

    def answer(head: bytes, body: bytes) -> bytes:
        return left.pop() if left else OK

    session, _ = fake(answer, middlewares=[retry()])

    assert (await session.get("http://h/")).status == 200


async def test_a_connection_error_of_another_middleware_counts(
    fake: Fake, retry: Callable[..., Retry]
) -> None:
    session, _ = fake(middlewares=[retry(), raising(ClientConnectionError("lost"))])

    assert (await session.get("http://h/")).status == 200
