"""What every implementation of a Protocol has to hold, as functions to put any of them through.

They know the Protocols' docstrings and nothing of the implementations in this package.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
from typing import TYPE_CHECKING, NoReturn

from wherry_errors import (
    ClientConnectionResetError,
    ClientConnectorError,
    ClientError,
    TotalTimeoutError,
)

from .._timings import DialTimings
from ._fakes import FakeAddressPolicy, MemorySink, RecordingOwner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._exchange import Exchange
    from .._route import ConnectionKey
    from ..protocols import (
        AddressPolicy,
        ConnectionOwner,
        Dialer,
        HttpConnection,
        RequestBody,
        Resolver,
        ResolveResult,
    )


def _fail(text: str) -> NoReturn:
    raise AssertionError(text)


def _expect(condition: object, text: str) -> None:
    if not condition:
        _fail(text)


class _Witness(asyncio.Protocol):
    """Remembers what its transport tells it."""

    def __init__(self) -> None:
        self.transport: asyncio.BaseTransport | None = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)


async def check_dialer(
    dialer: Dialer, route: ConnectionKey, *, refused: ConnectionKey | None = None
) -> None:
    """Put `dialer` through what `Dialer` promises. `route` has to be reachable, `refused` not.

    The dialer is closed at the end.
    """
    await _check_connected(dialer, route)
    for turns in range(3):
        await _check_cancelled(dialer, route, turns)
    if refused is not None:
        try:
            await dialer.dial(refused, _Witness)
        except ClientError:
            pass
        else:
            _fail("dial() to a place that refuses should raise a ClientError, it returned")
    await dialer.close()
    await dialer.close()


async def check_dialer_asks_policy(dialer: Dialer, route: ConnectionKey) -> None:
    """Check that `dialer` connects to no address the route's `AddressPolicy` has not allowed.

    For dialers that find out addresses. `route` has to be reachable. The dialer stays open.
    """
    generous, strict = FakeAddressPolicy(), FakeAddressPolicy(refuses_all=True)
    transport = await dialer.dial(route._replace(address_policy=generous), _Witness)
    peer = str(transport.get_extra_info("peername")[0])
    transport.abort()
    asked = [address for _, address, _ in generous.asked]
    _expect(peer in asked, f"the policy should have been asked for {peer}, got {asked}")
    for host, address, _ in generous.asked:
        ipaddress.ip_address(address)
        _expect(host == route.host, f"the policy should be told {route.host!r}, got {host!r}")
    try:
        await dialer.dial(route._replace(address_policy=strict), _Witness)
    except ClientConnectorError as error:
        _expect(
            isinstance(error.os_error, PermissionError),
            f"os_error should be what the policy raised, got {error.os_error!r}",
        )
    else:
        _fail("dial() should raise ClientConnectorError if the policy refuses every address")
    for _ in range(5):
        await asyncio.sleep(0)


def check_address_policy(policy: AddressPolicy, *, allowed: str, refused: str) -> None:
    """Put `policy` through what `AddressPolicy` promises.

    Both are numeric addresses, of which it has to allow one and refuse the other, for whatever host
    and port.
    """
    for port in (80, 443):
        policy.check("host.example", allowed, port)
        for host in ("host.example", refused):
            try:
                policy.check(host, refused, port)
            except OSError as error:
                _expect(str(error), "the refusal should say why")
            else:
                _fail(f"check() of {refused} should raise OSError")
    _expect(hash(policy) == hash(policy), "a policy should have one hash: it is a part of keys")
    _expect(policy in {policy}, "a policy should be equal to itself: it is a part of keys")


async def _check_connected(dialer: Dialer, route: ConnectionKey) -> None:
    made: list[_Witness] = []

    def factory() -> _Witness:
        made.append(_Witness())
        return made[-1]

    timings = DialTimings()
    transport = await dialer.dial(route, factory, attempt_timeout=10.0, timings=timings)
    for name in ("dns", "connect", "tls"):
        seconds = getattr(timings, name)
        _expect(0.0 <= seconds < 60.0, f"timings.{name} should be seconds spent, got {seconds!r}")
    protocol = transport.get_protocol()
    _expect(protocol in made, f"the transport's protocol should come from the factory: {protocol}")
    witness = made[-1]
    _expect(witness.transport is transport, "connection_made() should get the returned transport")
    _expect(not transport.is_closing(), "the returned transport should be open")
    transport.abort()
    await asyncio.wait_for(witness.lost, 10.0)


async def _check_cancelled(dialer: Dialer, route: ConnectionKey, turns: int) -> None:
    made: list[_Witness] = []

    def factory() -> _Witness:
        made.append(_Witness())
        return made[-1]

    task = asyncio.ensure_future(dialer.dial(route, factory))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result().abort()  # it was through before the cancellation came
    for witness in made:
        if witness.transport is not None:
            await asyncio.wait_for(witness.lost, 10.0)


async def check_resolver(resolver: Resolver, host: str, unknown: str) -> list[ResolveResult]:
    """Put `resolver` through what `Resolver` promises; the addresses of `host`.

    `host` has to have an address, `unknown` none. The resolver is closed at the end.
    """
    results = await resolver.resolve(host, 8080, family=socket.AF_UNSPEC)
    _expect(results, f"{host} should have an address, got none")
    for result in results:
        ipaddress.ip_address(result["host"].partition("%")[0])
        _expect(result["hostname"] == host, f"hostname should be {host!r}, got {result!r}")
        _expect(result["port"] == 8080, f"port should be 8080, got {result!r}")
    family = socket.AddressFamily(results[0]["family"])
    for result in await resolver.resolve(host, 80, family=family):
        _expect(result["family"] == family, f"family should be {family!r}, got {result!r}")
    try:
        found = await resolver.resolve(unknown, 80)
    except OSError:
        pass
    else:
        _fail(f"resolve() of an unknown host should raise OSError, it returned {found!r}")
    task = asyncio.ensure_future(resolver.resolve(host, 80))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await resolver.close()
    return results


async def check_http_connection(
    open_connection: Callable[[ConnectionOwner], Awaitable[HttpConnection]],
    make_exchange: Callable[[], Exchange],
) -> None:
    """Put connections of one kind through what `HttpConnection` promises.

    `open_connection` gives a fresh one whose peer answers each exchange of `make_exchange` with a
    complete response that lets the connection live on. No connection is left open.
    """
    await _check_reuse(open_connection, make_exchange)
    await _check_release(open_connection, make_exchange)
    await _check_endings(open_connection, make_exchange)
    await _check_deadline(open_connection, make_exchange)
    await _check_never_started(open_connection, make_exchange)


async def _check_reuse(
    open_connection: Callable[[ConnectionOwner], Awaitable[HttpConnection]],
    make_exchange: Callable[[], Exchange],
) -> None:
    owner = RecordingOwner()
    connection = await open_connection(owner)
    for count in (1, 2):
        _expect(connection.can_take(), f"can_take() should be true before exchange {count}")
        _expect(connection.is_idle(), f"is_idle() should be true before exchange {count}")
        exchange = make_exchange()
        connection.start(exchange)
        _expect(not connection.is_idle(), "is_idle() should be false after start()")
        await exchange.waiter
        _expect(exchange.head is not None, "the waiter should be resolved when the head is there")
        await exchange.body_source().wait_end()
        _expect(exchange.is_over, "is_over should be set when the response is complete")
        _expect(
            owner.released == [connection] * count,
            f"the owner should get the connection back once per exchange, got {owner.released}",
        )
        connection.release(exchange)
        connection.abort(exchange)
        _expect(connection.can_take(), "giving up an exchange that is over should change nothing")
    connection.close()
    connection.close()
    _expect(not connection.can_take(), "can_take() should be false after close()")
    _expect(connection in owner.discarded, "close() should tell the owner")
    _expect(connection.has_expired(math.inf), "a closed connection should have expired")
    late = make_exchange()
    await asyncio.sleep(0)
    try:
        connection.start(late)
    except ClientConnectionResetError:
        pass
    else:
        _fail("start() on a connection that is gone should raise ClientConnectionResetError")
    late.waiter.cancel()


async def _check_release(
    open_connection: Callable[[ConnectionOwner], Awaitable[HttpConnection]],
    make_exchange: Callable[[], Exchange],
) -> None:
    owner = RecordingOwner()
    connection = await open_connection(owner)
    exchange = make_exchange()
    connection.start(exchange)
    await exchange.waiter
    connection.release(exchange)
    connection.release(exchange)
    for _ in range(5):
        await asyncio.sleep(0)
    _expect(exchange.is_over, "release() should end the exchange within a few turns of the loop")
    _expect(
        owner.released == [connection] or connection in owner.discarded,
        "after release() the owner should have the connection back, or know that it is gone",
    )
    connection.close()


async def _check_endings(
    open_connection: Callable[[ConnectionOwner], Awaitable[HttpConnection]],
    make_exchange: Callable[[], Exchange],
) -> None:
    for name in ("abort", "close"):
        owner = RecordingOwner()
        connection = await open_connection(owner)
        exchange = make_exchange()
        connection.start(exchange)
        if name == "abort":
            connection.abort(exchange)
        else:
            connection.close()
        _expect(exchange.is_over, f"{name}() should end the exchange at once")
        _expect(connection in owner.discarded, f"{name}() should tell the owner")
        _expect(not connection.can_take(), f"can_take() should be false after {name}()")
        await _expect_failure(exchange, name)


async def _check_deadline(
    open_connection: Callable[[ConnectionOwner], Awaitable[HttpConnection]],
    make_exchange: Callable[[], Exchange],
) -> None:
    owner = RecordingOwner()
    connection = await open_connection(owner)
    exchange = make_exchange()
    now = asyncio.get_running_loop().time()
    exchange.deadline = now + 100.0
    connection.start(exchange)
    _expect(owner.deadlines, "start() should tell the owner the deadline to watch")
    _expect(
        connection.next_deadline() <= exchange.deadline,
        "next_deadline() should be no later than the deadline of the exchange",
    )
    connection.check_deadlines(now)
    _expect(not exchange.is_over, "check_deadlines() should do nothing before the time is up")
    connection.check_deadlines(exchange.deadline)
    _expect(exchange.is_over, "check_deadlines() should fail an exchange that is overdue")
    _expect(connection in owner.discarded, "the connection of an overdue exchange is of no use")
    await _expect_failure(exchange, "check_deadlines")


async def _check_never_started(
    open_connection: Callable[[ConnectionOwner], Awaitable[HttpConnection]],
    make_exchange: Callable[[], Exchange],
) -> None:
    owner = RecordingOwner()
    connection = await open_connection(owner)
    exchange = make_exchange()
    connection.abort(exchange)
    _expect(
        connection in owner.discarded or connection in owner.released,
        "abort() of an exchange that was never started should give the connection up",
    )
    exchange.waiter.cancel()
    connection.close()
    for _ in range(5):
        await asyncio.sleep(0)


async def _expect_failure(exchange: Exchange, name: str) -> None:
    try:
        await asyncio.wait_for(exchange.waiter, 10.0)
    except (ClientError, TotalTimeoutError):
        return
    _fail(f"after {name}() the waiter should have a ClientError or TotalTimeoutError")


async def check_request_body(make_body: Callable[[], RequestBody]) -> bytes:
    """Put a body through what `RequestBody` promises; the bytes it writes.

    `make_body` gives a fresh one at each call.
    """
    body = make_body()
    size = body.size
    sink = MemorySink()
    await body.write(sink)
    _expect(
        size is None or size == len(sink.data),
        f"the body claims {size} bytes and writes {len(sink.data)}",
    )
    task = asyncio.ensure_future(make_body().write(MemorySink()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    _expect(
        task.cancelled() or task.exception() is None,
        "cancelling write() should end it, not make it fail",
    )
    return sink.data
