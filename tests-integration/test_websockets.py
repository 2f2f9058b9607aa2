"""WebSockets against the `websockets` library, an implementation of other people."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

import wherry

pytestmark = pytest.mark.network

MEGABYTE = bytes(range(256)) * 4096


async def _echo(connection: ServerConnection) -> None:
    """Send every message back; `bye` asks for a closing handshake, `cut` for none."""
    with contextlib.suppress(ConnectionClosed):
        async for message in connection:
            if message == "bye":
                await connection.close(4000, "as you wish")
            elif message == "cut":
                connection.transport.abort()
            elif message == "ping me":
                await (await connection.ping(b"are you there?"))
                await connection.send("you are")
            else:
                await connection.send(message)


@pytest.fixture
async def echo() -> AsyncIterator[str]:
    """A server that compresses if the client wants it."""
    async with serve(_echo, "127.0.0.1", 0, subprotocols=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def plain_echo() -> AsyncIterator[str]:
    """A server that never compresses."""
    async with serve(_echo, "127.0.0.1", 0, compression=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("compress", [0, 9, 15])
async def test_messages_come_back(session: wherry.ClientSession, echo: str, compress: int) -> None:
    """Text, binary, empty ones, a megabyte: with and without RFC 7692."""
    async with session.ws_connect(echo, compress=compress) as socket:
        assert bool(socket.compress) is bool(compress)
        for text in ("ahoy ⛵", "", "x" * 70_000):
            await socket.send_str(text)
            assert await socket.receive_str(timeout=10) == text
        for data in (b"\0\xff", b"", MEGABYTE):
            await socket.send_bytes(data)
            assert await socket.receive_bytes(timeout=10) == data
        await socket.send_json({"boat": "wherry"})
        assert await socket.receive_json(timeout=10) == {"boat": "wherry"}


async def test_compression_the_server_does_not_have_is_done_without(
    session: wherry.ClientSession, plain_echo: str
) -> None:
    """RFC 6455 §9.1: an offer is only an offer."""
    async with session.ws_connect(plain_echo, compress=15) as socket:
        assert not socket.compress
        await socket.send_str("plain")
        assert await socket.receive_str(timeout=10) == "plain"


async def test_many_messages_keep_their_order(session: wherry.ClientSession, echo: str) -> None:
    """A burst each way."""
    texts = [f"message {number}" for number in range(500)]
    async with session.ws_connect(echo) as socket:
        for text in texts:
            await socket.send_str(text)
        assert [await socket.receive_str(timeout=10) for _ in texts] == texts


async def test_the_client_closes(session: wherry.ClientSession, echo: str) -> None:
    """RFC 6455 §7.1.1: code and reason go, the code comes back."""
    socket = await session.ws_connect(echo)
    await socket.send_str("one")

    assert await socket.close(code=4001, message=b"enough") is True
    assert socket.closed
    assert socket.close_code == 4001


async def test_the_server_closes(session: wherry.ClientSession, echo: str) -> None:
    """S-265: iteration ends, and the code is there."""
    async with session.ws_connect(echo) as socket:
        await socket.send_str("one")
        await socket.send_str("bye")
        assert [message.data async for message in socket] == ["one"]
        assert socket.close_code == 4000
        assert socket.exception() is None


async def test_a_connection_that_breaks_is_told_apart(
    session: wherry.ClientSession, echo: str
) -> None:
    """RFC 6455 §7.1.5: no closing handshake is 1006."""
    async with session.ws_connect(echo) as socket:
        await socket.send_str("cut")
        message = await socket.receive(timeout=10)
        assert message.type in (wherry.WSMsgType.CLOSED, wherry.WSMsgType.ERROR)
        assert socket.close_code == wherry.WSCloseCode.ABNORMAL_CLOSURE


async def test_a_ping_is_answered_by_itself(session: wherry.ClientSession, echo: str) -> None:
    """RFC 6455 §5.5.2."""
    async with session.ws_connect(echo) as socket:
        await socket.send_str("ping me")
        assert await socket.receive_str(timeout=10) == "you are"


@pytest.mark.slow
async def test_a_heartbeat_keeps_the_connection(session: wherry.ClientSession, echo: str) -> None:
    """S-261: the server's pongs are noticed though nobody receives them."""
    async with session.ws_connect(echo, heartbeat=0.6) as socket:
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=1.5)
        await socket.send_str("still here")
        assert await socket.receive_str(timeout=10) == "still here"


async def test_a_subprotocol_is_agreed(session: wherry.ClientSession) -> None:
    """RFC 6455 §4.2.2."""
    async with serve(_echo, "127.0.0.1", 0, subprotocols=["chat.v2"]) as server:  # type: ignore[list-item]  # its NewType of str
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with session.ws_connect(url, protocols=("chat.v3", "chat.v2")) as socket:
            assert socket.protocol == "chat.v2"


async def test_a_message_too_big_ends_the_connection(
    session: wherry.ClientSession, echo: str
) -> None:
    """S-243: 1009, before it was kept."""
    async with session.ws_connect(echo, max_msg_size=1000) as socket:
        await socket.send_str("x" * 1000)
        assert len(await socket.receive_str(timeout=10)) == 1000
        await socket.send_str("x" * 1001)
        message = await socket.receive(timeout=10)
        assert message.type is wherry.WSMsgType.ERROR
        assert socket.close_code == wherry.WSCloseCode.MESSAGE_TOO_BIG


async def test_no_websocket_is_an_error(session: wherry.ClientSession, http_url: str) -> None:
    """S-216: an ordinary page does not switch protocols."""
    with pytest.raises(wherry.WSServerHandshakeError) as caught:
        await session.ws_connect(f"{http_url}/small.txt")

    assert caught.value.status == 200


async def test_a_websocket_over_tls(
    session: wherry.ClientSession, certificate: trustme.LeafCert, trusting: ssl.SSLContext
) -> None:
    """RFC 6455 §3: wss."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    async with serve(_echo, "127.0.0.1", 0, ssl=context) as server:
        url = f"wss://localhost:{server.sockets[0].getsockname()[1]}"
        async with session.ws_connect(url, ssl=trusting) as socket:
            await socket.send_bytes(MEGABYTE)
            assert await socket.receive_bytes(timeout=10) == MEGABYTE


async def test_closing_the_session_ends_open_sockets(echo: str) -> None:
    """S-174: whoever receives learns of it at once."""
    session = wherry.ClientSession()
    socket = await session.ws_connect(echo)
    receiving = asyncio.create_task(socket.receive())
    await asyncio.sleep(0)
    await session.close()

    message = await asyncio.wait_for(receiving, 10)
    assert message.type in (wherry.WSMsgType.CLOSED, wherry.WSMsgType.ERROR)
    assert socket.closed
