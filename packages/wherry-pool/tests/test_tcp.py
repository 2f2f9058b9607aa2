"""Connections over TCP, on loopback."""

import asyncio
import errno
import hashlib
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable

import pytest
import trustme

from wherry_errors import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ConnectionTimeoutError,
    ServerFingerprintMismatch,
)
from wherry_pool import (
    AddrInfoType,
    CachingResolver,
    ConnectionKey,
    DialTimings,
    Fingerprint,
    ResolveResult,
    SSLSetting,
    TcpDialer,
    address_family,
)
from wherry_pool.testing import (
    FakeAddressPolicy,
    FakeResolver,
    ManualClock,
    RecordingObserver,
    check_dialer,
    check_dialer_asks_policy,
)

pytestmark = pytest.mark.network

more_loopback = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 on its loopback"
)

Serve = Callable[..., Awaitable[int]]


def new_dialer(*addresses: str, ssl: SSLSetting = True) -> TcpDialer:
    return TcpDialer(FakeResolver({"host.test": addresses or ["127.0.0.1"]}), ssl=ssl)


def route(port: int, *, is_ssl: bool = False, ssl: SSLSetting = True) -> ConnectionKey:
    return ConnectionKey("host.test", port, is_ssl, ssl)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def peer_of(
    dialer: TcpDialer, key: ConnectionKey, attempt_timeout: float | None = None
) -> str:
    """Dial, hang up, and tell which address it was."""
    transport = await dialer.dial(key, asyncio.Protocol, attempt_timeout=attempt_timeout)
    address = str(transport.get_extra_info("peername")[0])
    transport.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return address


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing."""
    while await reader.read(65536):
        pass


# --- addresses ---------------------------------------------------------------------------------


async def test_dialer_keeps_its_promises(serve: Serve) -> None:
    """The conformance check of `Dialer`."""
    await check_dialer(new_dialer(), route(await serve()), refused=route(unused_port()))


async def test_tls_dialer_keeps_its_promises(
    serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """The same with TLS, also when it is cancelled during the handshake."""
    key = route(await serve(ssl=server_context), is_ssl=True)

    await check_dialer(new_dialer(ssl=client_context), key)


@pytest.mark.parametrize("raising", [None, "tls_handshake_start", "tls_handshake_end"])
async def test_tls_handshake_is_observed(
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    raising: str | None,
) -> None:
    """S-332: and an observer that raises leaves no connection behind."""
    failure = ValueError("observer")
    observer = RecordingObserver({} if raising is None else {raising: failure})
    key = route(await serve(ssl=server_context), is_ssl=True)
    dialing = new_dialer(ssl=client_context).dial(key, asyncio.Protocol, observer=observer)

    if raising is None:
        (await dialing).abort()
    else:
        with pytest.raises(ValueError, match="observer"):
            await dialing

    told = [event for event in observer.events if event.startswith("tls")]
    expected = [f"tls_handshake_start {key.host}", f"tls_handshake_end {key.host}"]
    assert told == expected[: 1 if raising == "tls_handshake_start" else 2]


async def test_address_is_not_looked_up(serve: Serve) -> None:
    """S-135."""
    port = await serve()
    resolver = FakeResolver()

    await peer_of(TcpDialer(resolver), ConnectionKey("127.0.0.1", port, False))

    assert resolver.asked == []


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("127.0.0.1", socket.AF_INET),
        ("::1", socket.AF_INET6),
        ("fe80::1%eth0", socket.AF_INET6),
        ("host.test", None),
        ("127.1", None),
        ("2130706433", None),
        ("0x7f.1", None),
        ("017700000001", None),
        ("127.0.0.1.", None),
    ],
)
def test_only_canonical_addresses_are_addresses(host: str, family: int | None) -> None:
    """S-135, SEC-48."""
    assert address_family(host) == family


async def test_trailing_dots_become_one() -> None:
    """S-141: one alone stays, it means something to resolvers."""
    resolver = FakeResolver()
    for host in ("host.test.", "host.test..."):
        with pytest.raises(ClientConnectorDNSError):
            await TcpDialer(resolver).dial(ConnectionKey(host, 80, False), asyncio.Protocol)

    assert [host for host, _, _ in resolver.asked] == ["host.test.", "host.test."]


async def test_unknown_host_is_a_dns_error() -> None:
    """S-142, S-522: with the resolver's error, host and port."""
    with pytest.raises(ClientConnectorDNSError, match=r"unknown.test:80.*not known") as caught:
        await new_dialer().dial(ConnectionKey("unknown.test", 80, False), asyncio.Protocol)

    assert isinstance(caught.value.os_error, socket.gaierror)
    assert isinstance(caught.value.__cause__, socket.gaierror)


async def test_zone_without_interface_is_a_dns_error() -> None:
    """S-522: an address that cannot be made sense of here."""
    with pytest.raises(ClientConnectorDNSError):
        await new_dialer().dial(ConnectionKey("fe80::1%nowhere0", 80, False), asyncio.Protocol)


async def test_no_address_of_the_family_is_a_connector_error() -> None:
    """S-148, S-152, B-16: the resolver may not care for the family."""

    class Careless(FakeResolver):
        async def resolve(self, host, port=0, family=socket.AF_INET):  # type: ignore[no-untyped-def]
            return await super().resolve(host, port, socket.AF_UNSPEC)

    dialer = TcpDialer(Careless({"host.test": ["127.0.0.1"]}), family=socket.AF_INET6)

    with pytest.raises(ClientConnectorError, match="no address of the wanted family") as caught:
        await dialer.dial(route(80), asyncio.Protocol)

    assert type(caught.value) is ClientConnectorError


async def test_refused_connection_has_its_number() -> None:
    """S-155, S-523."""
    with pytest.raises(ClientConnectorError) as caught:
        await new_dialer().dial(route(unused_port()), asyncio.Protocol)

    assert caught.value.errno == errno.ECONNREFUSED
    assert caught.value.host == "host.test"


@pytest.mark.parametrize("delay", [None, 0.25])
async def test_next_address_is_tried_when_one_refuses(serve: Serve, delay: float | None) -> None:
    """S-149: one after the other, or racing."""
    port = await serve()
    resolver = FakeResolver({"host.test": ["127.0.0.2", "127.0.0.1"]})

    dialer = TcpDialer(resolver, happy_eyeballs_delay=delay)

    assert await peer_of(dialer, route(port)) == "127.0.0.1"


async def test_all_addresses_refusing_is_one_error() -> None:
    """S-523: the number survives if it is the same for all."""
    with pytest.raises(ClientConnectorError) as caught:
        await new_dialer("127.0.0.2", "127.0.0.1").dial(route(unused_port()), asyncio.Protocol)

    assert caught.value.errno == errno.ECONNREFUSED


@more_loopback
async def test_sockets_can_be_made_and_bound_by_the_caller(serve: Serve) -> None:
    """S-153."""
    port = await serve()
    made: list[AddrInfoType] = []

    def factory(info: AddrInfoType) -> socket.socket:
        made.append(info)
        return socket.socket(info[0], info[1], info[2])

    dialer = TcpDialer(
        FakeResolver({"host.test": ["127.0.0.1"]}),
        socket_factory=factory,
        local_addr=("127.0.0.3", 0),
    )
    transport = await dialer.dial(route(port), asyncio.Protocol)

    assert transport.get_extra_info("sockname")[0] == "127.0.0.3"
    assert made[0][4] == ("127.0.0.1", port)
    # S-154
    sock = transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    transport.abort()
    await asyncio.sleep(0)


async def test_local_address_has_to_be_one() -> None:
    """S-153."""
    dialer = TcpDialer(FakeResolver({"host.test": ["127.0.0.1"]}), local_addr=("here.test", 0))

    with pytest.raises(ValueError, match=r"must hold an IP address, got 'here.test'"):
        await dialer.dial(route(80), asyncio.Protocol)


async def test_observer_is_told_of_the_lookup(serve: Serve) -> None:
    """S-332 ff.: with and without a cache."""
    port = await serve()
    resolver = FakeResolver({"host.test": ["127.0.0.1"]})
    plain, first, second = (RecordingObserver() for _ in range(3))
    cached = TcpDialer(CachingResolver(resolver))
    for dialer, observer in (
        (TcpDialer(resolver), plain),
        (cached, first),
        (cached, second),
    ):
        transport = await dialer.dial(route(port), asyncio.Protocol, observer=observer)
        transport.abort()
        await asyncio.sleep(0)

    resolving = ["dns_resolve_start host.test", "dns_resolve_end host.test"]
    assert plain.events == resolving
    assert first.events == ["dns_cache_miss host.test", *resolving]
    assert second.events == ["dns_cache_hit host.test"]
    await cached.close()


async def test_addresses_are_for_other_dialers_too() -> None:
    """A dialer through a proxy that takes addresses; S-148, S-522."""
    resolver = FakeResolver({"host.test": ["127.0.0.1", "::1"]})
    dialer, timings = TcpDialer(resolver), DialTimings()

    found = await dialer.addresses(route(80), timings=timings)
    literal = await dialer.addresses(ConnectionKey("::1", 80, False))

    assert [info[4][:2] for info in found] == [("127.0.0.1", 80), ("::1", 80)]
    assert [info[4][:2] for info in literal] == [("::1", 80)]
    assert timings.dns > 0.0
    with pytest.raises(ClientConnectorDNSError):
        await dialer.addresses(ConnectionKey("unknown.test", 80, False))


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "::1", ""])
async def test_resolver_that_returns_names_is_not_followed(host: str) -> None:
    """S-136, SEC-48, SEC-49: the loop would look it up again while connecting, unseen."""

    class Indirect(FakeResolver):
        async def resolve(self, *_: object, **__: object) -> list[ResolveResult]:
            [result] = await super().resolve("host.test")
            return [{**result, "host": host}]

    dialer = TcpDialer(Indirect({"host.test": ["127.0.0.1"]}))

    with pytest.raises(ClientConnectorDNSError, match=r"resolver returned .*no such address"):
        await dialer.dial(route(80), asyncio.Protocol)


@pytest.mark.parametrize("is_ssl", [False, True])
async def test_times_are_taken(
    serve: Serve, server_context: ssl.SSLContext, *, is_ssl: bool
) -> None:
    """`ClientResponse.timings`: dns, connect, tls."""
    port = await serve(ssl=server_context if is_ssl else None)
    timings = DialTimings()

    transport = await new_dialer(ssl=False).dial(
        route(port, is_ssl=is_ssl), asyncio.Protocol, timings=timings
    )

    assert timings.dns > 0.0
    assert timings.connect > 0.0
    assert (timings.tls > 0.0) is is_ssl
    transport.abort()
    for _ in range(3):
        await asyncio.sleep(0)


# --- address policies --------------------------------------------------------------------------


async def test_dialer_asks_the_policy(serve: Serve) -> None:
    """SEC-49: the conformance check, for a name and for an address."""
    port = await serve()

    await check_dialer_asks_policy(new_dialer(), route(port))
    await check_dialer_asks_policy(new_dialer(), ConnectionKey("127.0.0.1", port, False))


async def test_refused_address_is_never_tried(serve: Serve) -> None:
    """SEC-49: every candidate of Happy Eyeballs is asked for; what is refused gets no socket."""
    port = await serve()
    made: list[AddrInfoType] = []

    def factory(info: AddrInfoType) -> socket.socket:
        made.append(info)
        return socket.socket(info[0], info[1], info[2])

    policy = FakeAddressPolicy(["127.0.0.2", "::1"])
    dialer = TcpDialer(
        FakeResolver({"host.test": ["127.0.0.2", "::1", "127.0.0.1"]}), socket_factory=factory
    )

    assert await peer_of(dialer, route(port)._replace(address_policy=policy)) == "127.0.0.1"

    assert policy.asked == [
        ("host.test", address, port) for address in ("127.0.0.2", "::1", "127.0.0.1")
    ]
    assert [info[4][0] for info in made] == ["127.0.0.1"]


@pytest.mark.parametrize("error", [PermissionError(13, "not there"), TimeoutError("slow policy")])
async def test_policy_that_refuses_all_is_a_connector_error(error: OSError) -> None:
    """SEC-49: with the policy's error, whatever kind of `OSError` it is."""

    class Strict:
        def check(self, host: str, address: str, port: int, /) -> None:
            raise error

    with pytest.raises(ClientConnectorError) as caught:
        await new_dialer().dial(route(80)._replace(address_policy=Strict()), asyncio.Protocol)

    assert caught.value.__cause__ is error


async def test_resolver_cannot_change_its_mind_after_the_check(serve: Serve) -> None:
    """SEC-49, rebinding: the address that was asked for is the one that is connected to."""
    port = await serve()
    answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]])

    class Rebinding(FakeResolver):
        async def resolve(self, host, port=0, family=socket.AF_INET):  # type: ignore[no-untyped-def]
            self.addresses["host.test"] = next(answers)
            return await super().resolve(host, port, family)

    policy = FakeAddressPolicy(["127.0.0.2"])
    resolver = Rebinding()
    dialer = TcpDialer(resolver)
    key = route(port)._replace(address_policy=policy)

    assert await peer_of(dialer, key) == "127.0.0.1"
    with pytest.raises(ClientConnectorError, match=r"127.0.0.2 is not allowed"):
        await dialer.dial(key, asyncio.Protocol)

    assert len(resolver.asked) == 2, "one lookup per connection, its answer both checked and used"


@more_loopback
async def test_policy_is_asked_again_in_each_round(
    serve: Serve, server_context: ssl.SSLContext
) -> None:
    """SEC-49, S-150: what it has come to refuse meanwhile is not fallen back to."""
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("host.test").configure_cert(stranger)
    port = await serve(host="127.0.0.2", ssl=stranger)
    await serve(port=port, ssl=server_context)

    class Changing(FakeAddressPolicy):
        def check(self, host: str, address: str, port: int, /) -> None:
            super().check(host, address, port)
            if len(self.asked) > 2:
                raise PermissionError(13, "no longer")

    policy = Changing()
    dialer = new_dialer("127.0.0.2", "127.0.0.1")

    with pytest.raises(ClientConnectorCertificateError):
        await dialer.dial(
            route(port, is_ssl=True)._replace(address_policy=policy), asyncio.Protocol
        )

    assert [address for _, address, _ in policy.asked] == ["127.0.0.2", "127.0.0.1", "127.0.0.1"]


# --- TLS ---------------------------------------------------------------------------------------


async def test_unknown_authority_is_a_certificate_error(
    serve: Serve, server_context: ssl.SSLContext
) -> None:
    """S-159, S-527: unless nobody asks, or the connector's settings are looser."""
    port = await serve(ssl=server_context)

    with pytest.raises(ClientConnectorCertificateError) as caught:
        await peer_of(new_dialer(), route(port, is_ssl=True))
    assert isinstance(caught.value.certificate_error, ssl.SSLCertVerificationError)

    await peer_of(new_dialer(), route(port, is_ssl=True, ssl=False))
    await peer_of(new_dialer(ssl=False), route(port, is_ssl=True))


async def test_wrong_name_is_a_certificate_error(
    serve: Serve, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-158: the name that counts is `server_hostname`, else the host without its dot."""
    port = await serve(ssl=server_context)
    resolver = FakeResolver(
        {name: ["127.0.0.1"] for name in ("host.test", "host.test.", "other.test")}
    )
    dialer = TcpDialer(resolver, ssl=client_context)

    await peer_of(dialer, ConnectionKey("host.test", port, True))
    await peer_of(dialer, ConnectionKey("host.test.", port, True))
    await peer_of(dialer, ConnectionKey("127.0.0.1", port, True))
    await peer_of(dialer, ConnectionKey("other.test", port, True, server_hostname="host.test"))
    for key in (
        ConnectionKey("other.test", port, True),
        ConnectionKey("host.test", port, True, server_hostname="other.test"),
    ):
        with pytest.raises(ClientConnectorCertificateError, match=r"other.test"):
            await peer_of(dialer, key)


async def test_custom_authority_replaces_the_system_store(
    serve: Serve, server_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    """SEC-35: a caller's context trusts whom it was told to, and nobody else; and is untouched."""
    port = await serve(ssl=server_context)
    only_ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(only_ours)
    only_theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trustme.CA().configure_trust(only_theirs)

    await peer_of(new_dialer(), route(port, is_ssl=True, ssl=only_ours))
    with pytest.raises(ClientConnectorCertificateError):
        await peer_of(new_dialer(), route(port, is_ssl=True, ssl=only_theirs))

    # S-157
    assert only_ours.cert_store_stats()["x509_ca"] == 1
    assert only_ours.keylog_filename is None


@pytest.mark.parametrize(
    ("host", "is_right"),
    [
        ("127.0.0.1", True),
        ("::1", False),
        ("bücher.test", True),
        ("xn--bcher-kva.test", True),
        ("a.wild.test", True),
        ("a.b.wild.test", False),
        ("wild.test", False),
        ("host.test.evil.test", False),
    ],
)
async def test_certificate_has_to_be_for_the_host(
    serve: Serve,
    authority: trustme.CA,
    client_context: ssl.SSLContext,
    host: str,
    *,
    is_right: bool,
) -> None:
    """SEC-35: by address, by internationalised name, by wildcard of one label."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = ("127.0.0.1", "xn--bcher-kva.test", "*.wild.test", "host.test")
    authority.issue_cert(*names).configure_cert(context)
    port = await serve(host="::1" if host == "::1" else "127.0.0.1", ssl=context)
    name = host.encode("idna").decode() if host.isalpha() or "ü" in host else host
    dialer = TcpDialer(FakeResolver({name: ["127.0.0.1"]}), ssl=client_context)
    key = ConnectionKey(name, port, True)

    if is_right:
        await peer_of(dialer, key)
    else:
        with pytest.raises(ClientConnectorCertificateError):
            await peer_of(dialer, key)


async def test_client_certificate_is_shown_to_who_asks(
    serve: Serve, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    """SEC-31, SEC-34: it is in the context, which is in the key; other contexts do not have it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.maximum_version = ssl.TLSVersion.TLSv1_2  # there it is part of the handshake
    authority.issue_cert("host.test").configure_cert(server)
    authority.configure_trust(server)
    server.verify_mode = ssl.CERT_REQUIRED
    port = await serve(ssl=server)
    with_certificate = ssl.create_default_context()
    authority.configure_trust(with_certificate)
    authority.issue_cert("client.test").configure_cert(with_certificate)

    await peer_of(new_dialer(), route(port, is_ssl=True, ssl=with_certificate))
    for setting in (client_context, False):
        with pytest.raises(ClientConnectorError):  # an alert, or a reset that overtakes it
            await peer_of(new_dialer(), route(port, is_ssl=True, ssl=setting))


async def test_only_http_1_1_is_offered(serve: Serve, authority: trustme.CA) -> None:
    """S-157: a server that would rather speak HTTP/2 hears nothing of it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("host.test").configure_cert(server)
    server.set_alpn_protocols(["h2", "http/1.1"])
    port = await serve(ssl=server)

    transport = await new_dialer().dial(route(port, is_ssl=True, ssl=False), asyncio.Protocol)

    assert transport.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
    transport.abort()
    for _ in range(3):
        await asyncio.sleep(0)


async def test_fingerprint_is_checked_before_a_byte_of_the_request(
    serve: Serve, server_context: ssl.SSLContext
) -> None:
    """SEC-33: on every new connection, resumed sessions included; nothing was written then."""
    received: list[bytes] = []
    ended = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            received.append(await reader.read(100))
        except OSError:
            received.append(b"")
        ended.set()

    class Eager(asyncio.Protocol):
        """Does what a connection does: it writes when it is handed out, not when it is made."""

    port = await serve(listen, ssl=server_context)
    dialer = new_dialer()
    for _ in range(2):
        ended.clear()
        with pytest.raises(ServerFingerprintMismatch):
            await dialer.dial(route(port, is_ssl=True, ssl=Fingerprint(b"\0" * 32)), Eager)
        await ended.wait()

    assert received == [b"", b""]


async def test_fingerprint_replaces_all_other_checks(
    serve: Serve, server_context: ssl.SSLContext
) -> None:
    """S-160, SEC-33: and has to match."""
    port = await serve(ssl=server_context)
    certificate = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest()
    wrong = Fingerprint(b"\0" * 32)

    await peer_of(new_dialer(), route(port, is_ssl=True, ssl=Fingerprint(digest)))
    with pytest.raises(ServerFingerprintMismatch) as caught:
        await peer_of(new_dialer(), route(port, is_ssl=True, ssl=wrong))

    assert (caught.value.expected, caught.value.got) == (b"\0" * 32, digest)
    assert (caught.value.host, caught.value.port) == ("host.test", port)


async def test_server_without_tls_is_a_tls_error(serve: Serve) -> None:
    """S-159, S-528."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read(1)

    port = await serve(greet)

    with pytest.raises(ClientConnectorSSLError) as caught:
        await peer_of(new_dialer(), route(port, is_ssl=True))

    assert isinstance(caught.value, ssl.SSLError)


@more_loopback
async def test_next_address_is_tried_when_tls_fails(
    serve: Serve,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> None:
    """S-150: a wrong certificate at one address; the last error if all fail."""
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("host.test").configure_cert(stranger)
    port = await serve(ssl=server_context)
    await serve(host="127.0.0.2", port=port, ssl=stranger)

    dialer = new_dialer("127.0.0.2", "127.0.0.1", ssl=client_context)
    assert await peer_of(dialer, route(port, is_ssl=True)) == "127.0.0.1"

    dialer = new_dialer("127.0.0.2", "127.0.0.1", ssl=True)
    with pytest.raises(ClientConnectorCertificateError):
        await peer_of(dialer, route(port, is_ssl=True))


@more_loopback
async def test_address_nobody_serves_does_not_hide_what_was_wrong_with_tls(
    serve: Serve, server_context: ssl.SSLContext
) -> None:
    """S-159 before S-150: `localhost` is often two addresses, of which one is served."""
    port = await serve(ssl=server_context)
    dialer = new_dialer("127.0.0.1", "127.0.0.2")

    with pytest.raises(ClientConnectorCertificateError):
        await dialer.dial(route(port, is_ssl=True), asyncio.Protocol)


@more_loopback
async def test_next_address_is_tried_when_the_fingerprint_differs(
    serve: Serve, server_context: ssl.SSLContext
) -> None:
    """S-150."""
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("host.test").configure_cert(stranger)
    port = await serve(ssl=server_context)
    await serve(host="127.0.0.2", port=port, ssl=stranger)
    certificate = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
    pin = Fingerprint(hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest())

    dialer = new_dialer("127.0.0.2", "127.0.0.1")

    assert await peer_of(dialer, route(port, is_ssl=True, ssl=pin)) == "127.0.0.1"


async def test_bad_setting_in_the_route_is_refused_before_connecting() -> None:
    """S-512."""
    with pytest.raises(TypeError, match="ssl must be"):
        await new_dialer().dial(ConnectionKey("127.0.0.1", 1, True, ssl="yes"), asyncio.Protocol)


# --- time --------------------------------------------------------------------------------------


async def test_sock_connect_bounds_a_round(serve: Serve, clock: ManualClock) -> None:
    """S-151, S-531: TLS included, and named in the message."""
    accepted = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await mute(reader, writer)

    port = await serve(accept)
    dialing = asyncio.ensure_future(peer_of(new_dialer(), route(port, is_ssl=True), 3.0))
    await accepted.wait()

    await clock.advance(3.0)

    with pytest.raises(ConnectionTimeoutError, match=r"timeout.sock_connect = 3.0") as caught:
        await dialing
    assert caught.value.host == f"host.test:{port}"
    assert isinstance(caught.value.__cause__, TimeoutError)


@more_loopback
async def test_each_round_starts_the_limit_anew(
    serve: Serve, server_context: ssl.SSLContext, clock: ManualClock
) -> None:
    """S-151: the address that hangs is left, the others get their full time."""
    accepted = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await mute(reader, writer)

    port = await serve(ssl=server_context)
    await serve(accept, host="127.0.0.2", port=port)
    dialer = new_dialer("127.0.0.2", "127.0.0.1", ssl=False)
    dialing = asyncio.ensure_future(peer_of(dialer, route(port, is_ssl=True), 3.0))
    await accepted.wait()

    await clock.advance(3.0)

    assert await dialing == "127.0.0.1"


@pytest.mark.parametrize("limit", [0, -1.0, None])
async def test_sock_connect_can_be_off(serve: Serve, limit: float | None) -> None:
    """S-425."""
    port = await serve()

    assert await peer_of(new_dialer(), route(port), limit) == "127.0.0.1"


class OddSocket(socket.socket):
    """Connects like any other, but knows its peer by another name, or not at all."""

    peer: tuple[str, int] | None = None

    def getpeername(self) -> tuple[str, int]:
        if self.peer is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return self.peer


@pytest.mark.parametrize("peer", [None, ("198.51.100.1", 1)])
async def test_peer_that_is_gone_or_unknown_leaves_no_socket(
    serve: Serve, server_context: ssl.SSLContext, peer: tuple[str, int] | None
) -> None:
    """S-150, S-155: the failure is told, and not one about bookkeeping."""
    port = await serve(ssl=server_context)
    made: list[OddSocket] = []

    def factory(info: AddrInfoType) -> socket.socket:
        made.append(OddSocket(info[0], info[1], info[2]))
        made[-1].peer = peer
        return made[-1]

    dialer = TcpDialer(FakeResolver({"host.test": ["127.0.0.1"]}), socket_factory=factory)

    with pytest.raises(ClientConnectorError) as caught:
        await dialer.dial(route(port, is_ssl=True), asyncio.Protocol)

    assert isinstance(caught.value, ClientConnectorCertificateError) is (peer is not None)
    for _ in range(3):
        await asyncio.sleep(0)
    assert made[0].fileno() == -1
