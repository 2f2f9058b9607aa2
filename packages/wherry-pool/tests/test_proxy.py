"""Connections by way of a proxy, on loopback."""

import asyncio
import errno
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
import trustme
from yarl import URL

from wherry_errors import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponseError,
    ConnectionTimeoutError,
    InvalidURL,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
)
from wherry_pool import (
    BaseConnector,
    ClientTimeout,
    ConnectionKey,
    Exchange,
    Fingerprint,
    SSLSetting,
    TcpDialer,
)
from wherry_pool._proxy import ProxyDialer
from wherry_pool._socks import SocksError
from wherry_pool._timings import DialTimings
from wherry_pool.protocols import Dialer
from wherry_pool.testing import (
    FakeProxy,
    FakeResolver,
    MemoryDialer,
    RecordingObserver,
    check_dialer,
    check_dialer_asks_policy,
)

pytestmark = pytest.mark.network

Serve = Callable[..., Awaitable[int]]

REQUEST = b"GET / HTTP/1.1\r\nHost: host.test\r\n\r\n"
SCHEMES = ["http", "socks4", "socks4a", "socks5", "socks5h"]
TUNNELS = [scheme for scheme in SCHEMES if scheme != "http"]


class Auth(NamedTuple):
    """Credentials for a proxy."""

    login: str
    password: str

    def encode(self) -> str:
        return f"Basic {self.login}+{self.password}"


class Reader(asyncio.BufferedProtocol):
    """Receives one response, as the real connection does: into a buffer."""

    def __init__(self) -> None:
        self.buffer = bytearray(65536)
        self.received = b""
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.received += self.buffer[:nbytes]
        if not self.answered.done():
            self.answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)


def new_dialer(
    *addresses: str, ssl: SSLSetting = True, resolver: FakeResolver | None = None
) -> ProxyDialer:
    resolver = resolver or FakeResolver(
        {"host.test": addresses or ["127.0.0.1"], "proxy.test": ["127.0.0.1"]}
    )
    inner = TcpDialer(resolver, ssl=ssl)
    return ProxyDialer(inner, ssl=ssl, resolve=inner.addresses)


async def talk(dialer: Dialer, key: ConnectionKey) -> tuple[bytes, bytes]:
    """Dial, ask for something and hang up: the response, and the certificate behind it."""
    transport = await dialer.dial(key, Reader)
    reader = transport.get_protocol()
    assert isinstance(reader, Reader)
    transport.write(REQUEST)
    await asyncio.wait_for(reader.answered, 10)
    tls = transport.get_extra_info("ssl_object")
    certificate = tls.getpeercert(binary_form=True) if tls is not None else b""
    transport.abort()
    await asyncio.wait_for(reader.lost, 10)
    return reader.received, certificate


async def all_closed(proxy: FakeProxy) -> None:
    """Return once the proxy has no connection left."""
    await asyncio.wait_for(proxy.wait_idle(), 10)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
async def proxy() -> AsyncIterator[FakeProxy]:
    """A proxy that is spoken to in the clear."""
    async with FakeProxy() as fake:
        yield fake
        await all_closed(fake)


@asynccontextmanager
async def answering(**answers: bytes) -> AsyncIterator[FakeProxy]:
    """A proxy that gives such answers to `connect`, `socks4` or `socks5`."""
    async with FakeProxy(answers=answers) as fake:
        yield fake
        await all_closed(fake)


def route(
    proxy: FakeProxy,
    port: int,
    scheme: str = "http",
    *,
    is_ssl: bool = True,
    ssl: SSLSetting = True,
    host: str = "host.test",
    userinfo: str = "",
) -> ConnectionKey:
    return ConnectionKey(host, port, is_ssl, ssl, URL(proxy.url(scheme, userinfo)))


# --- ways ---------------------------------------------------------------------------------------


async def test_route_without_proxy_goes_straight() -> None:
    """S-116: to the dialer within, with everything that was given."""
    inner = MemoryDialer()
    key = ConnectionKey("host.test", 443, True)

    await ProxyDialer(inner).dial(key, asyncio.Protocol)
    await ProxyDialer(inner).close()

    assert inner.routes == [key]
    assert inner.is_closed


async def test_plain_target_is_left_to_the_http_proxy() -> None:
    """S-164: the connection is to the proxy, and whoever asked writes for it."""
    inner = MemoryDialer()
    key = ConnectionKey("host.test", 80, False, False, URL("http://u:p@PROXY.test:3128"))

    transport = await ProxyDialer(inner).dial(key, asyncio.Protocol)

    assert inner.routes == [ConnectionKey("proxy.test", 3128, False, False)]
    assert inner.transport is transport
    assert inner.transport.writes == []


@pytest.mark.parametrize("is_ssl", [True, False])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_dialer_keeps_its_promises(
    proxy: FakeProxy,
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    scheme: str,
    is_ssl: bool,
) -> None:
    """The conformance check of `Dialer`, through every kind of proxy."""
    port = await serve(ssl=server_context if is_ssl else None)
    key = route(proxy, port, scheme, is_ssl=is_ssl)
    refused = key._replace(proxy=URL(f"{scheme}://127.0.0.1:{unused_port()}"))

    await check_dialer(new_dialer(ssl=client_context), key, refused=refused)


@pytest.mark.parametrize("is_ssl", [True, False])
@pytest.mark.parametrize("scheme", TUNNELS)
async def test_target_is_reached_through_socks(
    proxy: FakeProxy,
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    scheme: str,
    is_ssl: bool,
) -> None:
    """RFC 1928; SEC-58: 4a and 5h send the name, 4 and 5 an address."""
    port = await serve(ssl=server_context if is_ssl else None)

    response, _ = await talk(
        new_dialer(ssl=client_context), route(proxy, port, scheme, is_ssl=is_ssl)
    )

    assert response.endswith(b"hello")
    (asked,) = proxy.requests
    assert asked.protocol == scheme[:6]
    assert (asked.host, asked.port) == (
        "host.test" if scheme in ("socks4a", "socks5h") else "127.0.0.1",
        port,
    )


@pytest.mark.parametrize("scheme", ["http", "socks4a", "socks5h"])
async def test_name_is_never_looked_up_here(
    proxy: FakeProxy,
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    scheme: str,
) -> None:
    """SEC-58: only the proxy's own name is, and that is observed (S-348, DECISIONS C-23)."""
    port = await serve(ssl=server_context)
    resolver, observer = FakeResolver({"proxy.test": ["127.0.0.1"]}), RecordingObserver()
    url = URL(proxy.url(scheme, host="proxy.test"))

    transport = await new_dialer(resolver=resolver, ssl=client_context).dial(
        ConnectionKey("host.test", port, True, proxy=url), Reader, observer=observer
    )
    transport.abort()

    assert [host for host, _, _ in resolver.asked] == ["proxy.test"]
    assert observer.events == [
        "dns_resolve_start proxy.test",
        "dns_resolve_end proxy.test",
        "tls_handshake_start host.test",
        "tls_handshake_end host.test",
    ]


async def test_tunnel_is_asked_for_with_connect(
    proxy: FakeProxy, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-165: with the fields for the proxy; the real request has none of them."""
    port = await serve(ssl=server_context)
    key = route(proxy, port)._replace(proxy_headers=(("X-P", "1"),), proxy_auth=Auth("u", "p"))

    response, certificate = await talk(new_dialer(ssl=client_context), key)

    assert response.endswith(b"hello")
    assert certificate
    (asked,) = proxy.requests
    assert asked.protocol == "connect"
    assert asked.head is not None
    assert asked.head.target == f"host.test:{port}"
    assert list(asked.head.headers.items()) == [
        ("Host", f"host.test:{port}"),
        ("X-P", "1"),
        ("Proxy-Authorization", "Basic u+p"),
    ]


async def test_credentials_of_the_proxy_url_are_used(
    proxy: FakeProxy, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-462: decoded; those given beside the URL win."""
    port = await serve(ssl=server_context)
    key = route(proxy, port, userinfo="us%40r:p%C3%A9")

    await talk(new_dialer(ssl=client_context), key)
    await talk(new_dialer(ssl=client_context), key._replace(proxy_auth=Auth("u", "p")))

    values = [asked.head.headers["Proxy-Authorization"] for asked in proxy.requests if asked.head]
    assert values == ["Basic dXNAcjpww6k=", "Basic u+p"]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_socks5_credentials_are_sent(serve: Serve, scheme: str) -> None:
    """RFC 1929: from the URL or beside it."""
    port = await serve()
    async with FakeProxy(login=("us@r", "pé")) as proxy:
        key = route(proxy, port, scheme, is_ssl=False)

        await talk(new_dialer(), key._replace(proxy_auth=Auth("us@r", "pé")))
        await talk(new_dialer(), route(proxy, port, scheme, is_ssl=False, userinfo="us%40r:pé"))
        with pytest.raises(ClientProxyConnectionError, match="give it a user name and password"):
            await talk(new_dialer(), key)
        with pytest.raises(ClientProxyConnectionError, match="refused the user name") as got:
            await talk(new_dialer(), key._replace(proxy_auth=Auth("us@r", "wrong-secret")))

    assert "wrong-secret" not in f"{got.value} {got.value!r} {got.value.__cause__!r}"
    assert [asked.login for asked in proxy.requests] == ["us@r", "us@r"]


async def test_socks4_sends_the_user_name_and_takes_no_password(
    proxy: FakeProxy, serve: Serve
) -> None:
    """SOCKS4 has no place for one; it is not dropped in silence."""
    port = await serve()
    key = route(proxy, port, "socks4", is_ssl=False)

    await talk(new_dialer(), key._replace(proxy_auth=Auth("me", "")))
    with pytest.raises(ValueError, match="no password; use socks5"):
        await talk(new_dialer(), key._replace(proxy_auth=Auth("me", "secret")))

    assert [asked.login for asked in proxy.requests] == ["me"]


async def test_http_user_name_has_no_colon(proxy: FakeProxy) -> None:
    """RFC 7617 §2: nobody could tell where it ends."""
    with pytest.raises(ValueError, match="':'") as got:
        await new_dialer().dial(route(proxy, 443, userinfo="a%3Ab:secret"), Reader)

    assert "secret" not in str(got.value)
    assert proxy.connections == 0


async def fetch(connector: BaseConnector, key: ConnectionKey) -> None:
    """One request and its response over whichever connection the pool has for `key`."""
    loop = asyncio.get_running_loop()
    exchange = Exchange("GET", REQUEST, loop.create_future())
    connection = await connector.acquire(key, ClientTimeout(), started=loop.time())
    connection.start(exchange)
    await exchange.waiter


async def test_connections_are_shared_only_for_one_target_and_one_login() -> None:
    """S-116, S-117, S-171, SEC-26, SEC-31: also not between two plain targets behind one proxy."""
    inner = MemoryDialer()
    key = ConnectionKey("a.test", 80, False, proxy=URL("http://proxy.test:3128"))
    others = [
        key._replace(host="b.test"),
        key._replace(proxy_auth=Auth("u", "p")),
        key._replace(proxy_auth=Auth("u", "q")),
        key._replace(proxy_headers=(("X", "1"),)),
        key._replace(proxy=URL("http://other.test:3128")),
        key._replace(proxy=None),
    ]
    async with BaseConnector(ProxyDialer(inner)) as connector:
        for other in [key, *others]:
            for _ in range(2):
                inner.script(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await fetch(connector, other)

    assert len(inner.transports) == 1 + len(others)
    assert all(len(transport.writes) == 2 for transport in inner.transports)


# --- TLS ----------------------------------------------------------------------------------------


@asynccontextmanager
async def tls_proxy(context: ssl.SSLContext) -> AsyncIterator[FakeProxy]:
    async with FakeProxy(ssl=context) as fake:
        yield fake
        await all_closed(fake)


@pytest.mark.filterwarnings("error")
async def test_tls_within_tls(
    serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-169: the certificate is the target's; no warning."""
    port = await serve(ssl=server_context)
    async with tls_proxy(server_context) as proxy:
        key = route(proxy, port, "https")

        await check_dialer(new_dialer(ssl=client_context), key)
        response, _ = await talk(new_dialer(ssl=client_context), key)
        transport = await new_dialer(ssl=client_context).dial(key, Reader)
        reader = transport.get_protocol()
        assert isinstance(reader, Reader)
        transport.close()
        await asyncio.wait_for(reader.lost, 10)

    assert response.endswith(b"hello")


async def test_fault_of_the_tls_within_tls_keeps_its_cause(
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """S-172: also where asyncio itself loses it, and nothing is logged as fatal."""
    port = await serve(ssl=server_context)
    async with tls_proxy(server_context) as proxy:
        with pytest.raises(ClientConnectorCertificateError, match=r"other\.test") as got:
            await talk(
                new_dialer(ssl=client_context), route(proxy, port, "https", host="other.test")
            )

    assert isinstance(got.value.__cause__, ssl.SSLCertVerificationError)
    assert not caplog.records


async def test_server_hostname_is_for_the_target_only(
    serve: Serve, server_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    """S-467: the proxy is verified by its own name."""
    others = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(others)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    port = await serve(ssl=server_context)
    async with tls_proxy(others) as proxy:
        key = route(proxy, port, "https", host="other.test")

        await talk(new_dialer(ssl=trusting), key._replace(server_hostname="host.test"))
        with pytest.raises(ClientConnectorCertificateError, match=r"other.test") as got:
            await talk(new_dialer(ssl=trusting), key)

    assert got.value.host == "other.test"


async def test_plain_target_behind_an_https_proxy(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, serve: Serve
) -> None:
    """S-164, S-169: TLS with the proxy alone."""
    port = await serve()
    async with tls_proxy(server_context) as proxy:
        key = route(proxy, port, "https", is_ssl=False)
        transport = await new_dialer(ssl=client_context).dial(key, Reader)
        reader = transport.get_protocol()
        assert isinstance(reader, Reader)
        transport.write(f"GET http://host.test:{port}/x HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        await reader.answered
        transport.abort()

    assert reader.received.endswith(b"hello")
    assert proxy.requests[0].protocol == "http"


async def test_trailing_dot_is_no_part_of_the_server_name(
    proxy: FakeProxy, serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-141, S-158: the proxy gets the name with it."""
    port = await serve(ssl=server_context)

    await talk(new_dialer(ssl=client_context), route(proxy, port, host="host.test."))

    assert [asked.host for asked in proxy.requests] == ["host.test."]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_certificate_faults_are_those_of_a_direct_connection(
    proxy: FakeProxy, serve: Serve, server_context: ssl.SSLContext, scheme: str
) -> None:
    """S-172, S-527: with the target's name; and no connection is left."""
    port = await serve(ssl=server_context)

    with pytest.raises(ClientConnectorCertificateError, match=r"host.test") as got:
        await talk(new_dialer(), route(proxy, port, scheme))
    await talk(new_dialer(), route(proxy, port, scheme, ssl=False))

    assert (got.value.host, got.value.port) == ("host.test", port)
    assert isinstance(got.value.certificate_error, ssl.SSLCertVerificationError)


async def test_other_tls_faults_are_those_of_a_direct_connection(
    proxy: FakeProxy, serve: Serve
) -> None:
    """S-172, S-528: the target does not speak TLS."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    port = await serve(refuse)

    with pytest.raises(ClientConnectorSSLError) as got:
        await talk(new_dialer(), route(proxy, port))

    assert got.value.host == "host.test"


async def test_target_that_hangs_up_during_tls(proxy: FakeProxy, serve: Serve) -> None:
    """S-155, S-172."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    port = await serve(hang_up)

    with pytest.raises((ClientConnectorError, ServerDisconnectedError)):
        await talk(new_dialer(), route(proxy, port))


async def test_server_name_that_is_none_leaves_nothing_open(
    proxy: FakeProxy, serve: Serve, server_context: ssl.SSLContext
) -> None:
    """SEC-58: `start_tls` fails before its first await."""
    port = await serve(ssl=server_context)
    key = route(proxy, port)._replace(server_hostname=".leading.dot")

    with pytest.raises(ValueError, match=r"server_hostname|label empty"):
        await talk(new_dialer(), key)


async def test_fingerprint_is_the_targets(
    serve: Serve, server_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    """S-160, S-529: checked before a byte of the request leaves, and never against the proxy."""
    requests: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if data := await reader.read(100):
            requests.append(data)
            writer.write(b"hello")
            await reader.read()

    others = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("host.test").configure_cert(others)
    port = await serve(note, ssl=others)
    pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    requests.clear()
    async with FakeProxy() as proxy:
        await talk(new_dialer(), route(proxy, port, ssl=Fingerprint(digest)))
        with pytest.raises(ServerFingerprintMismatch) as got:
            await talk(new_dialer(), route(proxy, port, ssl=Fingerprint(bytes(32))))
        await all_closed(proxy)

    assert (got.value.got, got.value.host, got.value.port) == (digest, "host.test", port)
    assert requests == [REQUEST]

    async with tls_proxy(server_context) as secured:
        # Nobody trusts this proxy, and a pin of the target's says nothing about it.
        with pytest.raises(ClientConnectorCertificateError) as untrusted:
            await talk(new_dialer(), route(secured, port, "https", ssl=Fingerprint(digest)))
    assert untrusted.value.host == "127.0.0.1"


@pytest.mark.parametrize(("scheme", "warns"), [("http", False), ("https", True)])
async def test_loop_that_cannot_do_tls_there(scheme: str, warns: bool) -> None:
    """S-169, S-569: a warning only when the proxy itself is https."""
    inner = MemoryDialer()
    inner.script(b"HTTP/1.1 200 OK\r\n\r\n")
    key = ConnectionKey("host.test", 443, True, proxy=URL(f"{scheme}://proxy.test"))
    dialing = asyncio.ensure_future(ProxyDialer(inner).dial(key, Reader))

    if warns:
        with pytest.warns(RuntimeWarning, match="TLS inside TLS"):
            await asyncio.wait([dialing])
    else:
        await asyncio.wait([dialing])

    assert isinstance(dialing.exception(), ClientConnectionError)
    assert "start_tls" in str(dialing.exception())
    assert inner.transport.is_aborted


# --- the proxy says no --------------------------------------------------------------------------


async def test_refusal_is_an_error_with_all_the_proxy_said() -> None:
    """S-167, S-530: its body is not read, the connection closed."""
    answer = b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\n\r\n<p>"
    async with answering(connect=answer) as proxy:
        with pytest.raises(ClientHttpProxyError) as got:
            await talk(new_dialer(), route(proxy, 443)._replace(proxy_auth=Auth("u", "secret")))

    error = got.value
    assert (error.status, error.message) == (407, "Who are you")
    assert error.headers is not None
    assert error.headers["Proxy-Authenticate"] == "Basic"
    assert error.request_info.method == "CONNECT"
    assert error.request_info.headers["Host"] == "host.test"
    assert "secret" not in f"{error} {error!r} {error.request_info!r}"


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n\x16", b"HTTP/1.1 200\r\n" + b"a" * 9000],
)
async def test_broken_answer_is_a_response_error(answer: bytes) -> None:
    """S-167, SEC-59: no answer, too much of one, too long a one."""
    async with answering(connect=answer) as proxy:
        with pytest.raises(ClientResponseError) as got:
            await talk(new_dialer(), route(proxy, 443))

    assert type(got.value) is ClientResponseError
    assert got.value.status == 400
    assert type(got.value.__cause__).__module__.startswith("wherry_codec")


@pytest.mark.parametrize("scheme", ["http", "socks4a", "socks5h"])
@pytest.mark.parametrize("answer", [b"", b"\x05"])
async def test_proxy_that_hangs_up(scheme: str, answer: bytes) -> None:
    """S-167."""
    answer = answer.replace(b"\x05", b"\x00" if scheme == "socks4a" else b"\x05")
    async with answering(connect=answer, socks4=answer, socks5=answer) as proxy:
        with pytest.raises(ServerDisconnectedError, match=rf"the proxy 127.0.0.1:{proxy.port}"):
            await talk(new_dialer(), route(proxy, 443, scheme))


async def test_socks_refusal_names_target_and_reason() -> None:
    """S-524: the error is about the proxy, its cause says what the proxy said."""
    async with answering(socks5=b"\x05\x02\x00\x01" + bytes(6)) as proxy:
        with pytest.raises(ClientProxyConnectionError) as got:
            await talk(new_dialer(), route(proxy, 443, "socks5h"))

    error = got.value
    assert (error.host, error.port) == ("127.0.0.1", proxy.port)
    assert error.errno == errno.EACCES
    assert isinstance(error.os_error, SocksError)
    assert error.os_error.reply == 2
    assert "to host.test port 443: the proxy's rules do not allow it (reply 2)" in str(error)


@pytest.mark.parametrize(
    ("reply", "tried"), [(5, ["192.0.2.1", "2001:db8::1", "192.0.2.2"]), (2, ["192.0.2.1"])]
)
async def test_next_address_is_tried_where_it_may_help(reply: int, tried: list[str]) -> None:
    """S-150: if an address cannot be reached, not if the proxy does not want to."""
    async with answering(socks5=bytes([5, reply, 0, 1]) + bytes(6)) as proxy:
        with pytest.raises(ClientProxyConnectionError, match=f"reply {reply}"):
            await talk(
                new_dialer("192.0.2.1", "2001:db8::1", "192.0.2.2"), route(proxy, 443, "socks5")
            )

    assert [asked.host for asked in proxy.requests] == tried


async def test_socks4_leaves_ipv6_addresses_out() -> None:
    """It has no way to name them."""
    async with answering(socks4=b"\x00\x5b" + bytes(6)) as proxy:
        with pytest.raises(ClientProxyConnectionError, match="rejected"):
            await talk(new_dialer("2001:db8::1", "192.0.2.2"), route(proxy, 443, "socks4"))
        assert [asked.host for asked in proxy.requests] == ["192.0.2.2"]

        with pytest.raises(ClientConnectorError, match="no IPv4 address") as got:
            await talk(new_dialer("2001:db8::1"), route(proxy, 443, "socks4"))

    assert type(got.value) is ClientConnectorError


# --- the proxy is not there ----------------------------------------------------------------------


@pytest.mark.parametrize("is_ssl", [True, False])
@pytest.mark.parametrize("scheme", [*SCHEMES, "https"])
async def test_proxy_that_refuses_connections(scheme: str, is_ssl: bool) -> None:
    """S-155, S-524: host and port are the proxy's."""
    port = unused_port()
    key = ConnectionKey("host.test", 80, is_ssl, proxy=URL(f"{scheme}://u:secret@127.0.0.1:{port}"))
    if scheme.startswith("socks4"):
        key = key._replace(proxy_auth=Auth("u", ""))

    with pytest.raises(ClientProxyConnectionError) as got:
        await new_dialer().dial(key, Reader)

    assert (got.value.host, got.value.port) == ("127.0.0.1", port)
    assert got.value.errno == errno.ECONNREFUSED
    assert isinstance(got.value.os_error, OSError)
    assert "secret" not in f"{got.value} {got.value!r}"


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_proxy_without_address_is_a_dns_error(scheme: str) -> None:
    """S-142."""
    key = ConnectionKey("host.test", 443, True, proxy=URL(f"{scheme}://unknown.test"))

    with pytest.raises(ClientConnectorDNSError) as got:
        await new_dialer().dial(key, Reader)

    assert got.value.host == "unknown.test"


async def test_tls_faults_of_the_proxy_keep_their_class(server_context: ssl.SSLContext) -> None:
    """S-159: the name is the proxy's."""
    async with tls_proxy(server_context) as proxy:
        with pytest.raises(ClientConnectorCertificateError) as got:
            await talk(new_dialer(), route(proxy, 443, "https"))

    assert got.value.host == "127.0.0.1"


async def test_timeout_while_connecting_to_the_proxy_stays_one() -> None:
    """S-151, S-531."""
    inner = MemoryDialer()
    inner.refuse(ConnectionTimeoutError(phase="sock_connect", limit=1.0))
    key = ConnectionKey("host.test", 443, True, proxy=URL("http://proxy.test"))

    with pytest.raises(ConnectionTimeoutError):
        await ProxyDialer(inner).dial(key, Reader)


# --- what cannot be dialled -----------------------------------------------------------------------


async def test_unknown_scheme_is_refused() -> None:
    """S-170, S-520: the error does not show credentials."""
    key = ConnectionKey("host.test", 443, True, proxy=URL("ftp://u:secret@proxy.test"))

    with pytest.raises(ValueError, match=r"one of http, https, socks4, .* got 'ftp'") as got:
        await new_dialer().dial(key, Reader)

    assert "secret" not in str(got.value)


async def test_proxy_without_host_is_refused() -> None:
    """S-519."""
    key = ConnectionKey("host.test", 443, True, proxy=URL("http:///path"))

    with pytest.raises(InvalidURL, match="no host"):
        await new_dialer().dial(key, Reader)


@pytest.mark.parametrize(
    ("url", "port"),
    [("//proxy.test", 80), ("https://proxy.test", 443), ("socks5h://proxy.test", 1080)],
)
async def test_proxy_has_its_schemes_port(url: str, port: int) -> None:
    """S-170: no scheme means http."""
    inner = MemoryDialer()
    key = ConnectionKey("host.test", 80, False, proxy=URL(url))
    dialing = asyncio.ensure_future(ProxyDialer(inner).dial(key, Reader))
    await asyncio.sleep(0)
    dialing.cancel()
    await asyncio.wait([dialing])

    assert inner.routes[0].port == port


@pytest.mark.parametrize("scheme", ["http", "socks4a", "socks5h"])
async def test_host_that_must_not_be_sent_is_refused_before_connecting(
    proxy: FakeProxy, scheme: str
) -> None:
    """SEC-2, SEC-58."""
    for host in ("a\r\nb", "a b"):
        with pytest.raises(ValueError, match=r"host|target"):
            await new_dialer().dial(route(proxy, 443, scheme, host=host), Reader)
    if scheme != "http":
        with pytest.raises(ValueError, match="255 bytes"):
            await new_dialer().dial(route(proxy, 443, scheme, host="a" * 256), Reader)

    assert proxy.connections == 0


@pytest.mark.parametrize("scheme", ["socks4", "socks5"])
async def test_names_need_somebody_to_look_them_up(
    proxy: FakeProxy, serve: Serve, scheme: str
) -> None:
    """SEC-58: an address does not."""
    dialer = ProxyDialer(TcpDialer(FakeResolver()))
    port = await serve()

    await talk(dialer, route(proxy, port, scheme, is_ssl=False, host="127.0.0.1"))
    with pytest.raises(ValueError, match=f"use {scheme}[ha], which sends the name"):
        await talk(dialer, route(proxy, port, scheme, is_ssl=False))


async def test_dialer_within_has_to_attach_the_protocol(proxy: FakeProxy) -> None:
    """A dialer of a user's own that does not is told so."""

    class Careless(TcpDialer):
        async def dial(self, route, protocol_factory, **kwargs):  # type: ignore[no-untyped-def]
            return await super().dial(route, asyncio.Protocol, **kwargs)

    with pytest.raises(TypeError, match=r"Careless.dial\(\) must attach"):
        await ProxyDialer(Careless(FakeResolver())).dial(route(proxy, 443), Reader)


# --- address policy -------------------------------------------------------------------------------


class Policy(NamedTuple):
    """Allows what is in the list."""

    allowed: tuple[str, ...]

    def check(self, host: str, address: str, port: int, /) -> None:
        if address not in self.allowed:
            raise PermissionError(errno.EACCES, f"{address} is not allowed for {host}:{port}")


@pytest.mark.parametrize("scheme", ["socks4", "socks5"])
async def test_policy_sees_the_addresses_looked_up_here(
    proxy: FakeProxy, serve: Serve, scheme: str
) -> None:
    """SEC-49: those it refuses are never asked for; the proxy's own is not its business."""
    port = await serve()
    key = route(proxy, port, scheme, is_ssl=False)
    dialer = new_dialer("192.0.2.1", "127.0.0.2")

    await talk(dialer, key._replace(address_policy=Policy(("127.0.0.2",))))
    assert [asked.host for asked in proxy.requests] == ["127.0.0.2"]

    with pytest.raises(ClientConnectorError, match=r"127.0.0.2 is not allowed for host.test"):
        await talk(dialer, key._replace(address_policy=Policy(())))
    assert len(proxy.requests) == 1

    await check_dialer_asks_policy(new_dialer(), key)


@pytest.mark.parametrize("is_ssl", [True, False])
@pytest.mark.parametrize("scheme", ["http", "socks4a", "socks5h"])
async def test_policy_refuses_names_only_the_proxy_can_look_up(
    proxy: FakeProxy, serve: Serve, scheme: str, is_ssl: bool
) -> None:
    """SEC-49: an address in the URL can be judged; forms that resolvers read differently not."""
    port = await serve()
    policy = Policy(("127.0.0.1",))
    for host in ("host.test", "127.1"):
        key = route(proxy, port, scheme, is_ssl=is_ssl, host=host)
        with pytest.raises(ClientConnectorError, match="nobody here can check"):
            await talk(new_dialer(), key._replace(address_policy=policy))
    key = route(proxy, port, scheme, is_ssl=False, host="127.0.0.1")
    with pytest.raises(ClientConnectorError, match="not allowed"):
        await talk(new_dialer(), key._replace(address_policy=Policy(())))
    assert proxy.connections == 0

    transport = await new_dialer().dial(key._replace(address_policy=policy), Reader)
    assert transport.get_extra_info("peername")[1] == proxy.port
    transport.abort()


# --- cancellation, time ---------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", [*SCHEMES, "https"])
async def test_cancelling_anywhere_leaves_nothing_open(
    serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext, scheme: str
) -> None:
    """S-168: the caller bounds the whole by cancelling, at whatever await."""
    port = await serve(ssl=server_context)
    context = server_context if scheme == "https" else None
    dialer = new_dialer(ssl=client_context)
    async with FakeProxy(ssl=context) as proxy:
        stages: Sequence[int] = range(200)
        for turns in stages:
            dialing = asyncio.ensure_future(dialer.dial(route(proxy, port, scheme), Reader))
            for _ in range(turns):
                await asyncio.sleep(0)
            was_done = dialing.done()
            dialing.cancel()
            await asyncio.wait([dialing])
            if not dialing.cancelled():
                dialing.result().abort()
            # Turns for the loop to close the socket, and for the proxy to accept and notice.
            for _ in range(5):
                await asyncio.sleep(0)
            await all_closed(proxy)
            if was_done:
                break

        assert was_done, f"not connected after {len(stages)} turns"


async def test_timings_have_every_part(
    serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """DECISIONS, beyond aiohttp: the tunnel counts as connecting, its TLS as TLS."""
    port = await serve(ssl=server_context)
    async with tls_proxy(server_context) as proxy:
        through, direct = DialTimings(), DialTimings()
        dialer = new_dialer(ssl=client_context)
        key = route(proxy, port, "https")

        (await dialer.dial(key, Reader, timings=through)).abort()
        (await dialer.dial(key._replace(proxy=None), Reader, timings=direct)).abort()
        await asyncio.sleep(0)

    assert through.connect > 0
    assert through.tls > 0
    assert direct.tls > 0


# --- other loops ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", [*SCHEMES, "https"])
def test_everything_works_with_uvloop(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, scheme: str
) -> None:
    """S-169: TLS within TLS included."""
    uvloop = pytest.importorskip("uvloop", reason="needs uvloop: pip install uvloop")

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(100):
            writer.write(b"hello")
            await writer.drain()
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(respond, "127.0.0.1", 0, ssl=server_context)
        port = int(server.sockets[0].getsockname()[1])
        tls = server_context if scheme == "https" else None
        async with FakeProxy(ssl=tls) as proxy:
            key = route(proxy, port, scheme)
            await check_dialer(new_dialer(ssl=client_context), key)
            assert (await talk(new_dialer(ssl=client_context), key))[0] == b"hello"
            with pytest.raises(ClientConnectorCertificateError):
                await talk(new_dialer(), key)
            await all_closed(proxy)
        server.close()
        await server.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
