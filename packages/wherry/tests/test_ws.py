"""`_ws`: the opening handshake over a session, and frames over real sockets."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from wherry import (
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    Handler,
    TraceConfig,
    WSMsgType,
    WSServerHandshakeError,
)
from wherry.testing import FakeConnector, LoopbackServer, RawPlan, ResponsePlan, response_bytes
from wherry_codec import Request
from wherry_tracing.testing import record
from wherry_websocket import Role, WebSocketProtocol, accept_handshake
from wherry_websocket.testing import EchoServer, check_frame_transport

Fake = Callable[..., tuple[ClientSession, FakeConnector]]
Until = Callable[[Callable[[], object]], Awaitable[None]]


def echo(request: Request, body: bytes) -> ResponsePlan:
    if "Upgrade" not in request.headers:
        return ResponsePlan(400)
    server = EchoServer(protocols=["b"], compress=15)

    def answer(data: bytes) -> list[bytes] | None:
        out = server.receive_data(data)
        return None if server.closed and not out else [out]

    return ResponsePlan(101, server.accept_handshake(request.headers), takeover=answer)


async def test_wire_of_the_handshake(fake: Fake) -> None:
    """Appendix E, S-215, S-219."""
    session, connector = fake(response_bytes(status=200))
    with pytest.raises(WSServerHandshakeError):
        await session.ws_connect("ws://h/ws", protocols=("a", "b"), origin="http://o", compress=15)
    head = re.sub(rb"Key: [A-Za-z0-9+/]{22}==", b"Key: K", connector.requests[0].head)
    assert head.startswith(
        b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: K\r\nSec-WebSocket-Protocol: a,b\r\n"
        b"Origin: http://o\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
        b"Accept: */*\r\nAccept-Encoding: gzip, deflate"
    )
    assert head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("compress", [0, 15])
async def test_messages_go_both_ways_and_the_end_is_clean(compress: int, until: Until) -> None:
    """S-214, S-218, S-220, S-225."""
    async with LoopbackServer(echo) as server, ClientSession(server.url) as session:
        async with session.ws_connect("/", protocols=["a", "b"], compress=compress) as ws:
            assert isinstance(ws, ClientWebSocketResponse)
            assert (ws.protocol, ws.compress) == ("b", compress)
            await ws.send_str("text")
            assert await ws.receive_str() == "text"
            await ws.send_bytes(b"\0" * 100_000)
            assert await ws.receive_bytes() == b"\0" * 100_000
        assert ws.closed
        assert ws.close_code == 1000
        connector = session.connector
        await until(lambda: connector.stats() == {})  # type: ignore[union-attr]  # a TCPConnector
        async with session.get("/") as response:
            assert response.status == 400  # the server wants a handshake, the session still works


async def test_frames_in_the_packet_of_the_101_are_not_lost() -> None:
    """S-226."""

    def greet(request: Request, body: bytes) -> RawPlan:
        fields, _ = accept_handshake(request.headers)
        frames = WebSocketProtocol(Role.SERVER)
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        head = f"HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n".encode()
        return RawPlan(
            [head + frames.send_text("one") + frames.send_text("two") + frames.close(1001)]
        )

    async with LoopbackServer(greet) as server, ClientSession(server.url) as session:
        async with session.ws_connect("/") as ws:
            assert [message.data async for message in ws] == ["one", "two"]
        assert ws.close_code == 1001


BAD: list[tuple[int, dict[str, str]]] = [
    (200, {}), (403, {}), (500, {}),
    (101, {"Upgrade": "other", "Connection": "upgrade"}),
    (101, {"Upgrade": "websocket", "Connection": "close"}),
    (101, {"Upgrade": "websocket", "Connection": "upgrade", "Sec-WebSocket-Accept": "wrong"}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "fields"), BAD)
@pytest.mark.parametrize("raise_for_status", [False, True])
async def test_a_refused_handshake_leaves_nothing(
    fake: Fake, status: int, fields: dict[str, str], raise_for_status: bool
) -> None:
    """S-216, S-217, S-555, SEC-16, SEC-56."""
    head = response_bytes(status=status, headers={**fields, "Content-Length": "999999"})
    if status == 101:
        head = head.replace(b"Content-Length: 999999\r\n", b"")
    session, connector = fake(RawPlan([head], closes=False), raise_for_status=raise_for_status)

    with pytest.raises(WSServerHandshakeError) as caught:
        await session.ws_connect("http://h/")

    assert caught.value.status == status
    assert caught.value.headers is not None
    assert caught.value.request_info.method == "GET"
    assert connector.stats() == {}


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (TypeError, {"no_such": 1}),
        (TypeError, {"timeout": "5"}),
        (ValueError, {"compress": 8}),
        (TypeError, {"protocols": "chat"}),
        (ValueError, {"origin": "a\r\nb"}),
        (ValueError, {"headers": {"X": "a\r\nb"}}),
        (ValueError, {"method": "G T"}),
    ],
)
async def test_bad_arguments_touch_nothing(
    fake: Fake, error: type[Exception], arguments: dict[str, Any]
) -> None:
    """S-219, SEC-2."""
    session, connector = fake()
    with pytest.raises(error):
        await session.ws_connect("http://h/", **arguments)
    assert connector.transports == []


async def test_a_websocket_that_cannot_be_made_is_closed(until: Until) -> None:
    """SEC-36."""

    class Failing(ClientWebSocketResponse):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise KeyError("own constructor")

    async with LoopbackServer(echo) as server:
        session = ClientSession(server.url, ws_response_class=Failing)
        with pytest.raises(KeyError):
            await session.ws_connect("/")
        connector = session.connector
        await until(lambda: connector.stats() == {})  # type: ignore[union-attr]  # a TCPConnector
        await session.close()


async def test_fields_of_the_caller_stay_but_not_the_key(fake: Fake) -> None:
    """S-215."""
    session, connector = fake()
    headers = {"Sec-WebSocket-Key": "mine", "Sec-WebSocket-Version": "12", "X-Own": "1"}
    with pytest.raises(WSServerHandshakeError):
        await session.ws_connect("http://h/", headers=headers)
    head = connector.requests[0].head
    assert b"mine" not in head
    assert head.count(b"Sec-WebSocket-Key") == 1
    assert b"Sec-WebSocket-Version: 12\r\n" in head
    assert b"X-Own: 1\r\n" in head


async def test_a_handshake_is_redirected_and_loses_its_secrets_on_the_way(fake: Fake) -> None:
    """S-217, SEC-56."""
    answers = [
        response_bytes(status=302, headers={"Location": "http://other/"}),
        response_bytes(status=403),
    ]
    session, connector = fake(lambda head, body: answers.pop(0))
    with pytest.raises(WSServerHandshakeError) as caught:
        await session.ws_connect("http://h/", headers={"Authorization": "x", "Cookie": "a=1"})
    assert len(caught.value.history) == 1
    second = connector.requests[1].head
    assert b"Upgrade: websocket\r\n" in second
    assert b"Authorization" not in second
    assert b"Cookie" not in second


async def test_time_limits_of_the_session_end_with_the_handshake() -> None:
    """S-222, S-224."""
    limits = ClientTimeout(total=0.03, sock_read=0.02)
    async with LoopbackServer(echo) as server, ClientSession(server.url, timeout=limits) as session:
        ws = await session.ws_connect("/", timeout=ClientWSTimeout(ws_close=1))
        await asyncio.sleep(0.05)
        await ws.send_str("still there")
        assert await ws.receive_str() == "still there"
        await ws.close()


async def test_a_dropped_connection_ends_the_websocket() -> None:
    """S-238."""
    async with LoopbackServer(echo) as server, ClientSession(server.url) as session:
        async with session.ws_connect("/") as ws:
            server.connections[0].reset()
            message = await ws.receive()
            assert message.type is WSMsgType.CLOSED
        assert ws.close_code == 1006


async def test_closing_the_session_ends_the_websocket() -> None:
    """S-173."""
    async with LoopbackServer(echo) as server:
        session = ClientSession(server.url)
        ws = await session.ws_connect("/")
        await session.close()
        assert (await ws.receive()).type is WSMsgType.CLOSED


async def test_handshakes_are_traced_and_pass_middlewares() -> None:
    """S-225, S-349."""
    config, seen = TraceConfig(), []
    sent = record(config)

    async def look(request: ClientRequest, handler: Handler) -> ClientResponse:
        seen.append(request.headers["Upgrade"])
        return await handler(request)

    async with LoopbackServer(echo) as server:
        session = ClientSession(server.url, trace_configs=[config], middlewares=[look])
        async with session, session.ws_connect("/") as ws:
            await ws.send_str("x")
            await ws.receive()
    assert [signal.name for signal in sent] == [
        "request_start", "connection_create_start", "connection_create_end",
        "request_headers_sent", "request_end",
    ]  # fmt: skip
    assert seen == ["websocket"]


async def test_an_upgraded_connection_is_a_frame_transport(until: Until) -> None:
    """The seam between the pool and the websocket package, over real sockets."""

    class Far:
        def __init__(self, server: LoopbackServer, index: int, size: int) -> None:
            self.connection = server.connections[index]
            self.taken = size

        async def send(self, data: bytes, /) -> None:
            self.connection.send(data)

        async def receive(self, size: int, /) -> bytes:
            received = self.connection.received
            await until(lambda: len(received) >= self.taken + size or self.connection.lost.done())
            data = bytes(received[self.taken : self.taken + size])
            self.taken += len(data)
            return data

        async def close(self) -> None:
            self.connection.close()

    early = b""

    def upgrade(request: Request, body: bytes) -> RawPlan:
        head = b"HTTP/1.1 101 X\r\nUpgrade: own\r\nConnection: upgrade\r\n\r\n"
        return RawPlan([head + early], closes=False)

    async with LoopbackServer(upgrade) as server, ClientSession(server.url) as session:

        async def open_pair(first: bytes) -> tuple[Any, Far]:
            nonlocal early
            early = first
            response = await session.get("/", headers={"Upgrade": "own", "Connection": "upgrade"})
            transport = response.take_over()
            index = len(server.connections) - 1
            return transport, Far(server, index, len(server.connections[index].received))

        await check_frame_transport(open_pair)
