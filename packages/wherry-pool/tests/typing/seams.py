"""Must type-check: who satisfies which Protocol. Read by mypy, never run."""

import asyncio
import socket
from typing import assert_type

from wherry_pool import (
    AbstractResolver,
    AsyncResolver,
    BaseConnector,
    CachingResolver,
    ClientTimeout,
    ConnectionKey,
    ConnectionPool,
    Exchange,
    Http11Connection,
    IncomingBody,
    OriginStats,
    TcpDialer,
    ThreadedResolver,
    UpgradedConnection,
)
from wherry_pool._address_policy import BothPolicies
from wherry_pool._local import NamedPipeDialer, UnixDialer
from wherry_pool.protocols import (
    AddressPolicy,
    ByteSink,
    ConnectionOwner,
    Dialer,
    HttpConnection,
    PoolObserver,
    RequestBody,
    Resolver,
    ResolveResult,
)
from wherry_pool.testing import (
    FakeAddressPolicy,
    FakeBody,
    FakeConnection,
    FakeResolver,
    MemoryDialer,
    MemorySink,
    RecordingObserver,
    RecordingOwner,
)


def resolvers(base: AbstractResolver) -> None:
    _base: Resolver = base
    _threaded: Resolver = ThreadedResolver()
    _async: Resolver = AsyncResolver(nameservers=["192.0.2.53"])
    _caching: Resolver = CachingResolver(ThreadedResolver())
    _fake: Resolver = FakeResolver()


def policies(policy: AddressPolicy) -> None:
    _both: AddressPolicy = BothPolicies(policy, policy)
    _fake: AddressPolicy = FakeAddressPolicy()


def dialers(resolver: Resolver) -> None:
    _tcp: Dialer = TcpDialer(resolver)
    _unix: Dialer = UnixDialer("/run/socket")
    _pipe: Dialer = NamedPipeDialer("pipe")
    _fake: Dialer = MemoryDialer()


def connections(loop: asyncio.AbstractEventLoop, buffer: memoryview) -> None:
    owner: ConnectionOwner = ConnectionPool(loop)
    _fake_owner: ConnectionOwner = RecordingOwner()
    _http11: HttpConnection = Http11Connection(owner, loop, buffer, 15.0)
    _fake: HttpConnection = FakeConnection(owner)


def the_rest() -> None:
    _observer: PoolObserver = RecordingObserver()
    _body: RequestBody = FakeBody([b"a"])
    _sink: ByteSink = MemorySink()


async def what_users_see(
    connector: BaseConnector, key: ConnectionKey, exchange: Exchange, resolver: Resolver
) -> None:
    assert_type(await connector.acquire(key, ClientTimeout(), started=0.0), HttpConnection)
    assert_type(connector.acquire_nowait(key, 0.0), HttpConnection | None)
    assert_type(connector.stats(), dict[ConnectionKey, OriginStats])
    assert_type(exchange.body_source(), IncomingBody)
    assert_type(await exchange.body_source().collect(), bytes)
    assert_type(await resolver.resolve("h", 80, socket.AF_INET), list[ResolveResult])


def after_an_upgrade(connection: HttpConnection, exchange: Exchange) -> None:
    assert_type(connection.take_over(exchange), UpgradedConnection)
