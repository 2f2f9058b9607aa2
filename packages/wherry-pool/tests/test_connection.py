"""The connection of a response, as its user may hold it."""

import asyncio
import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from wherry_pool import Connection, Exchange, Http11Connection
from wherry_pool.testing import FakeConnection, MemoryTransport, RecordingOwner

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def held(answer: bytes = HALF) -> tuple[Connection, MemoryTransport, Exchange]:
    """A connection whose response has begun."""
    loop = asyncio.get_running_loop()
    protocol = Http11Connection(
        RecordingOwner(), loop, memoryview(bytearray(4096)), 15.0, "example.com:80"
    )
    transport = MemoryTransport(loop, protocol)
    exchange = Exchange("GET", b"GET", loop.create_future())
    protocol.start(exchange)
    transport.feed(answer)
    await exchange.waiter
    return Connection(protocol, exchange), transport, exchange


def is_recorded(owner: list[Any]) -> Callable[[], None]:
    return lambda: owner.append("called")


async def test_held_connection_can_be_looked_at() -> None:
    """S-129, S-401: it is always true, and its repr says where it leads."""
    connection, transport, _ = await held()

    assert connection
    assert not connection.closed
    assert connection.transport is transport
    assert isinstance(connection.protocol, Http11Connection)
    assert "example.com:80" in repr(connection)
    with pytest.warns(DeprecationWarning, match="get_running_loop"):
        assert connection.loop is asyncio.get_running_loop()
    connection.close()


@pytest.mark.parametrize("give_up", [Connection.close, Connection.release])
async def test_connection_is_given_up_once(give_up: Callable[[Connection], None]) -> None:
    """S-129, S-130: callbacks run once, whatever they raise; the rest has no effect any more."""
    connection, transport, exchange = await held()
    calls: list[str] = []

    def fail() -> None:
        calls.append("failing")
        raise KeyError

    connection.add_callback(fail)
    connection.add_callback(is_recorded(calls))
    give_up(connection)
    connection.close()
    connection.release()
    await turn()

    assert calls == ["failing", "called"]
    assert (connection.closed, connection.transport, connection.protocol) == (True, None, None)
    assert connection
    assert repr(connection) == "<Connection closed>"
    assert exchange.is_over
    assert transport.is_aborted  # the rest of the response never came


async def test_released_connection_may_live_on() -> None:
    """S-130: if the little that is missing arrives at once."""
    connection, transport, exchange = await held()

    connection.release()
    transport.feed(b"y" * 98)
    await turn()

    assert exchange.is_over
    assert not transport.is_closing()


@pytest.mark.parametrize("ending", [b"y" * 98, b"y" * 99, b""])
async def test_end_of_the_response_closes_it(ending: bytes) -> None:
    """S-129, S-402: complete, with surplus, or broken off; later callbacks run at once."""
    connection, transport, _ = await held()
    calls: list[str] = []
    connection.add_callback(is_recorded(calls))

    transport.feed(ending)
    if not ending:
        transport.lose(ConnectionResetError(104, "reset"))

    assert connection.closed
    assert calls == ["called"]
    connection.add_callback(is_recorded(calls))
    assert calls == ["called", "called"]


async def test_connection_that_was_never_started_on_is_closed() -> None:
    """One that was acquired by hand, for an exchange that never came."""
    owner = RecordingOwner()
    protocol = FakeConnection(owner)
    connection = Connection(protocol, Exchange("", b"", asyncio.get_running_loop().create_future()))

    assert connection.transport is None
    connection.close()

    assert protocol.is_closed
    assert owner.discarded == [protocol]


async def test_connection_nobody_holds_is_closed_with_a_warning() -> None:
    """S-177: and the loop's exception handler is told."""
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))
    connection, transport, exchange = await held()

    with pytest.warns(ResourceWarning, match=r"Unclosed connection .*example\.com:80"):
        del connection

    assert transport.is_aborted
    assert exchange.is_over
    assert [context["message"] for context in contexts] == ["Unclosed connection"]
    assert isinstance(contexts[0]["client_connection"], Connection)
    contexts.clear()


async def test_connection_that_was_given_up_is_forgotten_in_silence() -> None:
    """S-177: also while the connection still waits for the rest of the body."""
    connection, _, _ = await held()
    connection.release()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del connection
        gc.collect()
    await turn()


def test_connection_that_outlives_its_loop_says_nothing() -> None:
    """S-177: there is nothing to close any more."""

    async def scenario() -> Connection:
        connection, _, _ = await held()
        return connection

    connection = asyncio.run(scenario())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del connection
        gc.collect()
