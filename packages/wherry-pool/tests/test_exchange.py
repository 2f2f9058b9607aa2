"""The record of one request and its response."""

import asyncio

import pytest

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
