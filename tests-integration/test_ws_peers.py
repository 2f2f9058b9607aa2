"""Our WebSocket client against servers of other people: aiohttp, picows, websockets, wsproto.

Each echoes messages; `wsproto` sends them back in the pieces it is given them in, so as fragments.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import WSMsgType as AiohttpType
from aiohttp import web
from picows import WSFrame, WSListener, WSTransport, ws_create_server
from picows import WSMsgType as PicowsType
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Ping,
    Request,
)
from wsproto.extensions import PerMessageDeflate

import wherry

pytestmark = pytest.mark.network

SIZES = [0, 1, 125, 126, 65535, 65536]
LARGE = 16 * 1024 * 1024
Serve = Callable[[], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def aiohttp_server() -> AsyncIterator[str]:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(max_msg_size=0, compress=True)
        await response.prepare(request)
        async for message in response:
            if message.type is AiohttpType.TEXT:
                await response.send_str(message.data)
            else:
                await response.send_bytes(message.data)
        return response

    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


class PicowsEcho(WSListener):
    """Frame by frame: fragments go back as fragments."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        data = frame.get_payload_as_bytes()
        if frame.msg_type == PicowsType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif frame.msg_type == PicowsType.PING:
            transport.send_pong(data)
        elif frame.msg_type != PicowsType.PONG:
            transport.send(frame.msg_type, data, frame.fin)


@asynccontextmanager
async def picows_server() -> AsyncIterator[str]:
    server = await ws_create_server(
        lambda _request: PicowsEcho(),
        "127.0.0.1",
        0,
        enable_auto_pong=False,
        max_frame_size=LARGE + 1024,
    )
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@asynccontextmanager
async def websockets_server() -> AsyncIterator[str]:
    async def echo(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                half = len(message) // 2
                pieces = [message[:half], message[half:]]
                await connection.send(iter(pieces))  # as two fragments

    async with serve(echo, "127.0.0.1", 0, max_size=None) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def _wsproto_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = WSConnection(ConnectionType.SERVER)
    while data := await reader.read(65536):
        connection.receive_data(data)
        for event in connection.events():
            writer.write(_wsproto_answer(connection, event))
        await writer.drain()
        if connection.state.name == "CLOSED":
            break
    writer.close()
    await writer.wait_closed()


def _wsproto_answer(connection: WSConnection, event: Event) -> bytes:
    if isinstance(event, Request):
        return connection.send(AcceptConnection(extensions=[PerMessageDeflate()]))
    if isinstance(event, Message):
        return connection.send(event)
    if isinstance(event, Ping | CloseConnection):
        return connection.send(event.response())
    return b""


@asynccontextmanager
async def wsproto_server() -> AsyncIterator[str]:
    connections: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.create_task(_wsproto_echo(reader, writer)))

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with asyncio.timeout(5):
            await asyncio.gather(*connections)


SERVERS: list[Serve] = [aiohttp_server, picows_server, websockets_server, wsproto_server]
COMPRESSING = [aiohttp_server, websockets_server, wsproto_server]


@pytest.fixture(params=SERVERS, ids=lambda server: server.__name__)
async def url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    async with request.param() as url:
        yield url


@pytest.fixture(params=COMPRESSING, ids=lambda server: server.__name__)
async def compressing(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    async with request.param() as url:
        yield url


async def _echo_sizes(ws: wherry.ClientWebSocketResponse) -> None:
    for size in SIZES:
        text, data = ("⛵ahoy" * size)[:size], (bytes(range(256)) * (size // 256 + 1))[:size]
        await ws.send_str(text)
        assert await ws.receive_str(timeout=10) == text
        await ws.send_bytes(data)
        assert await ws.receive_bytes(timeout=10) == data


async def test_messages_of_every_size_come_back(session: wherry.ClientSession, url: str) -> None:
    """RFC 6455 §5.2, §5.4, S-213, S-251: text, binary, each form of the length, and fragments."""
    async with session.ws_connect(url, max_msg_size=0) as ws:
        await _echo_sizes(ws)
    assert ws.close_code == 1000


async def test_sixteen_mebibytes_come_back(session: wherry.ClientSession, url: str) -> None:
    """The length that needs eight bytes; more than any buffer on the way."""
    data = bytes(range(256)) * (LARGE // 256)
    async with session.ws_connect(url, max_msg_size=LARGE) as ws:
        await ws.send_bytes(data)
        assert await ws.receive_bytes(timeout=20) == data


@pytest.mark.parametrize("compress", [9, 12, 15])
async def test_compressed_messages_come_back(
    session: wherry.ClientSession, compressing: str, compress: int
) -> None:
    """RFC 7692 §7, S-219, S-220, S-252: with the window of one message for the next."""
    async with session.ws_connect(compressing, compress=compress, max_msg_size=0) as ws:
        assert ws.compress
        await _echo_sizes(ws)
        await ws.send_str("once more" * 100, compress=9)
        assert await ws.receive_str(timeout=10) == "once more" * 100
        await _echo_sizes(ws)


async def test_control_frames_are_understood(session: wherry.ClientSession, url: str) -> None:
    """RFC 6455 §5.5, S-227, S-261: a ping of 125 bytes, an unasked pong, code and reason."""
    ws = await session.ws_connect(url, autoping=False)
    await ws.pong(b"nobody asked")
    await ws.ping(b"p" * 125)
    await ws.send_str("after")

    first, second = await ws.receive(10), await ws.receive(10)
    assert {first[:2], second[:2]} == {
        (wherry.WSMsgType.PONG, b"p" * 125),
        (wherry.WSMsgType.TEXT, "after"),
    }
    assert await ws.close(code=4321, message="ça suffit") is True
    assert ws.close_code in (4321, 1000)  # RFC 6455 §5.5.1: a server need not echo the code


async def test_a_burst_keeps_its_order(session: wherry.ClientSession, url: str) -> None:
    """ARCHITECTURE §3.12: frames of one turn leave together."""
    texts = [f"message {number}" for number in range(300)]
    async with session.ws_connect(url) as ws:
        for text in texts:
            await ws.send_str(text)
        assert [await ws.receive_str(timeout=10) for _ in texts] == texts
