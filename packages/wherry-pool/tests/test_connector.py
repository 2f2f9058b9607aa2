"""What all connectors have in common: hooks, arguments, closing."""

import asyncio
import logging
import ssl
import sys
import warnings
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from wherry_errors import ClientConnectionError
from wherry_pool import (
    BaseConnector,
    ClientTimeout,
    ConnectionKey,
    ConnectionRequest,
    Exchange,
    Http11Connection,
    TCPConnector,
)
from wherry_pool._connector import is_cleanup_needless, only_observer
from wherry_pool.protocols import HttpConnection, PoolObserver
from wherry_pool.testing import (
    FakeAddressPolicy,
    FakeResolver,
    ManualClock,
    MemoryDialer,
    RecordingObserver,
)

GET = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
NO_LIMIT = ClientTimeout()

Serve = Callable[..., Awaitable[int]]


async def acquire(
    connector: BaseConnector, key: ConnectionKey, timeout: ClientTimeout = NO_LIMIT
) -> HttpConnection:
    return await connector.acquire(key, timeout, started=asyncio.get_running_loop().time())


async def fetch(connector: BaseConnector, key: ConnectionKey) -> bytes:
    """One GET over a connection of `connector`."""
    exchange = Exchange("GET", GET, asyncio.get_running_loop().create_future(), key.authority)
    connection = await acquire(connector, key)
    connection.start(exchange)
    await exchange.waiter
    return await exchange.body_source().collect()


# --- arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "is_needless"),
    [
        ((3, 11, 9), False),
        ((3, 12, 7), False),
        ((3, 12, 8), True),
        ((3, 13, 0), False),
        ((3, 13, 1), True),
        ((3, 14, 0), True),
    ],
)
async def test_cleaning_up_is_needless_where_nothing_leaks(
    version: tuple[int, int, int], *, is_needless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-107: where it is, asking for it is deprecated; elsewhere it is accepted."""
    assert is_cleanup_needless(version) is is_needless
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await BaseConnector(MemoryDialer(), enable_cleanup_closed=True).close()

    assert [warning.category for warning in caught] == [DeprecationWarning] * is_needless
    assert all(warning.filename == __file__ for warning in caught)


async def test_threshold_of_whole_seconds_can_be_set(
    key: ConnectionKey, clock: ManualClock
) -> None:
    """S-105, S-132: idle connections live to the next whole second beyond it, else exactly."""
    clock.now = 1000.4
    for threshold, end in ((5.0, 1011.0), (60.0, 1010.4)):
        dialer = MemoryDialer()
        connector = BaseConnector(dialer, keepalive_timeout=10.0, timeout_ceil_threshold=threshold)
        assert connector.timeout_ceil_threshold == threshold
        clock.now = 1000.4
        dialer.script(OK)
        await fetch(connector, key)

        await clock.advance(end - clock.now - 0.01)
        assert not dialer.transport.is_closing()
        await clock.advance(0.02)
        assert dialer.transport.is_closing()
        await connector.close()


# --- hooks -------------------------------------------------------------------------------------


async def test_creating_connections_can_be_overridden(key: ConnectionKey) -> None:
    """S-115: called for every new connection, and for no other."""
    asked: list[tuple[ConnectionRequest, list[PoolObserver], ClientTimeout]] = []

    class Watching(BaseConnector):
        async def _create_connection(
            self, req: ConnectionRequest, traces: Sequence[PoolObserver], timeout: ClientTimeout
        ) -> HttpConnection:
            asked.append((req, list(traces), timeout))
            return await super()._create_connection(req, traces, timeout)

    dialer = MemoryDialer()
    observer, timeout = RecordingObserver(), ClientTimeout(connect=5)
    async with Watching(dialer) as connector:
        for _ in range(2):
            dialer.script(OK)
            await fetch(connector, key)
        other = key._replace(port=81)
        await connector.acquire(other, timeout, started=0.0, observer=observer)

    assert asked == [
        (ConnectionRequest(key), [], NO_LIMIT),
        (ConnectionRequest(other), [observer], timeout),
    ]


async def test_created_connection_may_be_of_another_kind(key: ConnectionKey) -> None:
    """S-115: whatever holds the Protocol, e.g. one to elsewhere; a failure frees the place."""

    class Elsewhere(BaseConnector):
        async def _create_connection(
            self, req: ConnectionRequest, traces: Sequence[PoolObserver], timeout: ClientTimeout
        ) -> HttpConnection:
            if req.port == 82:
                raise ClientConnectionError("not this one")
            there = ConnectionRequest(req.connection_key._replace(port=81))
            return await super()._create_connection(there, traces, timeout)

    dialer = MemoryDialer()
    async with Elsewhere(dialer, limit=1) as connector:
        with pytest.raises(ClientConnectionError, match="not this one"):
            await acquire(connector, key._replace(port=82))
        await acquire(connector, key)

        assert [route.port for route in dialer.routes] == [81]
        assert list(connector.stats()) == [key]


async def test_connection_knows_how_long_dialling_took(key: ConnectionKey) -> None:
    """`ClientResponse.timings`: a new connection has its times."""
    dialer = MemoryDialer()
    async with BaseConnector(dialer) as connector:
        connection = await acquire(connector, key)

        assert isinstance(connection, Http11Connection)
        assert connection.dial_timings is not None


def test_one_observer_at_most() -> None:
    """S-115: several would have to be one object."""
    observer = RecordingObserver()

    assert only_observer([]) is None
    assert only_observer([observer]) is observer
    with pytest.raises(ValueError, match="one observer at most, got 2"):
        only_observer([observer, observer])


async def test_connectors_address_policy_is_part_of_every_route(key: ConnectionKey) -> None:
    """SEC-49: and not of the key: the connector's connections are all alike."""
    policy = FakeAddressPolicy()
    dialer = MemoryDialer()
    async with BaseConnector(dialer, address_policy=policy) as connector:
        await acquire(connector, key)

        assert dialer.routes == [key._replace(address_policy=policy)]
        assert list(connector.stats()) == [key]


# --- connect() ---------------------------------------------------------------------------------


async def test_connection_can_be_had_without_an_exchange(key: ConnectionKey) -> None:
    """S-119, S-129: and released for the next one."""
    dialer = MemoryDialer()
    observer = RecordingObserver()
    async with BaseConnector(dialer, limit=1) as connector:
        request = ConnectionRequest(key)
        first = await connector.connect(request, [observer], NO_LIMIT)
        assert first
        held = first.transport
        assert held is dialer.transport
        assert connector.stats()[key].in_use == 1

        first.release()
        first.release()
        assert first.closed
        assert first.transport is None
        assert connector.stats()[key].idle == 1

        second = await connector.connect(request, [], NO_LIMIT)
        assert second.transport is dialer.transport
        second.close()
        await asyncio.sleep(0)
        assert dialer.transport.is_lost
        assert connector.stats() == {}
    assert observer.events == ["connection_create_start", "connection_create_end"]


async def test_exchange_on_a_held_connection_gives_it_back_itself(key: ConnectionKey) -> None:
    """S-129: releasing after that does nothing, whoever has the connection then."""
    dialer = MemoryDialer()
    async with BaseConnector(dialer) as connector:
        held = await connector.connect(ConnectionRequest(key), [], NO_LIMIT)
        dialer.script(OK)
        exchange = Exchange("GET", GET, asyncio.get_running_loop().create_future())
        assert held.protocol is not None
        held.protocol.start(exchange)
        await exchange.waiter
        assert connector.stats()[key].idle == 1

        held.release()

        assert connector.stats()[key].idle == 1
        again = await connector.connect(ConnectionRequest(key), [], NO_LIMIT)
        assert again.transport is dialer.transport
        again.release()


# --- closing -----------------------------------------------------------------------------------


async def test_with_is_deprecated_and_closes(key: ConnectionKey) -> None:
    """S-114."""
    dialer = MemoryDialer()
    with pytest.warns(DeprecationWarning, match="async with connector") as caught:  # noqa: SIM117
        with BaseConnector(dialer) as connector:
            await acquire(connector, key)

    assert [warning.filename for warning in caught] == [__file__]
    assert connector.closed
    await connector.close()
    assert dialer.is_closed
    assert dialer.transport.is_lost


async def test_closing_happens_without_being_awaited(key: ConnectionKey) -> None:
    """S-178: with a warning."""
    dialer = MemoryDialer()
    connector = BaseConnector(dialer)
    await acquire(connector, key)

    with pytest.warns(DeprecationWarning, match=r"await connector.close\(\)"):
        connector.close()

    assert connector.closed
    for _ in range(6):
        await asyncio.sleep(0)
    assert dialer.is_closed
    assert dialer.transport.is_lost


async def test_second_close_waits_for_the_first(key: ConnectionKey) -> None:
    """S-173: also when the first caller is cancelled."""
    dialer = MemoryDialer()
    connector = BaseConnector(dialer)
    await acquire(connector, key)
    first = asyncio.ensure_future(connector.close())
    await asyncio.sleep(0)
    first.cancel()

    await connector.close()

    assert dialer.is_closed
    assert dialer.transport.is_lost


def test_closing_after_the_loop_is_quiet(key: ConnectionKey) -> None:
    """S-177: there is nobody left to tell."""

    async def main() -> BaseConnector:
        return BaseConnector(MemoryDialer())

    connector = asyncio.run(main())

    with asyncio.Runner() as runner:
        runner.run(connector.close())
    assert connector.closed


async def test_error_while_closing_is_logged(
    key: ConnectionKey, caplog: pytest.LogCaptureFixture
) -> None:
    """S-173, S-013: not raised."""

    class Broken(MemoryDialer):
        async def close(self) -> None:
            raise OSError("cannot let go")

    caplog.set_level(logging.DEBUG, "wherry.client")

    await BaseConnector(Broken()).close()

    [record] = [record for record in caplog.records if record.name == "wherry.client"]
    assert record.levelno == logging.DEBUG
    assert "cannot close the dialer" in record.getMessage()


# --- the closing handshake of TLS --------------------------------------------------------------


class Farewell:
    """A TLS server that notes how its peers leave. The last word of a peer is b"" or an error."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        self.seen = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if b"\r\n\r\n" in data:
                    writer.write(OK)
            self.ends.append("orderly")
        except (OSError, ssl.SSLError) as error:
            self.ends.append(type(error).__name__)
        self.seen.set()


def linger(**arguments: Any) -> TCPConnector:
    resolver = FakeResolver({"host.test": ["127.0.0.1"]})
    if not arguments:
        return TCPConnector(resolver=resolver, ssl=False)
    with pytest.warns(DeprecationWarning, match="ssl_shutdown_timeout"):
        return TCPConnector(resolver=resolver, ssl=False, **arguments)


@pytest.mark.network
@pytest.mark.parametrize(
    ("arguments", "abort_ssl", "is_orderly"),
    [
        ({}, False, False),
        ({"ssl_shutdown_timeout": 0}, False, False),
        ({"ssl_shutdown_timeout": None}, False, False),
        ({"ssl_shutdown_timeout": 5.0}, True, False),
        ({"ssl_shutdown_timeout": 5.0}, False, True),
    ],
)
async def test_tls_says_goodbye_only_where_there_is_time(
    serve: Serve,
    server_context: ssl.SSLContext,
    arguments: dict[str, Any],
    *,
    abort_ssl: bool,
    is_orderly: bool,
) -> None:
    """S-109, S-176: in either case nothing is left when `close` returns."""
    farewell = Farewell()
    port = await serve(farewell, ssl=server_context)
    connector = linger(**arguments)
    key = ConnectionKey("host.test", port, True)
    assert await fetch(connector, key) == b"hello"
    idle = connector.acquire_nowait(key, asyncio.get_running_loop().time())
    assert isinstance(idle, Http11Connection)
    said_goodbye: list[bool] = []
    transport = idle.transport
    assert transport is not None
    close = transport.close

    def note_and_close() -> None:
        said_goodbye.append(True)
        close()

    transport.close = note_and_close  # type: ignore[method-assign]
    idle._owner.release(idle, float("inf"))

    await connector.close(abort_ssl=abort_ssl)

    assert idle.transport is None
    assert bool(said_goodbye) is is_orderly
    await farewell.seen.wait()


@pytest.mark.network
async def test_goodbye_without_answer_is_bounded(
    serve: Serve, server_context: ssl.SSLContext, clock: ManualClock
) -> None:
    """S-109: by `ssl_shutdown_timeout`; a busy connection gets none at all (S-175)."""
    gone = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        transport: Any = writer.transport
        transport.pause_reading()
        await gone.wait()

    port = await serve(deaf, ssl=server_context)
    connector = linger(ssl_shutdown_timeout=3.0)
    key = ConnectionKey("host.test", port, True)
    await fetch(connector, key)
    busy = Exchange("GET", GET, asyncio.get_running_loop().create_future())
    connection = await acquire(connector, key._replace(ssl=False))
    connection.start(busy)

    closing = asyncio.ensure_future(connector.close())
    await clock.turn()
    with pytest.raises(ClientConnectionError):
        await busy.waiter
    assert not closing.done()
    await clock.advance(3.0)
    await closing

    assert connector.stats() == {}
    gone.set()
