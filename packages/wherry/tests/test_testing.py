"""`testing`: the fakes do what they say, and the checks find what is broken."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any, assert_type

import pytest
import trustme
from multidict import CIMultiDict
from yarl import URL

from wherry import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ConnectionKey,
    CookieJar,
    DummyCookieJar,
    FormData,
    JsonPayload,
    ServerDisconnectedError,
    TCPConnector,
    TraceConfig,
)
from wherry.testing import (
    FakeConnector,
    LoopbackServer,
    RawPlan,
    RecordingObserver,
    ResponsePlan,
    check_connector,
    check_cookie_jar,
    check_payload,
    check_request_observer,
    make_response,
    response_bytes,
)
from wherry_codec import RemoteProtocolError, Request
from wherry_pool import Exchange, Http11Connection
from wherry_tracing import begin

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
KEY = ConnectionKey("checked.example", 80, False)


def answering() -> FakeConnector:
    return FakeConnector(lambda head, body: response_bytes(b"ok"))


async def test_the_fake_connector_passes_the_check() -> None:
    await check_connector(answering, KEY)
    await check_connector(
        lambda: FakeConnector(lambda head, body: response_bytes(b"ok"), force_close=True), KEY
    )


async def test_a_real_connector_passes_the_check() -> None:
    async with LoopbackServer(lambda request, body: ResponsePlan(body=b"ok")) as server:
        key = ConnectionKey("127.0.0.1", server.port, False)
        await check_connector(TCPConnector, key)


class Doubling(FakeConnector):
    """Gives a connection out twice."""

    async def acquire(self, key: ConnectionKey, *args: Any, **kwargs: Any) -> Any:
        connection = await super().acquire(key, *args, **kwargs)
        self.acquire_nowait = lambda key, now: connection
        return connection


class Undead(FakeConnector):
    """Does not notice that it was closed."""

    @property
    def closed(self) -> bool:
        return False


@pytest.mark.parametrize("kind", [Doubling, Undead])
async def test_a_broken_connector_is_found(kind: type[FakeConnector]) -> None:
    with pytest.raises(AssertionError, match="connector"):
        await check_connector(lambda: kind(lambda head, body: response_bytes(b"ok")), KEY)


async def test_observers_can_be_checked() -> None:
    recording = RecordingObserver()
    await check_request_observer(recording)
    assert len(recording.names) == 7
    config = TraceConfig()
    config.freeze()
    await check_request_observer(begin([config], None))
    with pytest.raises(KeyError):
        await check_request_observer(RecordingObserver(raising={"request_end": KeyError()}))


async def test_the_checks_of_other_packages_are_at_hand() -> None:
    check_cookie_jar(CookieJar)
    check_cookie_jar(DummyCookieJar, keeps_cookies=False)
    assert await check_payload(lambda: JsonPayload([1])) == b"[1]"
    assert await check_payload(lambda: FormData({"a": "1"})()) == b"a=1"


async def test_a_fake_answers_by_request(fake: Fake) -> None:
    """Head and body as they came, chunked coding undone, one entry per request."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"c"

    session, connector = fake(lambda head, body: response_bytes(head.split()[0] + body))
    async with session.put("https://h/x", data=pieces()) as response:
        assert await response.read() == b"PUTabc"
    (seen,) = connector.requests
    assert (seen.key.host, seen.key.is_ssl, seen.body) == ("h", True, b"abc")
    assert seen.raw == seen.head + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    assert seen.raw == connector.transports[0].written


async def test_a_fake_can_stall_hang_up_break_and_refuse(fake: Fake) -> None:
    session, _connector = fake(lambda head, body: None)
    task = asyncio.ensure_future(session.get("http://h/"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
    session, _ = fake(b"")
    with pytest.raises(ServerDisconnectedError):
        await session.post("http://h/")
    session, _ = fake(refuse=ClientConnectionError("refused"))
    with pytest.raises(ClientConnectionError, match="refused"):
        await session.post("http://h/")


async def test_a_fake_refuses_what_is_no_request() -> None:
    """A test notices at once when something wrong is written."""
    async with answering() as connector:
        now = asyncio.get_running_loop().time()
        from wherry import ClientTimeout
        from wherry_pool import Exchange

        connection = await connector.acquire(KEY, ClientTimeout(), started=now)
        exchange = Exchange("GET", b"nonsense\r\n\r\n", asyncio.get_running_loop().create_future())
        with pytest.raises(RemoteProtocolError):
            connection.start(exchange)
        connection.abort(exchange)


async def test_the_loopback_server_keeps_what_it_got(fake: Fake) -> None:
    def handler(request: Request, body: bytes) -> ResponsePlan | RawPlan:
        return ResponsePlan(body=body[::-1])

    async with LoopbackServer(handler) as server, ClientSession() as session:
        assert server.url == URL(f"http://127.0.0.1:{server.port}")
        async with session.post(server.url, data=b"abc") as response:
            assert await response.read() == b"cba"
        assert bytes(server.connections[0].received).endswith(b"\r\n\r\nabc")
    assert server.connections[0].lost.done()
    with pytest.raises(RuntimeError, match="async with"):
        _ = server.port


async def test_what_a_loopback_handler_raises_is_not_lost() -> None:
    def handler(request: Request, body: bytes) -> ResponsePlan:
        raise KeyError("in the handler")

    async def scenario() -> None:
        async with LoopbackServer(handler) as server, ClientSession(server.url) as session:
            with pytest.raises(ClientConnectionError):
                await session.post("/")

    with pytest.raises(KeyError, match="in the handler"):
        await scenario()


def test_a_response_gets_a_length_unless_it_is_framed() -> None:
    assert response_bytes(b"ab") == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
    assert response_bytes(status=204) == b"HTTP/1.1 204 No Content\r\n\r\n"
    lie = response_bytes(b"ab", headers=CIMultiDict({"content-length": "9"}))
    assert lie == b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"


# --- make_response ------------------------------------------------------------------------------


async def test_a_made_response_is_like_any_other() -> None:
    """S-409, DECISIONS: everything has a default; reading, releasing, raising all work."""
    plain = make_response()
    assert (plain.status, plain.reason, await plain.read()) == (200, "OK", b"")

    first = make_response(status=302, headers={"Location": "/to"})
    response = make_response(
        gzip.compress(b'{"a": 1}'),
        404,
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        method="POST",
        url="https://user@made.example:8443/p?q#f",
        request_headers={"X-Own": "1"},
        history=(first,),
    )

    assert await response.json() == {"a": 1}
    assert response.history == (first,)
    assert str(response.url) == "https://made.example:8443/p?q"
    assert response.request_info.headers == {"Host": "made.example:8443", "X-Own": "1"}
    assert (response.method, response.closed, response.connection) == ("POST", True, None)
    assert response.timings.body == 0.0
    with pytest.raises(ClientResponseError, match="404"):
        response.raise_for_status()


async def test_a_made_response_can_be_streamed_and_given_up() -> None:
    """S-092, S-403: as one that came over a connection."""
    response = make_response(b"one\ntwo\n")
    assert [line async for line in response.content] == [b"one\n", b"two\n"]
    await response.release()
    response.close()
    with pytest.raises(ClientConnectionError, match="released"):
        await response.read()


async def test_a_made_response_may_be_of_a_class_of_ones_own() -> None:
    """S-409: made with the arguments that a session gives it."""

    class Own(ClientResponse):
        """One that knows more."""

        def shout(self) -> str:
            return self.reason.upper()

    response = make_response(status=404, response_class=Own)

    assert assert_type(response, Own).shout() == "NOT FOUND"
    assert_type(make_response(), ClientResponse)


async def test_a_session_makes_responses_of_the_class_it_was_given(fake: Fake) -> None:
    """S-409: with the request, its exchange and its connection, nothing else."""
    seen: list[tuple[object, ...]] = []

    class Own(ClientResponse):
        def __init__(self, *arguments: Any) -> None:
            seen.append(arguments)
            super().__init__(*arguments)

    session, _ = fake(response_bytes(b"ok"), response_class=Own)
    async with session.get("http://h/") as response:
        assert type(response) is Own
    ((request, exchange, connection),) = seen
    assert isinstance(request, ClientRequest)
    assert isinstance(exchange, Exchange)
    assert isinstance(connection, Http11Connection)


async def test_a_server_whose_certificate_was_refused_ends_all_the_same() -> None:
    """S-527: nothing is ever heard of a connection whose TLS did not come about."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with (
        LoopbackServer(lambda request, body: ResponsePlan(), ssl=context) as server,
        ClientSession() as session,
    ):
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(server.url)
    assert [connection.was_made for connection in server.connections] == [False]
