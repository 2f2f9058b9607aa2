"""Whether an implementation keeps the promises of `wherry.protocols`.

Checks raise `AssertionError` that names the broken rule, also under `python -O`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from multidict import CIMultiDict
from yarl import URL

from wherry_errors import ClientConnectionError
from wherry_pool import NO_DEADLINE, ClientTimeout, Exchange

from .._response import ClientResponse
from .._session import ClientSession
from ._fake import FakeConnector

if TYPE_CHECKING:
    from collections.abc import Callable

    from wherry_pool import ConnectionKey
    from wherry_pool.protocols import HttpConnection

    from .._middleware import Handler, Middleware
    from .._request import ClientRequest
    from ..protocols import ConnectorProtocol, RequestObserver

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_URL = URL("http://checked.example/path")


def _expect(is_met: bool, who: str, rule: str) -> None:
    # Not an assert: the check has to work under python -O too.
    if not is_met:
        raise AssertionError(f"not what a {who} does: {rule}")


# --- connectors ---------------------------------------------------------------------------------


async def check_connector(make: Callable[[], ConnectorProtocol], key: ConnectionKey) -> None:
    """Put connectors made by `make` through the contract of `ConnectorProtocol`.

    `key` leads to a server that answers any GET with a small response and keeps the connection.
    """
    for check in (_check_new, _check_exchange, _check_cancelling, _check_closed):
        connector = make()
        try:
            await check(connector, key)
        finally:
            await connector.close()


def _is(condition: bool, rule: str) -> None:
    _expect(condition, "connector", rule)


async def _acquire(connector: ConnectorProtocol, key: ConnectionKey) -> HttpConnection:
    now = asyncio.get_running_loop().time()
    return await connector.acquire(key, ClientTimeout(total=5), started=now, deadline=now + 5)


async def _check_new(connector: ConnectorProtocol, key: ConnectionKey) -> None:
    _is(not connector.closed, "a new one is open")
    _is("http" in connector.allowed_protocol_schema_set, "it takes http")
    _is(connector.acquire_nowait(key, 0.0) is None, "a new one has no idle connection")


async def _check_exchange(connector: ConnectorProtocol, key: ConnectionKey) -> None:
    loop = asyncio.get_running_loop()
    connection = await _acquire(connector, key)
    _is(connection.can_take(), "acquire() gives a connection that can take an exchange")
    _is(connector.acquire_nowait(key, loop.time()) is None, "no connection is given out twice")
    exchange = _new_exchange(key)
    connection.start(exchange)
    await asyncio.wait_for(exchange.waiter, 5)
    _is(exchange.head is not None, "the waiter is resolved when the head is there")
    await asyncio.wait_for(exchange.body_source().collect(), 5)
    _is(exchange.is_over, "an exchange is over when its body has arrived")
    again = connector.acquire_nowait(key, loop.time())
    if connector.force_close:
        _is(again is None, "with force_close no connection is kept")
        return
    _is(again is connection, "the connection comes back by itself, and is given out again")
    if again is not None:
        again.abort(_new_exchange(key))


def _new_exchange(key: ConnectionKey) -> Exchange:
    head = f"GET / HTTP/1.1\r\nHost: {key.authority}\r\n\r\n".encode()
    waiter = asyncio.get_running_loop().create_future()
    exchange = Exchange("GET", head, waiter, key.authority)
    exchange.deadline = NO_DEADLINE
    return exchange


async def _check_cancelling(connector: ConnectorProtocol, key: ConnectionKey) -> None:
    task = asyncio.ensure_future(_acquire(connector, key))
    await asyncio.sleep(0)
    task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(result, BaseException):
        _is(isinstance(result, asyncio.CancelledError), "acquire() can be cancelled")
    else:
        result.close()
    connection = await _acquire(connector, key)
    _is(connection.can_take(), "after a cancelled acquire() the next one works")
    connection.close()


async def _check_closed(connector: ConnectorProtocol, key: ConnectionKey) -> None:
    connection = await _acquire(connector, key)
    await connector.close()
    _is(connector.closed, "closed is true after close()")
    _is(not connection.can_take(), "close() closes connections that are given out")
    await connector.close()
    _is(connector.acquire_nowait(key, 0.0) is None, "a closed one has no connections")
    try:
        await _acquire(connector, key)
    except ClientConnectionError:
        return
    _is(False, "acquire() after close() raises ClientConnectionError")


# --- handlers and middlewares -------------------------------------------------------------------


async def check_handler(handler: Handler, request: ClientRequest) -> None:
    """Check that `handler` answers `request` with a response whose body can be read."""
    response = await handler(request)
    _expect(isinstance(response, ClientResponse), "handler", "it returns a ClientResponse")
    try:
        _expect(200 <= response.status <= 999, "handler", "the response is a final one")
        await response.read()
    finally:
        response.release()


async def check_middleware(middleware: Middleware) -> None:
    """Put `middleware` through the contract of `Middleware`, around handlers in memory.

    It may answer itself or call its handler any number of times. It must give a response that can
    be read, let a cancellation through, leave nothing acquired, and serve several calls at once.
    """
    connector = FakeConnector(lambda head, body: _OK)
    async with ClientSession(connector=connector, middlewares=(middleware,)) as session:
        await asyncio.gather(*(_one_call(session) for _ in range(3)))
    _expect(connector.in_use == 0, "middleware", "every response it drops is released")
    await _check_cancellation(middleware)


async def _one_call(session: ClientSession) -> None:
    async with session.get(_URL) as response:
        _expect(isinstance(response, ClientResponse), "middleware", "it returns a ClientResponse")
        await response.read()


async def _check_cancellation(middleware: Middleware) -> None:
    arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def let_wait(head: bytes, body: bytes) -> None:
        if not arrived.done():
            arrived.set_result(None)

    connector = FakeConnector(let_wait)
    async with ClientSession(connector=connector, middlewares=(middleware,)) as session:
        task: asyncio.Task[ClientResponse] = asyncio.create_task(session.get(_URL))
        await asyncio.wait((task, arrived), timeout=5, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result().release()  # it answers itself, there is nothing to cancel
            return
        task.cancel()
        await asyncio.wait((task,), timeout=5)
        _expect(task.cancelled(), "middleware", "a cancellation comes out of it")
        _expect(connector.in_use == 0, "middleware", "after a cancellation nothing is acquired")


# --- observers ----------------------------------------------------------------------------------


async def check_request_observer(observer: RequestObserver) -> None:
    """Await every method of `observer` with plausible values; none may raise."""
    connector = FakeConnector(lambda head, body: _OK)
    async with ClientSession(connector=connector) as session, session.get(_URL) as response:
        fields: CIMultiDict[str] = CIMultiDict({"Host": "checked.example"})
        await observer.request_start("GET", _URL, fields)
        await observer.request_headers_sent("GET", _URL, fields)
        await observer.request_chunk_sent("GET", _URL, b"data")
        await observer.request_redirect("GET", _URL, fields, response)
        await observer.request_end("GET", _URL, fields, response)
        await observer.response_chunk_received("GET", _URL, b"")
        await observer.request_exception("GET", _URL, fields, OSError("checked"))
