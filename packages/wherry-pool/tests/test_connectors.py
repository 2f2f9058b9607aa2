"""Connectors: a pool, a way to dial, limits on time, and the names users know."""

import asyncio
import gc
import socket
import ssl
import sys
import warnings
import weakref
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from wherry_errors import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientHttpProxyError,
    ConnectionTimeoutError,
    ServerDisconnectedError,
    TotalTimeoutError,
)
from wherry_pool import (
    BaseConnector,
    ClientTimeout,
    ConnectionKey,
    Exchange,
    Fingerprint,
    Http11Connection,
    ResolveResult,
    TCPConnector,
    UnixConnector,
    connectors,
)
from wherry_pool.protocols import HttpConnection, PoolObserver
from wherry_pool.testing import (
    FakeAddressPolicy,
    FakeResolver,
    ManualClock,
    MemoryDialer,
    MemoryTransport,
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


# --- construction ------------------------------------------------------------------------------


async def test_defaults_are_the_known_ones() -> None:
    """S-105, S-108, S-112, S-113."""
    async with TCPConnector() as connector:
        assert (connector.limit, connector.limit_per_host) == (100, 0)
        assert not connector.force_close
        assert not connector.closed
        assert connector.family == socket.AF_UNSPEC
        assert connector.use_dns_cache
        assert connector.dns_cache
        assert connector.loop is asyncio.get_running_loop()
        http = {"", "http", "https", "ws", "wss"}
        assert connector.allowed_protocol_schema_set == http | {"tcp"}
        assert UnixConnector.allowed_protocol_schema_set == http | {"unix"}
    assert connector.closed


@pytest.mark.parametrize("make", [TCPConnector, lambda **kw: BaseConnector(MemoryDialer(), **kw)])
async def test_force_close_and_keepalive_exclude_each_other(make: Callable[..., Any]) -> None:
    """S-106: unless the time-out is None or left out."""
    with pytest.raises(ValueError, match="keepalive_timeout cannot be set"):
        make(force_close=True, keepalive_timeout=30.0)

    async with make(force_close=True, keepalive_timeout=None) as connector:
        assert connector.force_close


async def test_bad_ssl_value_is_refused() -> None:
    """S-110, S-512: and leaves nothing that warns."""
    with pytest.raises(TypeError, match="ssl must be"):
        TCPConnector(ssl="yes")  # type: ignore[arg-type]
    gc.collect()


def test_connector_needs_a_loop() -> None:
    """Docstring: a running one, or `loop`."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        TCPConnector()

    with asyncio.Runner() as runner:
        connector = TCPConnector(loop=runner.get_loop())
        runner.run(connector.close())


async def test_connectors_own_no_resolver_that_was_given() -> None:
    """S-147: also if it looks empty."""

    class Sized(FakeResolver):
        def __len__(self) -> int:
            return 0

    resolver = Sized()
    async with TCPConnector(resolver=resolver, use_dns_cache=False) as connector:
        with pytest.raises(ClientConnectorDNSError):
            await acquire(connector, ConnectionKey("a.test", 80, False))

    assert len(resolver.asked) == 1
    assert not resolver.is_closed


async def test_own_resolver_is_closed_after_the_connections(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """S-147: while they close, nothing they need is gone."""
    resolver = FakeResolver({"host.test": ["127.0.0.1"]})
    monkeypatch.setattr(connectors, "new_default_resolver", lambda _: resolver)
    connector = TCPConnector()
    connection = await acquire(connector, ConnectionKey("host.test", await serve(), False))
    assert isinstance(connection, Http11Connection)
    open_when_closed: list[bool] = []

    async def close() -> None:
        open_when_closed.append(connection.transport is not None)
        await FakeResolver.close(resolver)

    monkeypatch.setattr(resolver, "close", close)

    await connector.close()

    assert open_when_closed == [False]
    assert resolver.is_closed


async def test_old_answers_serve_where_that_is_wanted(clock: ManualClock) -> None:
    """`stale_dns_on_failure`; S-139 without it."""
    for seconds, is_served in ((0, False), (60, True)):
        resolver = FakeResolver({"host.test": ["127.0.0.1"]})
        async with TCPConnector(
            resolver=resolver, ttl_dns_cache=5, stale_dns_on_failure=seconds
        ) as connector:
            await connector._resolve_host("host.test", 80)
            resolver.addresses.clear()
            await clock.advance(6)

            if is_served:
                [result] = await connector._resolve_host("host.test", 80)
                assert result["host"] == "127.0.0.1"
            else:
                with pytest.raises(socket.gaierror):
                    await connector._resolve_host("host.test", 80)


@pytest.mark.network
async def test_resolving_can_be_overridden(serve: Serve) -> None:
    """S-115: called for each new connection, for addresses and for the proxy's host as well."""
    asked: list[tuple[str, int, int]] = []

    class Watching(TCPConnector):
        async def _resolve_host(
            self, host: str, port: int, traces: Sequence[PoolObserver] | None = None
        ) -> list[ResolveResult]:
            asked.append((host, port, len(traces or ())))
            if host == "secret.test":
                host = "127.0.0.1"
            return await super()._resolve_host(host, port, traces)

    port = await serve()
    async with Watching(resolver=FakeResolver()) as connector:
        for host in ("secret.test", "127.0.0.1"):
            assert await fetch(connector, ConnectionKey(host, port, False)) == b"hello"
            assert await fetch(connector, ConnectionKey(host, port, False)) == b"hello"
        proxy = URL(f"http://secret.test:{port}")
        through = ConnectionKey("far.test", 80, False, proxy=proxy)
        assert await fetch(connector, through) == b"hello"
        await connector.acquire(
            through, NO_LIMIT, started=0.0, observer=RecordingObserver(), fresh=True
        )

    assert asked == [
        ("secret.test", port, 0),
        ("127.0.0.1", port, 0),
        ("secret.test", port, 0),
        ("secret.test", port, 1),
    ]


async def test_forgotten_connector_is_collected_at_once() -> None:
    """S-177: nothing in it refers back to it."""
    connector = [weakref.ref(TCPConnector(resolver=FakeResolver()))]

    assert connector[0]() is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"verify_ssl": False}, False),
        ({"fingerprint": b"a" * 32}, Fingerprint(b"a" * 32)),
        ({"ssl_context": ssl.create_default_context()}, None),
        ({"ssl_shutdown_timeout": 2.0}, True),
    ],
)
async def test_deprecated_arguments_warn_their_caller(
    arguments: dict[str, Any], expected: object
) -> None:
    """S-108 to S-110."""
    with pytest.warns(DeprecationWarning, match="deprecated") as caught:
        connector = TCPConnector(**arguments)

    assert [warning.filename for warning in caught] == [__file__]
    await connector.close()
    assert expected is None or connector._tcp._ssl == expected


async def test_deprecated_arguments_exclude_each_other() -> None:
    """S-110: and leave nothing that warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="exclude each other"):
            TCPConnector(verify_ssl=False, ssl=False)
        with pytest.raises(ValueError, match="exclude each other"):
            TCPConnector(fingerprint=b"a" * 32, ssl_context=ssl.create_default_context())


@pytest.mark.network
async def test_connectors_policy_holds_for_every_connection(serve: Serve) -> None:
    """SEC-49: besides the request's; not for a proxy, which is the caller's own choice."""
    port = await serve()
    policy = FakeAddressPolicy(["127.0.0.1"])
    resolver = FakeResolver({"host.test": ["127.0.0.1"]})
    async with TCPConnector(resolver=resolver, address_policy=policy) as connector:
        for host in ("host.test", "127.0.0.1"):
            with pytest.raises(ClientConnectorError, match="not allowed"):
                await acquire(connector, ConnectionKey(host, port, False))
    lenient = FakeAddressPolicy()
    async with TCPConnector(resolver=resolver, address_policy=lenient) as connector:
        key = ConnectionKey("host.test", port, False)
        assert await fetch(connector, key) == b"hello"
        with pytest.raises(ClientConnectorError, match="not allowed"):
            await acquire(connector, key._replace(address_policy=policy))


async def test_dns_answers_can_be_forgotten() -> None:
    """S-140."""
    resolver = FakeResolver({"a.test": ["127.0.0.1"]})
    async with TCPConnector(resolver=resolver) as connector:
        with pytest.raises(ValueError, match="both host and port, or neither"):
            connector.clear_dns_cache("a.test")
        with pytest.raises(ValueError, match="both host and port, or neither"):
            connector.clear_dns_cache(port=80)
        connector.clear_dns_cache("a.test", 80)
        connector.clear_dns_cache()
    async with TCPConnector(resolver=resolver, use_dns_cache=False) as connector:
        connector.clear_dns_cache()
        assert not connector.dns_cache


# --- connections -------------------------------------------------------------------------------


async def test_connection_is_made_then_used_again(key: ConnectionKey) -> None:
    """S-119, S-121: and counted."""
    dialer = MemoryDialer()
    async with BaseConnector(dialer) as connector:
        for _ in range(3):
            dialer.script(OK)
            assert await fetch(connector, key) == b"hello"

        assert len(dialer.transports) == 1
        [stats] = connector.stats().values()
        assert (stats.created, stats.reused, stats.idle, stats.in_use) == (1, 2, 1, 0)
        assert repr(connector).startswith("<BaseConnector <ConnectionPool in_use=0 idle=1")
        assert connector.acquire_nowait(key, asyncio.get_running_loop().time()) is not None


async def test_force_close_uses_each_connection_once(key: ConnectionKey) -> None:
    """S-131."""
    dialer = MemoryDialer()
    async with BaseConnector(dialer, force_close=True) as connector:
        for _ in range(2):
            dialer.script(OK)
            await fetch(connector, key)

        assert len(dialer.transports) == 2
        assert all(transport.is_aborted for transport in dialer.transports)


async def test_bytes_that_come_with_the_accept_end_the_connection(key: ConnectionKey) -> None:
    """S-120: before any request was sent."""
    dialer = MemoryDialer()
    async with BaseConnector(dialer) as connector:
        connection = await acquire(connector, key)
        dialer.transport.feed(OK)
        exchange = Exchange("GET", GET, asyncio.get_running_loop().create_future())
        await asyncio.sleep(0)

        with pytest.raises(ClientConnectionError):
            connection.start(exchange)

        assert connector.stats() == {}
        exchange.waiter.cancel()


async def test_dialer_failure_is_the_callers(key: ConnectionKey) -> None:
    """S-127."""
    dialer = MemoryDialer()
    dialer.refuse(ClientConnectorError(key, ConnectionRefusedError(111, "refused")))
    async with BaseConnector(dialer, limit=1) as connector:
        with pytest.raises(ClientConnectorError, match="refused"):
            await acquire(connector, key)

        await acquire(connector, key)


async def test_dialer_has_to_use_the_factory(key: ConnectionKey) -> None:
    """A dialer of somebody's own that does not is told, and its transport is closed."""
    made: list[MemoryTransport] = []

    class Stubborn(MemoryDialer):
        async def dial(self, *_: Any, **__: Any) -> asyncio.Transport:
            made.append(MemoryTransport(asyncio.get_running_loop(), asyncio.Protocol()))
            return made[-1]

    async with BaseConnector(Stubborn()) as connector:
        with pytest.raises(TypeError, match=r"Stubborn.dial\(\) must attach.*got Protocol"):
            await acquire(connector, key)

        assert made[0].is_aborted
        assert connector.stats() == {}


# --- time --------------------------------------------------------------------------------------


async def test_connect_limit_spans_queue_and_dialling(
    key: ConnectionKey, clock: ManualClock
) -> None:
    """S-126, S-531: with phase, limit, and how full the pool was."""
    dialer = MemoryDialer()
    async with BaseConnector(dialer, limit=1) as connector:
        dialer.hold()
        dialling = asyncio.ensure_future(acquire(connector, key, ClientTimeout(connect=3.0)))
        await clock.turn()
        queued = asyncio.ensure_future(acquire(connector, key, ClientTimeout(connect=3.0)))
        await clock.advance(3.0)

        for task in (dialling, queued):
            with pytest.raises(ConnectionTimeoutError, match=r"timeout.connect = 3.0") as caught:
                await task
            assert (caught.value.phase, caught.value.elapsed) == ("connect", 3.0)
            assert caught.value.host == "example.com:80"
        assert "of 1 connections in use" in str(caught.value)
        dialer.let_go()
        await acquire(connector, key)


async def test_total_deadline_wins_when_it_is_earlier(
    key: ConnectionKey, clock: ManualClock
) -> None:
    """S-427, S-532: a plain time-out, counted from the start of the call."""
    dialer = MemoryDialer()
    dialer.hold()
    async with BaseConnector(dialer) as connector:
        timeout = ClientTimeout(total=5.0, connect=4.5)
        waiting = asyncio.ensure_future(
            connector.acquire(key, timeout, started=clock.now - 3, deadline=clock.now + 2)
        )
        await clock.advance(2)

        with pytest.raises(TotalTimeoutError, match=r"after 5.0 s \(limit: timeout.total = 5.0\)"):
            await waiting
        assert connector.stats() == {}


async def test_long_connect_limit_ends_on_a_whole_second(
    key: ConnectionKey, clock: ManualClock
) -> None:
    """S-433."""
    clock.now = 1000.4
    dialer = MemoryDialer()
    dialer.hold()
    async with BaseConnector(dialer) as connector:
        waiting = asyncio.ensure_future(acquire(connector, key, ClientTimeout(connect=6)))
        await clock.advance(6)
        assert not waiting.done()

        await clock.advance(0.6)

        with pytest.raises(ConnectionTimeoutError):
            await waiting


async def test_pool_limit_is_told_apart(key: ConnectionKey, clock: ManualClock) -> None:
    """ClientTimeout.pool within connect."""
    async with BaseConnector(MemoryDialer(), limit=1) as connector:
        await acquire(connector, key)
        waiting = asyncio.ensure_future(
            acquire(connector, key, ClientTimeout(connect=10, pool=2.0))
        )

        await clock.advance(2.0)

        with pytest.raises(ConnectionTimeoutError) as caught:
            await waiting
        assert caught.value.phase == "pool"


async def test_timeout_of_the_dialer_passes(key: ConnectionKey) -> None:
    """Only limits of this call are worded here."""
    dialer = MemoryDialer()
    dialer.refuse(TimeoutError("the dialer's own"))
    async with BaseConnector(dialer) as connector:
        with pytest.raises(TimeoutError, match="the dialer's own"):
            await acquire(connector, key, ClientTimeout(connect=10))


async def test_cancellation_is_no_timeout(key: ConnectionKey, clock: ManualClock) -> None:
    """S-428, S-562: also in the turn the time is up."""
    dialer = MemoryDialer()
    dialer.hold()
    async with BaseConnector(dialer) as connector:
        waiting = asyncio.ensure_future(acquire(connector, key, ClientTimeout(connect=3)))
        await clock.turn()
        clock.now += 3
        waiting.cancel()

        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert connector.stats() == {}


# --- closing -----------------------------------------------------------------------------------


async def test_closing_ends_everything(key: ConnectionKey) -> None:
    """S-173 to S-175, S-542: idle, busy, queued, connecting."""
    dialer = MemoryDialer()
    connector = BaseConnector(dialer, limit=3)
    dialer.script(OK)
    await fetch(connector, key)
    busy = Exchange("GET", GET, asyncio.get_running_loop().create_future())
    held = await acquire(connector, key)
    held.start(busy)
    idle = await acquire(connector, key._replace(port=81))
    dialer.hold()
    connecting = asyncio.ensure_future(acquire(connector, key._replace(port=82)))
    await asyncio.sleep(0)
    queued = asyncio.ensure_future(acquire(connector, key._replace(port=83)))
    await asyncio.sleep(0)

    await connector.close()
    await connector.close()

    assert dialer.is_closed
    assert all(transport.is_lost for transport in dialer.transports)
    assert not idle.can_take()
    for task in (busy.waiter, connecting, queued):
        with pytest.raises(ClientConnectionError) as caught:
            await task
        assert not isinstance(caught.value, ServerDisconnectedError)
    assert connector.stats() == {}
    with pytest.raises(ClientConnectionError, match="connector is closed"):
        await acquire(connector, key)


async def test_closing_ends_lookups() -> None:
    """S-143."""
    resolver = FakeResolver({"a.test": ["127.0.0.1"]})
    resolver.hold()
    connector = TCPConnector(resolver=resolver)
    waiting = asyncio.ensure_future(acquire(connector, ConnectionKey("a.test", 80, False)))
    for _ in range(3):
        await asyncio.sleep(0)

    await connector.close()

    with pytest.raises(ClientConnectionError):
        await waiting


@pytest.mark.parametrize("is_debugged", [True, False])
def test_forgotten_connector_warns_and_closes(is_debugged: bool, key: ConnectionKey) -> None:
    """S-177, S-011: by warning and by the loop's exception handler."""
    contexts: list[dict[str, Any]] = []

    async def main() -> MemoryDialer:
        loop = asyncio.get_running_loop()
        loop.set_debug(is_debugged)
        loop.set_exception_handler(lambda _, context: contexts.append(context))
        dialer = MemoryDialer()
        connectors = [BaseConnector(dialer)]
        dialer.script(OK)
        await fetch(connectors[0], key)
        loop.set_debug(False)
        with pytest.warns(ResourceWarning, match="Unclosed connector <BaseConnector"):
            connectors.clear()
        await asyncio.sleep(0)
        return dialer

    dialer = asyncio.run(main())

    assert dialer.transport.is_aborted
    [context] = contexts
    assert context["message"] == "Unclosed connector"
    assert context["connections"] == [repr(key)]
    assert ("source_traceback" in context) is is_debugged
    contexts.clear()
    gc.collect()


async def test_forgotten_connector_without_connections_is_fine() -> None:
    """S-177."""
    connector = BaseConnector(MemoryDialer())
    assert connector.stats() == {}
    del connector
    gc.collect()


# --- on real sockets ---------------------------------------------------------------------------


@pytest.mark.network
async def test_requests_over_tcp(serve: Serve) -> None:
    """Two requests, one connection, and all of it traced."""
    port = await serve()
    observer = RecordingObserver()
    async with TCPConnector(resolver=FakeResolver({"host.test": ["127.0.0.1"]})) as connector:
        key = ConnectionKey("host.test", port, False)
        now = asyncio.get_running_loop().time()
        connection = await connector.acquire(key, NO_LIMIT, started=now, observer=observer)
        exchange = Exchange("GET", GET, asyncio.get_running_loop().create_future())
        connection.start(exchange)
        await exchange.waiter
        assert exchange.body == b"hello"
        assert await fetch(connector, key) == b"hello"

        assert connector.stats()[key].created == 1
    assert observer.events == [
        "connection_create_start",
        "dns_cache_miss host.test",
        "dns_resolve_start host.test",
        "dns_resolve_end host.test",
        "connection_create_end",
    ]


@pytest.mark.network
async def test_requests_over_tls(
    serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-156, SEC-32: the looser setting of one request is no other's; closing leaves no socket."""
    port = await serve(ssl=server_context)
    key = ConnectionKey("host.test", port, True)
    resolver = FakeResolver({"host.test": ["127.0.0.1"]})
    connector = TCPConnector(resolver=resolver, limit=1)

    assert await fetch(connector, key._replace(ssl=client_context)) == b"hello"
    assert await fetch(connector, key._replace(ssl=client_context)) == b"hello"
    assert await fetch(connector, key._replace(ssl=False)) == b"hello"
    with pytest.raises(ClientConnectorCertificateError):
        await fetch(connector, key)
    connection = await acquire(connector, key._replace(ssl=False))
    assert isinstance(connection, Http11Connection)
    await connector.close()

    assert connection.transport is None


@pytest.mark.network
@pytest.mark.parametrize("is_tls", [False, True])
async def test_long_body_until_close(
    serve: Serve, server_context: ssl.SSLContext, *, is_tls: bool
) -> None:
    """S-061: through real buffers, with back-pressure, to an orderly end."""
    content = bytes(range(256)) * 8000

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + content)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    port = await serve(send, ssl=server_context if is_tls else None)
    async with TCPConnector(ssl=False) as connector:
        exchange = Exchange("GET", GET, asyncio.get_running_loop().create_future())
        connection = await acquire(connector, ConnectionKey("127.0.0.1", port, is_tls))
        connection.start(exchange)
        await exchange.waiter
        body = exchange.body_source()
        received = b""
        while not (body.is_complete and not body.size):
            await body.wait()
            received += body.take()

        assert received == content
        assert connector.stats() == {}


@pytest.mark.network
@pytest.mark.parametrize("is_tls", [False, True])
async def test_long_body_of_known_length(
    serve: Serve, server_context: ssl.SSLContext, *, is_tls: bool
) -> None:
    """Received into its own memory, and the connection lives on."""
    content = bytes(range(256)) * 8000

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content))
            writer.write(content)
            await writer.drain()
        await reader.read(1)

    port = await serve(send, ssl=server_context if is_tls else None)
    async with TCPConnector(ssl=False) as connector:
        key = ConnectionKey("127.0.0.1", port, is_tls)
        for _ in range(2):
            assert await fetch(connector, key) == content

        assert connector.stats()[key].created == 1


@pytest.mark.network
@pytest.mark.skipif(sys.platform == "win32", reason="there are no Unix sockets on Windows")
async def test_requests_over_a_unix_socket(
    tmp_path: Path, key: ConnectionKey, serve_unix: Callable[..., Awaitable[None]]
) -> None:
    """S-162."""
    path = str(tmp_path / "s")
    await serve_unix(path)
    async with UnixConnector(path) as connector:
        assert connector.path == path
        assert await fetch(connector, key) == b"hello"


@pytest.mark.network
@pytest.mark.skipif(sys.platform == "win32", reason="there are no Unix sockets on Windows")
async def test_who_listens_at_a_unix_socket_may_be_a_proxy(tmp_path: Path) -> None:
    """S-162, S-165: then it is asked for a tunnel; it is not taken for the target."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    path = str(tmp_path / "s")
    server = await asyncio.start_unix_server(refuse, path)
    key = ConnectionKey("h.test", 443, True, proxy=URL("http://p.test"))
    async with server, UnixConnector(path) as connector:
        with pytest.raises(ClientHttpProxyError):
            await connector.acquire(key, ClientTimeout(), started=0.0)
    assert asked[0].startswith(b"CONNECT h.test:443 HTTP/1.1\r\n")
