"""The fakes do what they say, and the checks find what is wrong."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from wherry_errors import ClientConnectionResetError
from wherry_pool import ConnectionKey, Exchange
from wherry_pool.protocols import ByteSink, ConnectionOwner, HttpConnection, ResolveResult
from wherry_pool.testing import (
    FakeAddressPolicy,
    FakeBody,
    FakeConnection,
    FakeResolver,
    ManualClock,
    MemoryDialer,
    MemorySink,
    MemoryTransport,
    RecordingOwner,
    check_address_policy,
    check_dialer,
    check_dialer_asks_policy,
    check_http_connection,
    check_request_body,
    check_resolver,
)

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Recorder(asyncio.Protocol):
    """Remembers what its transport tells it."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def data_received(self, data: bytes) -> None:
        self.events.append(data)

    def eof_received(self) -> None:
        self.events.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append(("lost", exc))

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")


class Buffered(asyncio.BufferedProtocol):
    """Receives into a buffer of four bytes."""

    def __init__(self) -> None:
        self.buffer = bytearray(4)
        self.received = b""

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.received += self.buffer[:nbytes]


async def turn(times: int = 5) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


# --- MemoryTransport ---------------------------------------------------------------------------


async def test_transport_delivers_to_both_kinds_of_protocol() -> None:
    """A small buffer is filled as often as needed."""
    loop = asyncio.get_running_loop()
    plain, buffered = Recorder(), Buffered()
    MemoryTransport(loop, plain).feed(b"hello world")
    transport = MemoryTransport(loop, buffered)
    transport.feed(b"hello world")
    transport.feed(b"")

    assert plain.events == [b"hello world"]
    assert buffered.received == b"hello world"
    transport.set_protocol(plain)
    assert transport.get_protocol() is plain


async def test_paused_transport_delivers_when_it_is_resumed() -> None:
    """In order."""
    protocol = Recorder()
    transport = MemoryTransport(asyncio.get_running_loop(), protocol)
    transport.pause_reading()
    transport.feed(b"1")
    transport.feed(b"2")
    assert protocol.events == []

    transport.resume_reading()
    await turn()

    assert protocol.events == [b"1", b"2"]


async def test_stalled_transport_fills_up() -> None:
    """It pauses the protocol above the mark, and closing waits for the rest."""
    protocol = Recorder()
    transport = MemoryTransport(asyncio.get_running_loop(), protocol)
    transport.stall()
    transport.write(b"a" * 65536)
    assert protocol.events == []
    transport.writelines([b"b", b"c"])
    assert protocol.events == ["pause"]
    assert transport.get_write_buffer_size() == 65538
    transport.close()
    await turn()
    assert not transport.is_lost

    transport.flow()
    await turn()

    assert protocol.events == ["pause", "resume", ("lost", None)]
    transport.write(b"late")
    assert transport.written == b"a" * 65536 + b"bc"


async def test_transport_ends_once() -> None:
    """However often it is told."""
    for end in ("close", "abort", "lose", "feed_eof"):
        protocol = Recorder()
        transport = MemoryTransport(asyncio.get_running_loop(), protocol)
        getattr(transport, end)()
        transport.close()
        transport.abort()
        await turn()
        transport.lose(OSError("late"))

        assert [event for event in protocol.events if event != "eof"] == [("lost", None)]
        transport.feed(b"late")
        assert b"late" not in protocol.events


# --- MemoryDialer ------------------------------------------------------------------------------


async def test_script_answers_whole_requests(key: ConnectionKey) -> None:
    """One answer a request, its steps one a turn; the rest is done by hand."""
    dialer = MemoryDialer(extra={"peername": "here"})
    with pytest.raises(RuntimeError, match="nothing was dialled"):
        _ = dialer.transport
    dialer.script(b"one", b"two", None)
    dialer.script(ConnectionResetError(104, "reset"))
    protocol = Recorder()
    transport = await dialer.dial(key, lambda: protocol)
    assert transport is dialer.transport
    assert transport.get_extra_info("peername") == "here"

    transport.write(GET[:10])
    await turn()
    assert protocol.events == []
    transport.write(GET[10:])
    await turn(1)
    assert protocol.events == [b"one"]
    await turn()
    assert protocol.events == [b"one", b"two", "eof", ("lost", None)]

    protocol = Recorder()
    transport = await dialer.dial(key, lambda: protocol)
    transport.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n")
    await turn()
    assert protocol.events == []
    transport.write(b"ab")
    await turn()
    assert repr(protocol.events) == "[('lost', ConnectionResetError(104, 'reset'))]"
    assert dialer.routes == [key, key]


async def test_bytes_that_are_no_request_are_only_recorded(key: ConnectionKey) -> None:
    """A tunnelled protocol, say."""
    dialer = MemoryDialer()
    dialer.script(OK)
    transport = await dialer.dial(key, Recorder)

    transport.write(b"\x16\x03\x01 hello\r\n\r\n")
    await turn()

    assert dialer.transport.written == b"\x16\x03\x01 hello\r\n\r\n"
    transport.abort()


async def test_memory_dialer_is_a_dialer(key: ConnectionKey) -> None:
    """And can refuse, and wait."""
    dialer = MemoryDialer()
    await check_dialer(dialer, key)
    assert dialer.is_closed

    dialer.refuse(OSError("refused"))
    with pytest.raises(OSError, match="refused"):
        await dialer.dial(key, Recorder)
    dialer.hold()
    dialling = asyncio.ensure_future(dialer.dial(key, Recorder))
    await turn()
    assert not dialling.done()
    dialer.let_go()
    (await dialling).abort()


class SharedProtocolDialer(MemoryDialer):
    """Attaches a protocol of its own."""

    async def dial(self, *_: Any, **__: Any) -> asyncio.Transport:
        return MemoryTransport(asyncio.get_running_loop(), Recorder())


class DeadDialer(MemoryDialer):
    """Gives out closed transports."""

    async def dial(self, *args: Any, **kwargs: Any) -> asyncio.Transport:
        transport = await super().dial(*args, **kwargs)
        transport.close()
        return transport


class HastyDialer(MemoryDialer):
    """Says that it took less than no time."""

    async def dial(self, *args: Any, **kwargs: Any) -> asyncio.Transport:
        transport = await super().dial(*args, **kwargs)
        kwargs["timings"].connect = -1.0
        return transport


class DeafDialer(MemoryDialer):
    """Accepts what should be refused."""


@pytest.mark.parametrize(
    ("dialer", "text"),
    [
        (SharedProtocolDialer, "should come from the factory"),
        (DeadDialer, "should be open"),
        (HastyDialer, r"timings.connect should be seconds spent, got -1.0"),
        (DeafDialer, "should raise a ClientError"),
    ],
)
async def test_check_dialer_finds(
    dialer: type[MemoryDialer], text: str, key: ConnectionKey
) -> None:
    """What is wrong, in a sentence."""
    with pytest.raises(AssertionError, match=text):
        await check_dialer(dialer(), key, refused=key)


# --- the others --------------------------------------------------------------------------------


async def test_fake_resolver_is_a_resolver() -> None:
    """And tells what it was asked."""
    resolver = FakeResolver({"a.test": ["192.0.2.1", "2001:db8::1"]})

    results = await check_resolver(resolver, "a.test", "b.test")

    assert [result["host"] for result in results] == ["192.0.2.1", "2001:db8::1"]
    assert resolver.asked[0] == ("a.test", 8080, socket.AF_UNSPEC)
    assert resolver.is_closed


class NameResolver(FakeResolver):
    """Returns a port of its own."""

    async def resolve(self, *args: Any, **kwargs: Any) -> list[ResolveResult]:
        return [{**result, "port": 1} for result in await super().resolve(*args, **kwargs)]


async def test_check_resolver_finds() -> None:
    """A port that was not asked for, no address, an address for everything."""
    known = {"a.test": ["192.0.2.1"], "b.test": ["192.0.2.1"]}
    with pytest.raises(AssertionError, match="port should be 8080"):
        await check_resolver(NameResolver(known), "a.test", "c.test")
    with pytest.raises(AssertionError, match="unknown host should raise OSError"):
        await check_resolver(FakeResolver(known), "a.test", "b.test")


def new_exchange() -> Exchange:
    return Exchange("GET", GET, asyncio.get_running_loop().create_future())


class AnsweringConnection(FakeConnection):
    """Answers each exchange in the next turn."""

    def start(self, exchange: Exchange, /) -> None:
        super().start(exchange)
        asyncio.get_running_loop().call_soon(self._answer, exchange)

    def abort(self, exchange: Exchange, /) -> None:
        if not exchange.is_over:
            exchange.fail(ClientConnectionResetError("aborted"))
            self.break_off()

    def break_off(self) -> None:
        if self.exchange is not None:
            self.exchange.fail(ClientConnectionResetError("closed"))
        self.expiry = 0.0
        super().break_off()

    def _answer(self, exchange: Exchange) -> None:
        if self.exchange is exchange:
            exchange.head = exchange.head or _head()
            exchange.body = b""
            exchange.is_over = True
            exchange.waiter.set_result(None)
            self.finish()


def _head() -> Any:
    from wherry_codec import DEFAULT_LIMITS, match_response_head

    found = match_response_head(OK, DEFAULT_LIMITS)
    assert found is not None
    return found[0]


async def test_fake_connection_can_be_made_a_whole_one() -> None:
    """With answers added it passes the conformance check of `HttpConnection`."""

    async def open_connection(owner: ConnectionOwner) -> HttpConnection:
        return AnsweringConnection(owner)

    await check_http_connection(open_connection, new_exchange)


class Forgetful(AnsweringConnection):
    """Does not give itself back."""

    def finish(self) -> None:
        self.exchange = None


class Clinging(AnsweringConnection):
    """Keeps its place when an exchange was never started."""

    def abort(self, exchange: Exchange, /) -> None:
        if self.exchange is exchange:
            super().abort(exchange)


class Timeless(AnsweringConnection):
    """Does not look at the clock."""

    def check_deadlines(self, now: float) -> None:
        pass


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Forgetful, "the owner should get the connection back"),
        (Clinging, "never started should give the connection up"),
        (Timeless, "should fail an exchange that is overdue"),
    ],
)
async def test_check_http_connection_finds(kind: type[AnsweringConnection], text: str) -> None:
    """What is wrong, in a sentence."""

    async def open_connection(owner: ConnectionOwner) -> HttpConnection:
        return kind(owner)

    with pytest.raises(AssertionError, match=text):
        await check_http_connection(open_connection, new_exchange)


async def test_fake_connection_has_nothing_to_take_over() -> None:
    """And starts nothing after it was closed."""
    connection = FakeConnection(RecordingOwner())
    exchange = new_exchange()
    with pytest.raises(ClientConnectionResetError):
        connection.take_over(exchange)
    connection.close()
    with pytest.raises(ClientConnectionResetError):
        connection.start(exchange)
    exchange.waiter.cancel()


async def test_fake_body_can_fail_or_hang() -> None:
    """After its pieces."""
    sink = MemorySink()
    with pytest.raises(OSError, match="disk"):
        await FakeBody([b"ab"], error=OSError("disk")).write(sink)
    hanging = asyncio.ensure_future(FakeBody([b"c"], is_endless=True).write(sink))
    await turn()
    assert not hanging.done()
    hanging.cancel()

    assert sink.pieces == [b"ab", b"c"]
    assert sink.data == b"abc"


async def test_check_request_body_finds_a_swallowed_cancellation() -> None:
    """A body that turns it into another error."""

    class Stubborn(FakeBody):
        async def write(self, sink: ByteSink, /) -> None:
            try:
                await super().write(sink)
            except asyncio.CancelledError:
                raise ValueError("no") from None

    with pytest.raises(AssertionError, match="cancelling write"):
        await check_request_body(lambda: Stubborn([b"a"]))


async def test_jumps_of_the_clock_are_no_slow_callbacks(caplog: pytest.LogCaptureFixture) -> None:
    """In debug mode asyncio logs callbacks that take long."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    duration = loop.slow_callback_duration

    with ManualClock(loop, 10.0**9) as clock:
        await clock.advance(100)
    await turn()

    assert caplog.records == []
    assert loop.slow_callback_duration == duration
    loop.set_debug(False)


async def test_clock_stands_still_until_it_is_told() -> None:
    """And the loop has its own time back afterwards."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    with ManualClock(loop, 50.0) as clock:
        assert loop.time() == 50.0
        fired: list[float] = []
        loop.call_later(3, lambda: fired.append(loop.time()))
        await clock.advance(2.5)
        assert fired == []
        await clock.advance(0.5)
        assert fired == [53.0]
    assert loop.time() >= before


# --- address policies --------------------------------------------------------------------------


def test_fake_policy_keeps_its_promises() -> None:
    """The conformance check of `AddressPolicy`."""
    policy = FakeAddressPolicy(["127.0.0.1"])

    check_address_policy(policy, allowed="192.0.2.1", refused="127.0.0.1")

    assert ("host.example", "192.0.2.1", 443) in policy.asked
    with pytest.raises(PermissionError):
        FakeAddressPolicy(refuses_all=True).check("a.test", "192.0.2.1", 80)


class Lax:
    """Refuses nothing."""

    def check(self, host: str, address: str, port: int, /) -> None:
        """Allow it."""


class Mute:
    """Does not say why."""

    def check(self, host: str, address: str, port: int, /) -> None:
        """Refuse what is near."""
        if address.startswith("127."):
            raise OSError


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (Lax(), "127.0.0.1 should raise OSError"),
        (Mute(), "should say why"),
        (FakeAddressPolicy(refuses_all=True), "192.0.2.1 is not allowed"),
    ],
)
def test_check_address_policy_finds(policy: Any, text: str) -> None:
    """What is wrong, in a sentence; or what the policy says."""
    with pytest.raises((AssertionError, PermissionError), match=text):
        check_address_policy(policy, allowed="192.0.2.1", refused="127.0.0.1")


class CarelessDialer(MemoryDialer):
    """Asks for nothing, and goes anywhere."""

    def __init__(self) -> None:
        super().__init__(extra={"peername": ("127.0.0.1", 80)})


class PoliteDialer(CarelessDialer):
    """Asks, and goes anywhere."""

    async def dial(self, route: ConnectionKey, *args: Any, **kwargs: Any) -> asyncio.Transport:
        if isinstance(route.address_policy, FakeAddressPolicy):
            with contextlib.suppress(OSError):
                route.address_policy.check(route.host, "127.0.0.1", 80)
        return await super().dial(route, *args, **kwargs)


@pytest.mark.parametrize(
    ("dialer", "text"),
    [
        (CarelessDialer, r"should have been asked for 127.0.0.1, got \[\]"),
        (PoliteDialer, "refuses every address"),
    ],
)
async def test_check_dialer_asks_policy_finds(
    dialer: type[CarelessDialer], text: str, key: ConnectionKey
) -> None:
    """What is wrong, in a sentence."""
    with pytest.raises(AssertionError, match=text):
        await check_dialer_asks_policy(dialer(), key)
    await asyncio.sleep(0)
