"""Over a loopback socket with the server of the websockets library, as a black box, and with
`EchoServer`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import websockets.asyncio.client as peer_client
import websockets.asyncio.server as peer
from multidict import CIMultiDict
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from wherry_websocket import WS_CLOSED_MESSAGE, ClientWebSocketResponse, WSMessage, WSMsgType
from wherry_websocket.testing import EchoServer

Connect = Callable[..., AbstractAsyncContextManager[ClientWebSocketResponse]]
SIZES = [0, 1, 125, 126, 65535, 65536, 300_000]


async def echo(connection: peer.ServerConnection) -> None:
    """Commands by text, all else comes back."""
    async for message in connection:
        match message:
            case "close":
                await connection.close(4001, "asked for")
            case "fragments":
                await connection.send(["Hel", "lo", " é"])
            case "ping":
                await (await connection.ping(b"from the peer"))
                await connection.send("ponged")
            case "drop":
                connection.transport.abort()
            case _:
                await connection.send(message)


def port_of(server: Any) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


@pytest.fixture(
    params=[
        None,
        ServerPerMessageDeflateFactory(),
        ServerPerMessageDeflateFactory(
            server_no_context_takeover=True, client_no_context_takeover=True
        ),
        ServerPerMessageDeflateFactory(server_max_window_bits=10, client_max_window_bits=11),
    ],
    ids=["plain", "deflate", "no takeover", "small windows"],
)
async def port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """The port of a peer, without compression and with several kinds of it."""
    extensions = [request.param] if request.param else []
    async with peer.serve(
        echo, "127.0.0.1", 0, compression=None, extensions=extensions, max_size=None
    ) as server:
        yield port_of(server)


@pytest.mark.parametrize("compress", [0, 9, 15])
async def test_every_size_comes_back(port: int, connect: Connect, compress: int) -> None:
    """S-220, S-227, S-248, S-251, S-252."""
    async with connect(port, compress=compress) as ws:
        for size in SIZES:
            words, data = "aé" * (size // 3), os.urandom(size // 4) * 4
            await ws.send_str(words)
            await ws.send_bytes(data)
            assert await ws.receive_str() == words
            assert await ws.receive_bytes() == data
    assert (ws.closed, ws.close_code) == (True, 1000)


async def test_fragments_pings_and_close_of_the_peer(port: int, connect: Connect) -> None:
    """S-235, S-265 with another implementation."""
    async with connect(port, compress=15) as ws:
        await ws.send_str("fragments")
        assert await ws.receive_str() == "Hello é"
        await ws.send_str("ping")
        assert await ws.receive_str() == "ponged"
        await ws.ping(b"ours")
        await ws.send_str("close")
        assert await ws.receive() == WSMessage(WSMsgType.CLOSE, 4001, "asked for")
    assert ws.close_code == 4001


async def test_a_dropped_connection(port: int, connect: Connect) -> None:
    """S-238."""
    async with connect(port) as ws:
        await ws.send_str("drop")
        assert await ws.receive() == WS_CLOSED_MESSAGE
    assert (ws.closed, ws.close_code) == (True, 1006)


async def test_a_thousand_messages_at_once(port: int, connect: Connect) -> None:
    """S-239, S-256: bursts both ways keep their order."""
    async with connect(port, compress=15) as ws:

        async def send() -> None:
            for number in range(1000):
                await ws.send_str(str(number))

        sending = asyncio.create_task(send())
        assert [await ws.receive_str() for _ in range(1000)] == [str(n) for n in range(1000)]
        await sending


async def test_many_megabytes_while_nobody_receives(port: int, connect: Connect) -> None:
    """S-239, S-256, SEC-55: back-pressure both ways, nothing lost."""
    async with connect(port) as ws:
        payload = os.urandom(1 << 20)
        sending = asyncio.gather(*(ws.send_bytes(payload) for _ in range(12)))
        for _ in range(12):
            assert await ws.receive_bytes() == payload
        await sending


async def test_a_message_over_the_limit(port: int, connect: Connect) -> None:
    """S-243."""
    async with connect(port, compress=15, max_msg_size=1000) as ws:
        await ws.send_bytes(bytes(1001))
        message = await ws.receive()
    assert message.data.code == ws.close_code == 1009


@asynccontextmanager
async def echo_server(compress: int) -> AsyncIterator[int]:
    """The shell a demonstration needs around `EchoServer`; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
        server = EchoServer(compress=compress)
        answer = server.accept_handshake(CIMultiDict([(name, value) for name, value in fields]))
        lines = ["HTTP/1.1 101 Switching Protocols", *(f"{n}: {v}" for n, v in answer), "", ""]
        writer.write("\r\n".join(lines).encode())
        while not server.closed and (data := await reader.read(65536)):
            writer.write(server.receive_data(data))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield port_of(server)


@pytest.mark.parametrize("compress", [0, 15])
async def test_our_client_and_our_echo_server(connect: Connect, compress: int) -> None:
    """Both roles over a socket."""
    async with echo_server(compress) as port, connect(port, compress=15) as ws:
        assert ws.compress == compress
        for size in SIZES:
            await ws.send_bytes(b"x" * size)
            assert await ws.receive_bytes() == b"x" * size
    assert ws.close_code == 1000


@pytest.mark.parametrize("compress", [0, 9, 15])
async def test_the_client_of_the_peer_and_our_echo_server(compress: int) -> None:
    """The server role and `accept_handshake()` with another implementation."""
    async with (
        echo_server(compress) as port,
        peer_client.connect(f"ws://127.0.0.1:{port}", max_size=None) as connection,
    ):
        for size in SIZES:
            await connection.send("é" * size)
            await connection.send([b"fragment ", b"x" * size])
            assert await connection.recv() == "é" * size
            assert await connection.recv() == b"fragment " + b"x" * size
        await (await connection.ping(b"p"))
    assert connection.close_code == 1000
