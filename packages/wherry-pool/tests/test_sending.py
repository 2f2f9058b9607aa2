"""A request body that takes time, on its way out."""

import asyncio

import pytest

from wherry_errors import ClientConnectionError, ClientConnectionResetError, ClientError
from wherry_pool import Exchange
from wherry_pool._sending import PIECE, BodySender
from wherry_pool.protocols import RequestBody
from wherry_pool.testing import FakeBody, ManualClock, MemoryTransport


class Carrier:
    """A connection that remembers what it is told, over a transport in memory."""

    name = "example.com:80"

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.is_write_paused = False
        self.transport: asyncio.Transport | None = None
        self.wire = MemoryTransport(loop, asyncio.Protocol())
        self.transport = self.wire
        self.sent: list[Exchange] = []
        self.failures: list[ClientError] = []

    def body_sent(self, exchange: Exchange, /) -> None:
        self.sent.append(exchange)

    def body_failed(self, exchange: Exchange, error: ClientError, /) -> None:
        self.failures.append(error)


def new_exchange(content_length: int | None = None, *, expects: bool = False) -> Exchange:
    exchange = Exchange("POST", b"HEAD", asyncio.get_running_loop().create_future())
    exchange.content_length = content_length
    exchange.expect_continue = expects
    return exchange


def send(carrier: Carrier, exchange: Exchange, body: bytes | RequestBody) -> BodySender:
    exchange.request_body = body
    sender = BodySender(carrier, asyncio.get_running_loop(), exchange, body)
    sender.begin()
    return sender


async def over(exchange: Exchange) -> None:
    assert exchange.sender is not None
    await asyncio.wait((exchange.sender,))


async def test_body_in_memory_leaves_in_pieces() -> None:
    """S-035: each may have to wait for the one before."""
    carrier, exchange = Carrier(), new_exchange()
    data = bytes(range(256)) * 1000
    send(carrier, exchange, data)
    await over(exchange)

    assert carrier.wire.written == data
    assert {len(piece) for piece in carrier.wire.writes[:-1]} == {PIECE}
    assert (carrier.sent, carrier.failures) == ([exchange], [])


@pytest.mark.parametrize("body", [b"", b"four", FakeBody([b"fo", b"ur"])])
async def test_bytes_on_the_wire_are_counted(body: bytes | RequestBody) -> None:
    """S-038, S-400: framing included."""
    carrier, exchange = Carrier(), new_exchange()
    send(carrier, exchange, body)
    await over(exchange)

    assert exchange.output_size == len(b"HEAD") + len(carrier.wire.written)


async def test_count_grows_as_the_transport_takes() -> None:
    """S-400: what waits for room was not sent yet."""
    carrier, exchange = Carrier(), new_exchange(3)
    carrier.is_write_paused = True
    sender = send(carrier, exchange, FakeBody([b"a", b"bc"]))
    await asyncio.sleep(0)
    assert exchange.output_size == len(b"HEAD") + 1
    assert not exchange.upload_complete.done()

    carrier.is_write_paused = False
    sender.resume_writing()
    await over(exchange)

    assert exchange.output_size == len(b"HEAD") + 3
    await exchange.upload_complete


async def test_progress_is_told_without_framing() -> None:
    """One call per piece; the total is what the head announced."""
    seen: list[tuple[int, int | None]] = []
    bodies: list[tuple[int | None, bytes | RequestBody]] = [
        (5, FakeBody([b"ab", b"", b"cde"])),
        (2, FakeBody([b"ab", b"surplus"])),
        (None, FakeBody([b"ab", b"cde"])),
        (None, b"x" * (PIECE + 1)),
    ]
    for length, body in bodies:
        exchange = new_exchange(length)
        exchange.upload_progress = lambda size, total: seen.append((size, total))
        send(Carrier(), exchange, body)
        await over(exchange)

    assert seen[:2] == [(2, 5), (5, 5)]
    assert seen[2:3] == [(2, 2)]
    assert seen[3:5] == [(2, None), (5, None)]
    assert seen[5:] == [(PIECE, PIECE + 1), (PIECE + 1, PIECE + 1)]


async def test_body_waits_for_the_go_ahead(clock: ManualClock) -> None:
    """S-397, DECISIONS C-12: a 100, or a second without one."""
    carrier, exchange = Carrier(), new_exchange(expects=True)
    sender = send(carrier, exchange, b"body")
    await clock.turn()
    assert carrier.wire.written == b""
    sender.go_on()
    sender.go_on()
    await clock.turn()
    assert carrier.wire.written == b"body"
    sender.go_on()

    carrier, exchange = Carrier(), new_exchange(expects=True)
    send(carrier, exchange, b"body")
    await clock.advance(0.9)
    assert carrier.wire.written == b""
    await clock.advance(0.2)
    assert carrier.wire.written == b"body"


async def test_transport_that_is_gone_fails_the_body() -> None:
    """S-036."""
    for is_lost in (True, False):
        carrier, exchange = Carrier(), new_exchange()
        if is_lost:
            carrier.transport = None
        else:
            carrier.wire.close()
        send(carrier, exchange, b"body")
        await over(exchange)

        assert [type(error) for error in carrier.failures] == [ClientConnectionResetError]
        assert "example.com:80" in str(carrier.failures[0])
        assert exchange.output_size == len(b"HEAD")


async def test_body_that_fails_is_reported_with_its_cause() -> None:
    """S-399, S-032: an error of its own, too few bytes, a cancellation from inside."""
    for body in (
        FakeBody([b"a"], error=ValueError("bad row")),
        FakeBody([b"a"]),
        FakeBody([b"a"], error=asyncio.CancelledError()),
    ):
        carrier, exchange = Carrier(), new_exchange(2)
        send(carrier, exchange, body)
        await over(exchange)

        assert [type(error) for error in carrier.failures] == [ClientConnectionError]
        assert carrier.sent == []
        await exchange.upload_complete


@pytest.mark.parametrize("is_paused", [True, False])
async def test_sending_can_be_given_up(is_paused: bool) -> None:
    """S-134, S-400: wherever it waits; the upload counts as complete then."""
    carrier, exchange = Carrier(), new_exchange()
    carrier.is_write_paused = is_paused
    sender = send(carrier, exchange, FakeBody([b"a", b"b"], is_endless=True))
    await asyncio.sleep(0)
    complete = exchange.upload_complete
    assert not complete.done()

    sender.cancel()
    await over(exchange)

    assert exchange.sender is not None
    assert exchange.sender.cancelled()
    await complete
    assert carrier.sent == []
    sender.resume_writing()


async def test_cancel_before_the_beginning_is_harmless() -> None:
    """Nothing was started, so nothing has to stop."""
    exchange = new_exchange()
    BodySender(Carrier(), asyncio.get_running_loop(), exchange, b"").cancel()

    assert exchange.sender is None
