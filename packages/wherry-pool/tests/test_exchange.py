"""The record of one request and its response."""

import asyncio

import pytest

from wherry_codec import ResponseHeadReader
from wherry_errors import ClientConnectionError, SocketTimeoutError, TotalTimeoutError
from wherry_pool import NO_DEADLINE, ClientTimeout, Exchange, IncomingBody


def new_exchange() -> Exchange:
    return Exchange("GET", b"", asyncio.get_running_loop().create_future(), "h:80")


async def test_new_exchange_has_no_limits() -> None:
    """Nothing to check, ever."""
    exchange = new_exchange()

    assert exchange.next_deadline() == NO_DEADLINE
    assert exchange.overdue(10.0**12) is None
    assert not exchange.is_over


async def test_earlier_limit_is_the_next() -> None:
    """Total or sock_read, whichever is due first."""
    exchange = new_exchange()
    exchange.deadline = 50.0
    exchange.timeout = ClientTimeout(total=40, sock_read=5)
    exchange.last_arrival = 20.0
    assert exchange.next_deadline() == 25.0

    exchange.last_arrival = 48.0
    assert exchange.next_deadline() == 50.0


@pytest.mark.parametrize("seconds", [None, 0, -1.0])
async def test_sock_read_can_be_off(seconds: float | None) -> None:
    """S-425."""
    exchange = new_exchange()
    exchange.timeout = ClientTimeout(sock_read=seconds)

    assert exchange.next_deadline() == NO_DEADLINE
    assert exchange.overdue(10.0**6) is None


async def test_overdue_tells_which_limit_ran_out() -> None:
    """S-532, S-533: total wins if both did; phase, limit, elapsed time, host."""
    exchange = new_exchange()
    exchange.started = 10.0
    exchange.deadline = 50.0
    exchange.timeout = ClientTimeout(total=40, sock_read=5)
    exchange.last_arrival = 20.0

    silent = exchange.overdue(26.0)
    late = exchange.overdue(51.0)

    assert isinstance(silent, SocketTimeoutError)
    assert (silent.phase, silent.limit, silent.elapsed) == ("sock_read", 5, 6.0)
    assert isinstance(late, TotalTimeoutError)
    assert (late.phase, late.limit, late.elapsed, late.host) == ("total", 40, 41.0, "h:80")
    assert exchange.overdue(24.9) is None


async def test_failure_goes_to_whoever_waits() -> None:
    """The call before the body is there, the read after."""
    early, late = new_exchange(), new_exchange()
    late.incoming = IncomingBody(None, 5, 10)
    late.waiter.set_result(None)

    for exchange in (early, late):
        exchange.fail(ClientConnectionError("gone"))
        assert exchange.is_over

    with pytest.raises(ClientConnectionError, match="gone"):
        await early.waiter
    with pytest.raises(ClientConnectionError, match="gone"):
        await late.incoming.wait()


async def test_failure_of_a_cancelled_call_is_nobodys() -> None:
    """S-562: the waiter was cancelled with its task."""
    exchange = new_exchange()
    exchange.waiter.cancel()

    exchange.fail(ClientConnectionError("gone"))

    assert exchange.waiter.cancelled()


async def test_body_that_came_at_once_is_a_source_too() -> None:
    """The same one each time."""
    exchange = new_exchange()
    exchange.body = b"abc"
    exchange.chunk_ends = [3]

    source = exchange.body_source()

    assert source is exchange.body_source()
    assert source.chunk_ends == [3]
    assert await source.collect() == b"abc"
    assert exchange.trailers is None


@pytest.mark.parametrize(
    ("method", "fields", "is_flagged"),
    [
        ("GET", b"", True),
        ("GET", b"Transfer-Encoding: gzip\r\n", True),
        ("GET", b"Content-Length: 1\r\n", False),
        ("GET", b"Transfer-Encoding: chunked\r\n", False),
        ("HEAD", b"", False),
    ],
)
async def test_body_that_ends_with_its_connection_is_flagged(
    method: str, fields: bytes, is_flagged: bool
) -> None:
    """SEC-14, RFC 9112 §6.3: nobody would notice that it was cut short."""
    exchange = Exchange(method, b"", asyncio.get_running_loop().create_future())
    assert not exchange.is_close_delimited

    exchange.head = ResponseHeadReader().feed(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n")

    assert exchange.is_close_delimited is is_flagged
    exchange.read_until_eof = False
    assert not exchange.is_close_delimited


async def test_upload_without_a_task_is_complete_from_the_start() -> None:
    """S-400: the same future each time; head and body left together."""
    exchange = Exchange("POST", b"HEAD", asyncio.get_running_loop().create_future())
    assert exchange.output_size == 4
    exchange.request_body = b"body"

    assert exchange.upload_complete.done()
    assert exchange.upload_complete is exchange.upload_complete
    assert exchange.output_size == 8


async def test_upload_complete_survives_who_cancels_it() -> None:
    """S-400: the caller's cancellation of the future does not reach the upload."""
    exchange = new_exchange()
    gate = asyncio.get_running_loop().create_future()

    async def upload() -> None:
        await gate

    exchange.sender = asyncio.get_running_loop().create_task(upload())
    exchange.upload_complete.cancel()
    gate.set_result(None)
    await exchange.sender

    assert not exchange.sender.cancelled()


async def test_end_is_told_once() -> None:
    """Whichever way it comes, and at once to whoever asks later."""
    calls: list[int] = []
    exchange = new_exchange()
    exchange.call_at_end(lambda: calls.append(1))
    exchange.call_at_end(lambda: calls.append(2))
    exchange.waiter.cancel()

    exchange.fail(ClientConnectionError("x"))
    exchange.end()

    assert calls == [1, 2]
    exchange.call_at_end(lambda: calls.append(3))
    assert calls == [1, 2, 3]
