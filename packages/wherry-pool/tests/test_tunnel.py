"""What is said to a proxy, and handing its connection over: without a network."""

import asyncio
import ssl

import pytest

from wherry_codec import RemoteProtocolError
from wherry_errors import (
    ClientConnectionError,
    ClientHttpProxyError,
    ClientOSError,
    ServerDisconnectedError,
)
from wherry_pool import ConnectionKey
from wherry_pool._connect import ConnectHandshake
from wherry_pool._socks import SocksHandshake, socks5_steps
from wherry_pool._tunnel import Conversation, Handshake, attach, secure
from wherry_pool.testing import MemoryTransport

OK = b"HTTP/1.1 200 OK\r\n\r\n"


class Final(asyncio.Protocol):
    """Whom the connection is for."""

    def __init__(self) -> None:
        self.transport: asyncio.BaseTransport | None = None
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data


async def begin(handshake: Handshake) -> tuple[MemoryTransport, asyncio.Future[None]]:
    """A conversation that has just begun."""
    conversation = Conversation(handshake, "the proxy p.test:3128")
    transport = MemoryTransport(asyncio.get_running_loop(), conversation)
    holding = asyncio.ensure_future(conversation.hold(transport))
    await asyncio.sleep(0)
    return transport, holding


async def test_conversation_goes_back_and_forth() -> None:
    """SEC-58: each answer leads to the next request."""
    transport, holding = await begin(SocksHandshake(socks5_steps("h", 80)))

    transport.feed(b"\x05\x00")
    transport.feed(b"\x05\x00\x00\x01")
    assert not holding.done()
    transport.feed(b"\x7f\x00\x00\x01\x04\x38")
    await holding

    assert transport.writes == [b"\x05\x01\x00", b"\x05\x01\x00\x03\x01h\x00\x50"]


async def test_what_comes_after_the_answer_is_for_the_final_protocol() -> None:
    """SEC-59: nothing is read until the connection is handed over."""
    transport, holding = await begin(ConnectHandshake("a.test", 443))
    transport.feed(OK)
    transport.feed(b"target")
    await holding

    final = Final()
    attach(transport, lambda: final)
    assert final.received == b""
    await asyncio.sleep(0)

    assert final.received == b"target"
    assert final.transport is transport


async def test_bytes_delivered_in_spite_of_the_pause_are_refused() -> None:
    """SEC-59: some transports deliver what they have already read."""
    transport, holding = await begin(ConnectHandshake("a.test", 443))
    transport.feed(OK)
    protocol = transport.get_protocol()
    assert isinstance(protocol, Conversation)
    protocol.data_received(b"more")

    with pytest.raises(ClientConnectionError, match=r"p.test:3128 sent more than its answer"):
        await holding


async def test_proxy_that_speaks_first_is_refused() -> None:
    """SEC-59: it cannot be an answer."""
    conversation = Conversation(ConnectHandshake("a.test", 443), "the proxy p.test:3128")
    transport = MemoryTransport(asyncio.get_running_loop(), conversation)
    transport.feed(OK)

    with pytest.raises(ClientConnectionError, match="spoke before it was spoken to"):
        await conversation.hold(transport)


@pytest.mark.parametrize(("said", "where"), [(b"", "before a response"), (b"HTTP/1.1", "middle")])
async def test_proxy_that_hangs_up_is_disconnected(said: bytes, where: str) -> None:
    """S-167."""
    transport, holding = await begin(ConnectHandshake("a.test", 443))
    transport.feed(said)
    transport.feed_eof()

    with pytest.raises(ServerDisconnectedError, match=rf"the proxy p.test:3128 ended .*{where}"):
        await holding


async def test_connection_that_breaks_is_an_os_error() -> None:
    """S-167: with the number of the operating system."""
    transport, holding = await begin(ConnectHandshake("a.test", 443))
    transport.lose(ConnectionResetError(104, "Connection reset by peer"))

    with pytest.raises(ClientOSError, match="Connection reset by peer") as got:
        await holding

    assert got.value.errno == 104


async def test_connection_lost_before_the_first_word() -> None:
    """S-167: the conversation was never begun."""
    conversation = Conversation(ConnectHandshake("a.test", 443), "the proxy")
    transport = MemoryTransport(asyncio.get_running_loop(), conversation)
    transport.lose()

    with pytest.raises(ServerDisconnectedError):
        await conversation.hold(transport)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", ClientHttpProxyError),
        (b"nonsense\r\n\r\n", RemoteProtocolError),
    ],
)
async def test_errors_of_the_handshake_are_raised(answer: bytes, error: type[Exception]) -> None:
    """S-167."""
    transport, holding = await begin(ConnectHandshake("a.test", 443))
    transport.feed(answer)
    transport.feed_eof()

    with pytest.raises(error):
        await holding


async def test_transport_without_start_tls_is_told_apart() -> None:
    """S-169: the dialer words it."""
    transport = MemoryTransport(asyncio.get_running_loop(), Final())
    key = ConnectionKey("a.test", 443, True)

    with pytest.raises(TypeError, match="not supported by start_tls"):
        await secure(transport, key, ssl.create_default_context())


class Lost(asyncio.Transport):
    """What `start_tls` may return for a connection that broke meanwhile."""

    def is_closing(self) -> bool:
        return True


class Talkative(asyncio.Transport):
    """Open."""

    def is_closing(self) -> bool:
        return False


class OddLoop(asyncio.SelectorEventLoop):
    """Its TLS is done at once and comes to `result`; `greeting` is what the target says first."""

    result: asyncio.Transport | None = None
    greeting = b""

    async def start_tls(  # type: ignore[override]
        self, transport: object, protocol: asyncio.Protocol, *args: object, **kwargs: object
    ) -> asyncio.Transport | None:
        if self.greeting:
            protocol.data_received(self.greeting)
        return self.result


@pytest.mark.parametrize("result", [None, Lost()])
def test_connection_that_broke_during_tls_is_disconnected(result: asyncio.Transport | None) -> None:
    """S-167: asyncio returns None then, or a transport that is closed."""
    with asyncio.Runner(loop_factory=OddLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, OddLoop)
        loop.result = result
        key = ConnectionKey("a.test", 443, True)
        transport = MemoryTransport(loop, Final())

        with pytest.raises(ServerDisconnectedError, match=r"a.test:443 ended after TLS began"):
            runner.run(secure(transport, key, ssl.create_default_context()))


def test_target_that_speaks_before_it_is_asked_is_refused() -> None:
    """SEC-13: its bytes must not pass for the answer to a request."""
    with asyncio.Runner(loop_factory=OddLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, OddLoop)
        loop.result, loop.greeting = Talkative(), b"HTTP/1.1 200 OK\r\n\r\n"
        key = ConnectionKey("a.test", 443, True)
        transport = MemoryTransport(loop, Final())

        with pytest.raises(ClientConnectionError, match=r"a.test:443 sent bytes before it was"):
            runner.run(secure(transport, key, ssl.create_default_context()))
