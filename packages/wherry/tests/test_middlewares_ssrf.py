"""`middlewares._ssrf`: requests into one's own network are refused, however they are written."""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from aiohappyeyeballs import AddrInfoType

from wherry import (
    ClientConnectorError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ConnectionKey,
    Handler,
    InvalidUrlClientError,
    TCPConnector,
    UnixConnector,
)
from wherry.middlewares import Retry, SsrfGuard
from wherry.testing import (
    FakeConnector,
    LoopbackServer,
    ResponsePlan,
    check_middleware,
    response_bytes,
)
from wherry_codec import Request
from wherry_pool.testing import FakeAddressPolicy, FakeResolver, check_address_policy

if TYPE_CHECKING:
    from wherry_pool.protocols import AddressPolicy

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
HOME = "127.0.0.1/32"
"""The address of the test's server, for guards that are to let it be."""


class Sockets:
    """A factory that notes whom a connector goes to."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def __call__(self, info: AddrInfoType) -> socket.socket:
        self.tried.append(str(info[4][0]))
        return socket.socket(info[0], info[1], info[2])


class Rebinding(FakeResolver):
    """A resolver that gives other addresses each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        super().__init__()
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Any:
        self.addresses = {host: self._answers.pop(0)}
        return await super().resolve(host, port, family)


def hello(request: Request, body: bytes) -> ResponsePlan:
    return ResponsePlan(body=b"hello")


def connector(
    resolver: FakeResolver, sockets: Sockets | None = None, **options: Any
) -> TCPConnector:
    return TCPConnector(resolver=resolver, socket_factory=sockets, **options)


# --- before anything is looked up --------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25lo]/",
        "https://169.254.169.254/latest/meta-data/",
        "http://10.1.2.3:8080/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "ws://192.168.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://127。0。0。1/",
    ],
)
async def test_a_literal_address_is_refused_without_a_connection(fake: Fake, url: str) -> None:
    """SEC-48, SEC-49."""
    session, far_end = fake(middlewares=[SsrfGuard()])

    with pytest.raises((ClientConnectorError, InvalidUrlClientError)) as caught:
        await session.get(url)
    if isinstance(caught.value, ClientConnectorError):
        assert isinstance(caught.value.os_error, PermissionError)
        assert caught.value.errno == errno.EACCES
        assert "is not allowed for" in str(caught.value)
    assert far_end.transports == []


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.0.1%2fx/",
    ],
)
async def test_other_spellings_of_addresses_reach_nobody(fake: Fake, url: str) -> None:
    """SEC-48: a URL means the same to the check and to the connection."""
    session, far_end = fake(middlewares=[SsrfGuard()])

    with pytest.raises((ClientConnectorError, InvalidUrlClientError)):
        await session.get(url)
    assert far_end.transports == []


@pytest.mark.parametrize(
    ("options", "url", "text"),
    [
        ({"schemes": ["https"]}, "http://h.test/", "the scheme http is not allowed"),
        ({"ports": [443]}, "https://h.test:8443/", "port 8443 is not allowed"),
        ({"hosts": ["g.test"]}, "http://h.test/", "not among those that are allowed"),
        ({"hosts": ["*.test"]}, "http://test/", "not among those that are allowed"),
        ({"hosts": ["8.8.8.8"]}, "http://8.8.4.4/", "not among those that are allowed"),
        ({"deny": ["h.test"]}, "http://H.test./", "is denied"),
        ({"deny": ["*.test"]}, "http://a.b.test/", "is denied"),
        ({"deny": ["8.8.0.0/16"]}, "http://8.8.8.8/", "8.8.0.0/16 is denied"),
        ({"deny": ["8.8.0.0/16"]}, "http://[::ffff:8.8.8.8]/", "8.8.0.0/16 is denied"),
        ({"allow": ["10.0.0.0/8"], "deny": ["10.1.0.0/16"]}, "http://10.1.0.1/", "is denied"),
    ],
)
async def test_lists_refuse_at_once(
    fake: Fake, options: dict[str, Any], url: str, text: str
) -> None:
    session, far_end = fake(middlewares=[SsrfGuard(**options)])

    with pytest.raises(ClientConnectorError) as caught:
        await session.get(url)
    assert text in str(caught.value.os_error)
    assert far_end.transports == []


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, "https://8.8.8.8/"),
        ({}, "http://h.test/"),
        ({}, "http://[2606:4700::1111]/"),
        ({"schemes": ["https"], "ports": [443]}, "https://h.test/"),
        ({"hosts": ["*.test"]}, "http://a.b.TEST./"),
        ({"hosts": ["8.8.8.0/24"]}, "http://8.8.8.8/"),
        ({"allow": ["10.0.0.0/8"]}, "http://10.1.2.3/"),
        ({"allow": ["10.0.0.0/8"]}, "http://[::ffff:10.1.2.3]/"),
        ({"allow": ["fd00::/8"]}, "http://[fd00::1]/"),
    ],
)
async def test_what_is_not_forbidden_goes_through(
    fake: Fake, options: dict[str, Any], url: str
) -> None:
    guard = SsrfGuard(**options)
    session, far_end = fake(middlewares=[guard])

    assert (await session.get(url)).status == 200
    assert far_end.requests[0].key.address_policy is guard


# --- the address that is connected to ----------------------------------------------------------


async def test_a_name_that_leads_home_is_refused() -> None:
    """SEC-49: `os_error` says which address, and why."""
    sockets = Sockets()
    resolver = FakeResolver({"evil.test": ["127.0.0.1", "::1"]})
    async with (
        LoopbackServer(hello) as server,
        ClientSession(connector=connector(resolver, sockets), middlewares=[SsrfGuard()]) as session,
    ):
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(f"http://evil.test:{server.port}/")
    assert isinstance(caught.value.os_error, PermissionError)
    assert "is not allowed for evil.test: loopback" in str(caught.value.os_error)
    assert sockets.tried == []
    assert server.connections == []


async def test_localhost_is_refused_by_the_real_resolver() -> None:
    """SEC-48."""
    async with LoopbackServer(hello) as server, ClientSession(middlewares=[SsrfGuard()]) as session:
        for host in ("localhost", "localhost.", "LOCALHOST"):
            with pytest.raises(ClientConnectorError):
                await session.get(f"http://{host}:{server.port}/")
    assert server.connections == []


@pytest.mark.parametrize("delay", [0.25, None])
async def test_every_candidate_of_happy_eyeballs_is_judged(delay: float | None) -> None:
    """SEC-49: of many addresses only the allowed ones are tried, in whatever order they come."""
    sockets = Sockets()
    resolver = FakeResolver({"evil.test": ["::1", "127.0.0.2", "127.0.0.1", "10.0.0.1"]})
    guard = SsrfGuard(allow=[HOME])
    async with (
        LoopbackServer(hello) as server,
        ClientSession(
            connector=connector(resolver, sockets, happy_eyeballs_delay=delay), middlewares=[guard]
        ) as session,
        session.get(f"http://evil.test:{server.port}/") as response,
    ):
        assert await response.read() == b"hello"
    assert sockets.tried == ["127.0.0.1"]


async def test_rebinding_the_name_changes_nothing() -> None:
    """SEC-49: what is judged is what is connected to, each time a connection is made."""
    sockets = Sockets()
    resolver = Rebinding(["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"])
    made = connector(resolver, sockets, use_dns_cache=False, force_close=True)
    guard = SsrfGuard(allow=[HOME])
    async with (
        LoopbackServer(hello) as server,
        ClientSession(connector=made, middlewares=[guard]) as session,
    ):
        url = f"http://evil.test:{server.port}/"
        assert (await session.get(url)).status == 200
        with pytest.raises(ClientConnectorError, match=r"127\.0\.0\.2 is not allowed"):
            await session.get(url)
        assert (await session.get(url)).status == 200
    assert sockets.tried == ["127.0.0.1", "127.0.0.1"]


async def test_a_refused_address_in_the_dns_cache_stays_refused() -> None:
    """SEC-49, SEC-50."""
    resolver = FakeResolver({"evil.test": ["127.0.0.1"]})
    async with (
        LoopbackServer(hello) as server,
        ClientSession(connector=connector(resolver)) as session,
    ):
        url = f"http://evil.test:{server.port}/"
        assert (await session.get(url, headers={"Connection": "close"})).status == 200
        for _ in range(2):
            with pytest.raises(ClientConnectorError):
                await session.get(url, middlewares=[SsrfGuard()])


async def test_a_connection_that_was_not_guarded_is_not_used() -> None:
    """SEC-31, SEC-49: an idle one is not good enough; the guarded one is kept apart as well."""
    resolver = FakeResolver({"evil.test": ["127.0.0.1"]})
    guard = SsrfGuard(allow=[HOME])
    async with (
        LoopbackServer(hello) as server,
        ClientSession(connector=connector(resolver)) as session,
    ):
        url = f"http://evil.test:{server.port}/"
        for _ in range(2):
            await (await session.get(url)).read()
        assert len(server.connections) == 1
        with pytest.raises(ClientConnectorError):
            await session.get(url, middlewares=[SsrfGuard()])
        for _ in range(2):
            await (await session.get(url, middlewares=[guard])).read()
        assert len(server.connections) == 2


async def test_each_hop_of_a_redirect_is_judged() -> None:
    """SEC-49, S-449: by address, by name, and for a name that only later leads home."""
    targets = {"/a": "http://127.0.0.2/", "/b": "http://evil.test/", "/c": "http://[::1]/"}

    def handler(request: Request, body: bytes) -> ResponsePlan:
        return ResponsePlan(302, {"Location": targets[request.target]})

    resolver = FakeResolver({"good.test": ["127.0.0.1"], "evil.test": ["169.254.169.254"]})
    async with (
        LoopbackServer(handler) as server,
        ClientSession(
            connector=connector(resolver), middlewares=[SsrfGuard(allow=[HOME])]
        ) as session,
    ):
        for path in targets:
            with pytest.raises(ClientConnectorError, match="is not allowed for"):
                await session.get(f"http://good.test:{server.port}{path}")


async def test_hosts_may_be_trusted_with_any_address() -> None:
    sockets = Sockets()
    resolver = FakeResolver({"db.internal": ["127.0.0.1"], "evil.test": ["127.0.0.1"]})
    guard = SsrfGuard(allow=["*.internal"])
    async with (
        LoopbackServer(hello) as server,
        ClientSession(connector=connector(resolver, sockets), middlewares=[guard]) as session,
    ):
        assert (await session.get(f"http://db.internal:{server.port}/")).status == 200
        with pytest.raises(ClientConnectorError):
            await session.get(f"http://evil.test:{server.port}/")
    assert sockets.tried == ["127.0.0.1"]


async def test_a_websocket_is_judged_as_well() -> None:
    """S-225."""
    resolver = FakeResolver({"evil.test": ["127.0.0.1"]})
    async with (
        LoopbackServer(hello) as server,
        ClientSession(connector=connector(resolver), middlewares=[SsrfGuard()]) as session,
    ):
        with pytest.raises(ClientConnectorError):
            await session.ws_connect(f"ws://evil.test:{server.port}/")
    assert server.connections == []


# --- proxies and paths -------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https", "socks4a", "socks5h"])
async def test_a_proxy_that_looks_names_up_is_refused(fake: Fake, scheme: str) -> None:
    """SEC-49: nobody here learns the address."""
    session, far_end = fake(middlewares=[SsrfGuard()], proxy=f"{scheme}://proxy.test:3128")

    with pytest.raises(ClientConnectorError, match=f"the {scheme} proxy looks up the name"):
        await session.get("https://h.test/")
    assert far_end.transports == []


async def test_a_proxy_may_be_trusted(fake: Fake) -> None:
    """Then what can be judged still is."""
    session, far_end = fake(
        middlewares=[SsrfGuard(allow_proxies=True, ports=[80])], proxy="http://proxy.test:3128"
    )

    assert (await session.get("http://h.test/")).status == 200
    assert far_end.requests[0].key.address_policy is None
    for url in ("http://127.0.0.1/", "http://h.test:81/"):
        with pytest.raises(ClientConnectorError, match="not allowed"):
            await session.get(url)


async def test_a_socks5_proxy_is_given_addresses_that_were_judged() -> None:
    """SEC-49, SEC-58: the name is looked up here."""
    resolver = FakeResolver({"evil.test": ["10.0.0.1"]})

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(3))
        writer.close()

    seen: list[bytes] = []
    proxy = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    async with (
        proxy,
        ClientSession(
            connector=connector(resolver),
            middlewares=[SsrfGuard()],
            proxy=f"socks5://127.0.0.1:{port}",
        ) as session,
    ):
        with pytest.raises(ClientConnectorError, match=r"10\.0\.0\.1 is not allowed"):
            await session.get("http://evil.test/")
    assert seen == []


async def test_a_unix_socket_is_refused(tmp_path: Any) -> None:
    """It goes where it goes, whatever the URL says."""
    path = str(tmp_path / "sock")
    async with ClientSession(connector=UnixConnector(path), middlewares=[SsrfGuard()]) as session:
        with pytest.raises(ClientConnectorError, match="Unix socket or named pipe"):
            await session.get("http://h.test/")


# --- as a policy -------------------------------------------------------------------------------


def test_it_keeps_the_contract_of_address_policies() -> None:
    """SEC-49."""
    policy: AddressPolicy = SsrfGuard()
    for refused in ("127.0.0.1", "fe80::1%lo", "::ffff:10.0.0.1"):
        check_address_policy(policy, allowed="8.8.8.8", refused=refused)


async def test_it_guards_a_whole_connector() -> None:
    resolver = FakeResolver({"evil.test": ["127.0.0.1"]})
    made = connector(resolver, address_policy=SsrfGuard())
    async with LoopbackServer(hello) as server, ClientSession(connector=made) as session:
        with pytest.raises(ClientConnectorError):
            await session.get(f"http://evil.test:{server.port}/")
    assert server.connections == []


@pytest.mark.parametrize("address", ["", "localhost", "127.1", "0x7f.0.0.1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """SEC-48: a resolver of one's own may return anything."""
    assert "is no numeric address" in (SsrfGuard().refusal("h", address, 80) or "")


def test_a_port_that_the_resolver_made_up_is_refused() -> None:
    with pytest.raises(PermissionError, match="port 22"):
        SsrfGuard(ports=[80]).check("h.test", "8.8.8.8", 22)


async def test_a_policy_that_was_there_before_is_asked_too(fake: Fake) -> None:
    """Neither a second guard nor a retry takes the first one's place."""
    first = FakeAddressPolicy(["8.8.8.8"])
    guards = [SsrfGuard(), SsrfGuard(deny=["9.9.9.9"])]
    answers = [response_bytes(status=503)]

    async def bring_own(request: ClientRequest, handler: Handler) -> ClientResponse:
        request.address_policy = first
        return await handler(request)

    session, far_end = fake(
        lambda head, body: answers.pop() if answers else response_bytes(),
        middlewares=[bring_own, Retry(random=lambda: 0.0), *guards],
    )
    assert (await session.get("http://h.test/")).status == 200

    keys: list[ConnectionKey] = [seen.key for seen in far_end.requests]
    assert keys[0] == keys[1], "the same request has the same policies"
    policy = keys[0].address_policy
    assert policy is not None
    for refused in ("8.8.8.8", "9.9.9.9", "127.0.0.1"):
        check_address_policy(policy, allowed="1.1.1.1", refused=refused)


async def test_a_refusal_is_not_tried_again(fake: Fake) -> None:
    async def forbidden(seconds: float) -> None:
        raise AssertionError("it would be refused again")

    session, _ = fake(middlewares=[Retry(sleep=forbidden), SsrfGuard()])

    with pytest.raises(ClientConnectorError):
        await session.get("http://127.0.0.1/")


# --- the rest ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"allow": "10.0.0.0/8"}, TypeError),
        ({"schemes": "https"}, TypeError),
        ({"allow": ["10.0.0.1/8"]}, ValueError),
        ({"deny": ["10.0.0.0/33"]}, ValueError),
        ({"hosts": ["a b"]}, ValueError),
        ({"hosts": ["http://h.test"]}, ValueError),
        ({"allow": ["*"]}, ValueError),
        ({"allow": [""]}, ValueError),
        ({"allow": ["127.1"]}, ValueError),
    ],
    ids=str,
)
def test_lists_that_make_no_sense_are_refused(
    options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        SsrfGuard(**options)


def test_the_repr_shows_the_settings() -> None:
    shown = repr(SsrfGuard(allow=["10.0.0.0/8", "h.test"], deny=["8.8.8.8"]))

    assert shown == "<SsrfGuard: 2 allowed, 1 denied, allow_proxies=False>"


async def test_it_keeps_the_contract_of_middlewares() -> None:
    """SEC-36."""
    await check_middleware(SsrfGuard())
