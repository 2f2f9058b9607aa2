"""What ships for tests: the transports in memory, the check, the echoing server."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from multidict import CIMultiDict

from wherry_websocket import (
    ClientWebSocketResponse,
    FrameTransport,
    HandshakeRefused,
    Role,
    State,
    WebSocketProtocol,
    WSMsgType,
    check_handshake,
    handshake_fields,
)
from wherry_websocket.testing import (
    EchoServer,
    MemoryPeer,
    MemoryTransport,
    PeerEnd,
    ServerEnd,
    check_frame_transport,
    memory_pair,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


async def open_memory(early: bytes) -> tuple[FrameTransport, PeerEnd]:
    one, other = memory_pair()
    far = MemoryPeer(other)
    await far.send(early)
    return one, far


async def test_the_memory_transport_is_a_frame_transport() -> None:
    """The check that any implementation can run."""
    await check_frame_transport(open_memory)


async def test_an_asyncio_stream_can_be_a_frame_transport(
    socket_transport: Callable[[], Any],
) -> None:
    """The same check over loopback sockets."""
    accepted: asyncio.Queue[Any] = asyncio.Queue()

    def accept() -> Any:
        transport = socket_transport()
        accepted.put_nowait(transport)
        return transport

    loop = asyncio.get_running_loop()
    server = await loop.create_server(accept, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()

    async def open_socket(early: bytes) -> tuple[FrameTransport, PeerEnd]:
        _, transport = await loop.create_connection(socket_transport, *address)
        far = MemoryPeer(await accepted.get())
        await far.send(early)
        await transport.early(len(early))
        return transport, far

    async with server:
        await check_frame_transport(open_socket)


class Broken(MemoryTransport):
    """Breaks one promise each, by name."""

    broken = ""

    def attach(self, receiver: Any, /) -> None:
        if self.broken == "early":
            asyncio.get_running_loop().call_soon(super().attach, receiver)
        else:
            super().attach(receiver)

    def pause_reading(self) -> None:
        if self.broken != "pause":
            super().pause_reading()

    def close(self) -> None:
        if self.broken == "close":
            self.abort()
        else:
            super().close()

    def is_closing(self) -> bool:
        return self.broken != "is_closing" and super().is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        return None if self.broken == "extra" else super().get_extra_info(name, default)

    def write(self, data: bytes, /) -> None:
        super().write(data[::-1] if self.broken == "order" else data)


@pytest.mark.parametrize("fault", ["early", "pause", "close", "is_closing", "extra", "order"])
async def test_the_check_finds_a_broken_promise(fault: str) -> None:
    """A check that cannot fail would be worth nothing."""

    async def open_broken(early: bytes) -> tuple[FrameTransport, PeerEnd]:
        loop = asyncio.get_running_loop()
        one, other = (
            kind(loop, high_water=65536, extra_info={}) for kind in (Broken, MemoryTransport)
        )
        one.connect(other)
        other.connect(one)
        Broken.broken = fault
        far = MemoryPeer(other)
        await far.send(early)
        return one, far

    with pytest.raises(AssertionError, match="not what a FrameTransport does"):
        await check_frame_transport(open_broken)


async def test_the_check_finds_missing_back_pressure() -> None:
    """64 MiB may not pile up without `pause_writing()`."""

    async def open_endless(early: bytes) -> tuple[FrameTransport, PeerEnd]:
        one, other = memory_pair(high_water=1 << 40)
        far = MemoryPeer(other)
        await far.send(early)
        return one, far

    with pytest.raises(AssertionError, match="pause_writing"):
        await check_frame_transport(open_endless)


# EchoServer


def agree(server: EchoServer, compress: int = 0) -> WebSocketProtocol:
    fields = handshake_fields(KEY, protocols=["chat"], compress=compress)
    answer = CIMultiDict(server.accept_handshake(CIMultiDict(fields)))
    agreed = check_handshake(101, answer, KEY, protocols=["chat"], compress=compress)
    return WebSocketProtocol(
        Role.CLIENT,
        compress=agreed.compress,
        client_notakeover=agreed.client_notakeover,
        server_notakeover=agreed.server_notakeover,
    )


@pytest.mark.parametrize("compress", [0, 9, 15])
def test_the_echo_server_echoes(compress: int) -> None:
    """Without I/O, whole and in pieces."""
    server = EchoServer(protocols=["chat"], compress=15)
    client = agree(server, compress)
    wire = client.send_text("é") + client.ping(b"p") + client.send_binary(b"b" * 1000)

    back = b"".join(server.receive_data(wire[i : i + 1]) for i in range(len(wire)))

    assert [message.data for message in client.receive_data(back)] == ["é", b"b" * 1000]
    assert server.receive_data(client.send_text("x"))[0] & 0x40 == (0x40 if compress else 0)


def test_the_echo_server_answers_what_came_before_a_close_frame() -> None:
    """All in one read."""
    server = EchoServer()
    client = agree(server)

    back = server.receive_data(client.send_text("a") + client.send_text("b") + client.close(3000))

    assert [m.data for m in client.receive_data(back)] == ["a", "b", 3000]
    assert server.closed
    assert client.state is State.CLOSED


def test_the_echo_server_may_close_first() -> None:
    """RFC 6455 §7.1.2."""
    server = EchoServer()
    client = agree(server)

    assert client.receive_data(server.close(1001, b"bye"))[0].type is WSMsgType.CLOSE
    assert server.receive_data(client.data_to_send()) == b""
    assert server.closed


def test_the_echo_server_refuses_what_is_no_handshake() -> None:
    """RFC 6455 §4.2.2: to be answered with status 400."""
    with pytest.raises(HandshakeRefused):
        EchoServer().accept_handshake(CIMultiDict())


def test_the_echo_server_limits_messages() -> None:
    """S-243, from the other side."""
    server = EchoServer(max_msg_size=10)
    client = agree(server)

    assert client.receive_data(server.receive_data(client.send_text("x" * 11)))[0].data == 1009
    assert server.closed


async def test_a_server_end_shows_what_it_was_sent() -> None:
    """The far end for tests of code that holds a `ClientWebSocketResponse`."""
    one, other = memory_pair()
    end = ServerEnd(other)
    ws = ClientWebSocketResponse(one)
    await ws.send_str("hello")

    assert (await end.next_message()).data == "hello"
    end.abort()
    assert (await ws.receive()).type is WSMsgType.CLOSED
    assert (await end.next_message()).type is WSMsgType.CLOSED
    assert end.lost
