"""Our server role against clients of others: aiohttp, picows, websockets, wsproto, Chromium."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from multidict import CIMultiDict
from picows import WSCloseCode as PicowsCode
from picows import WSFrame, WSListener, WSTransport, ws_connect
from picows import WSMsgType as PicowsType
from websockets.asyncio.client import connect
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from wherry_websocket import HandshakeRefused
from wherry_websocket.testing import EchoServer

pytestmark = pytest.mark.network

SIZES = [0, 1, 125, 126, 65535, 65536]
LARGE = 16 * 1024 * 1024
PAGE = Path(__file__).parent / "peers" / "websocket.html"


class Service:
    """`EchoServer` with the few lines around it: sockets, the request head, a page for browsers."""

    def __init__(self) -> None:
        self.reports: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.connections: set[asyncio.Task[None]] = set()

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A task of ours for a connection, so that its end can be awaited."""
        self.connections.add(asyncio.create_task(self.serve(reader, writer)))

    async def settle(self) -> None:
        """Wait for the end of all connections."""
        while self.connections:
            await self.connections.pop()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            request = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # browsers connect ahead of need
            request = b""
        line, _, fields = request.decode("latin-1").partition("\r\n")
        headers: CIMultiDict[str] = CIMultiDict()
        for field in fields.split("\r\n"):
            name, colon, value = field.partition(":")
            if colon:
                headers.add(name, value.strip())
        if "Upgrade" in headers:
            await self._echo(headers, reader, writer)
        elif not line:
            pass
        elif line.startswith("POST"):
            body = await reader.readexactly(int(headers["Content-Length"]))
            self.reports.put_nowait(json.loads(body))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        else:
            page = PAGE.read_bytes()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\nConnection: close\r\n"
            writer.write(head.encode() + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + page)
        writer.close()
        await writer.wait_closed()

    async def _echo(
        self,
        headers: CIMultiDict[str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        server = EchoServer(protocols=["echo.v2"], compress=15, max_msg_size=0)
        try:
            fields = server.accept_handshake(headers)
        except HandshakeRefused:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n".encode())
        while not server.closed and (data := await reader.read(1 << 18)):
            writer.write(server.receive_data(data))
            await writer.drain()


@pytest.fixture
async def service() -> Service:
    return Service()


@pytest.fixture
async def address(service: Service) -> AsyncIterator[str]:
    """Where our server is: host and port."""
    server = await asyncio.start_server(service.begin, "127.0.0.1", 0, limit=1 << 20)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()
        async with asyncio.timeout(5):
            await service.settle()


def _messages(size: int) -> tuple[str, bytes]:
    return ("⛵ahoy" * size)[:size], (bytes(range(256)) * (size // 256 + 1))[:size]


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_websockets_is_echoed(address: str, compression: str | None) -> None:
    """RFC 6455 §5, RFC 7692 §7: every size, fragments, a ping, both ends of the closing."""
    async with connect(
        f"ws://{address}/", compression=compression, max_size=None, subprotocols=None, proxy=None
    ) as client:
        for size in SIZES:
            for message in _messages(size):
                await client.send(message)
                assert await client.recv() == message
        for whole, pieces in (("one⛵two", ["one", "⛵", "", "two"]), (b"ab", [b"a", b"b", b""])):
            await client.send(pieces)
            assert await client.recv() == whole
        await (await client.ping(b"p" * 125))
        if compression is None:
            await client.send(bytes(LARGE))
            assert await client.recv() == bytes(LARGE)
        await client.close(4000, "enough")
    assert client.close_code == 4000


@pytest.mark.parametrize("compress", [0, 9, 15])
async def test_aiohttp_is_echoed(address: str, compress: int) -> None:
    """As a black box: every size, with each way to compress, and the subprotocol."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"http://{address}/", compress=compress, max_msg_size=0, protocols=["echo.v2"]
        ) as client,
    ):
        assert (client.protocol, bool(client.compress)) == ("echo.v2", bool(compress))
        for size in SIZES:
            text, data = _messages(size)
            await client.send_str(text)
            assert await client.receive_str(timeout=10) == text
            await client.send_bytes(data)
            assert await client.receive_bytes(timeout=10) == data
        await client.send_bytes(bytes(LARGE))
        assert await client.receive_bytes(timeout=20) == bytes(LARGE)


class PicowsClient(WSListener):
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[tuple[PicowsType, bytes]] = asyncio.Queue()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.frames.put_nowait((frame.msg_type, frame.get_payload_as_bytes()))


async def test_picows_is_echoed(address: str) -> None:
    """Fragments it sends come back as one message; a ping between them is answered at once."""
    client = PicowsClient()
    transport, _ = await ws_connect(
        lambda: client, f"ws://{address}/", enable_auto_pong=False, max_frame_size=LARGE + 1024
    )
    for size in [*SIZES, LARGE]:
        data = bytes(size)
        transport.send(PicowsType.BINARY, data)
        assert await client.frames.get() == (PicowsType.BINARY, data)
    transport.send(PicowsType.TEXT, b"one", fin=False)
    transport.send_ping(b"between")
    transport.send(PicowsType.CONTINUATION, b"two")
    assert await client.frames.get() == (PicowsType.PONG, b"between")
    assert await client.frames.get() == (PicowsType.TEXT, b"onetwo")
    transport.send_close(PicowsCode.GOING_AWAY, b"enough")
    assert await client.frames.get() == (PicowsType.CLOSE, b"\x03\xe9")
    transport.disconnect()
    await transport.wait_disconnected()


class WsprotoClient:
    """wsproto over streams: sends events, waits for whole messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection = WSConnection(ConnectionType.CLIENT)
        self._reader, self._writer = reader, writer
        self._events: list[Event] = []

    def send(self, *events: Event) -> None:
        for event in events:
            self._writer.write(self.connection.send(event))

    async def event(self) -> Event:
        while not self._events:
            self.connection.receive_data(await self._reader.read(65536) or None)
            self._events.extend(self.connection.events())
        return self._events.pop(0)

    async def message(self) -> bytes:
        whole = b""
        while True:
            event = await self.event()
            assert isinstance(event, TextMessage | BytesMessage), event
            data = event.data
            whole += data.encode() if isinstance(data, str) else bytes(data)
            if event.message_finished:
                return whole

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@pytest.mark.parametrize(
    "deflate",
    [
        None,
        PerMessageDeflate(),
        PerMessageDeflate(client_no_context_takeover=True, server_no_context_takeover=True),
        PerMessageDeflate(client_max_window_bits=9, server_max_window_bits=10),
    ],
    ids=["plain", "deflate", "no takeover", "small windows"],
)
async def test_wsproto_is_echoed(address: str, deflate: PerMessageDeflate | None) -> None:
    """RFC 7692 §7.1: all four parameters; fragments, a ping between them, the closing."""
    client = WsprotoClient(*await asyncio.open_connection(*address.split(":")))
    client.send(Request(host=address, target="/", extensions=[deflate] if deflate else []))
    accepted = await client.event()
    assert isinstance(accepted, AcceptConnection)
    assert bool(accepted.extensions) is bool(deflate)
    for size in SIZES:
        text, data = _messages(size)
        client.send(TextMessage(text), BytesMessage(data))
        assert (await client.message(), await client.message()) == (text.encode(), data)
    client.send(TextMessage("one", message_finished=False), Ping(b"between"), TextMessage("two"))
    assert await client.event() == Pong(b"between")
    assert await client.message() == b"onetwo"
    client.send(CloseConnection(code=1001, reason="enough"))
    assert await client.event() == CloseConnection(code=1001, reason="")
    await client.close()


@pytest.mark.slow
async def test_chromium_is_echoed(service: Service, address: str, tmp_path: Path) -> None:
    """A browser's WebSocket: sizes, both kinds, its permessage-deflate, a subprotocol, the end."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs a peer: apt-get install chromium")  # 300 MB: never required
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    options += ["--no-proxy-server", "--disable-dev-shm-usage", "--disable-extensions"]
    options += ["--disable-background-networking", "--disable-component-update"]
    browser = await asyncio.create_subprocess_exec(
        *(program, *options, f"--user-data-dir={tmp_path / 'profile'}", f"http://{address}/"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        report = await asyncio.wait_for(service.reports.get(), 40)
    finally:
        browser.terminate()
        await browser.wait()

    assert report == {
        "protocol": "echo.v2",
        "extensions": "permessage-deflate",
        "wrong": [],
        "echoed": 2 * len([*SIZES, LARGE]),
        "close": [4000, "enough", True],
    }
