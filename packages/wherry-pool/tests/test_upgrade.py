"""A connection that carries another protocol now."""

import asyncio

import pytest

from wherry_pool import Exchange, Http11Connection, UpgradedConnection
from wherry_pool._upgrade import CLOSE_GRACE_S
from wherry_pool.testing import ManualClock, MemoryTransport, RecordingOwner

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"


class Receiver:
    """Remembers what it is told; may pause when data comes."""

    def __init__(self, pausing: UpgradedConnection | None = None) -> None:
        self.events: list[object] = []
        self._pausing = pausing

    def data_received(self, data: bytes, /) -> None:
        self.events.append(data)
        if self._pausing is not None:
            self._pausing.pause_reading()

    def connection_lost(self, exc: BaseException | None, /) -> None:
        self.events.append(("lost", exc))

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


class SlowTransport(MemoryTransport):
    """Its peer has still to take `unsent` bytes."""

    unsent = 0

    def get_write_buffer_size(self) -> int:
        return self.unsent


async def upgraded(
    leftover: bytes = b"", transport_class: type[MemoryTransport] = MemoryTransport
) -> tuple[UpgradedConnection, MemoryTransport]:
    loop = asyncio.get_running_loop()
    connection = Http11Connection(RecordingOwner(), loop, memoryview(bytearray(4096)), 15.0, "h")
    transport = transport_class(loop, connection, extra={"peername": ("192.0.2.1", 80)})
    exchange = Exchange("GET", b"GET", loop.create_future())
    connection.start(exchange)
    transport.writes.clear()
    transport.feed(SWITCH + leftover)
    await exchange.waiter
    return connection.take_over(exchange), transport


async def test_bytes_before_attach_are_kept_in_order() -> None:
    """S-064, SEC-56: those that came with the head first; the peer waits meanwhile."""
    connection, transport = await upgraded(b"one")
    transport.feed(b"two")
    assert not transport.is_reading()
    transport.feed(b"three")
    receiver = Receiver()

    connection.attach(receiver)
    await turn()

    assert receiver.events == [b"one", b"two", b"three"]
    transport.feed(b"four")
    assert receiver.events[-1] == b"four"


async def test_receiver_may_pause_at_the_kept_bytes() -> None:
    """Attaching must not undo it."""
    connection, transport = await upgraded(b"one")

    connection.attach(Receiver(connection))

    assert not transport.is_reading()
    connection.resume_reading()
    assert transport.is_reading()


async def test_loss_is_told_once() -> None:
    """At once if there is a receiver, else in the turn after it is attached."""
    early, late = Receiver(), Receiver()
    connection, transport = await upgraded()
    connection.attach(early)
    error = ConnectionResetError(104, "reset")
    transport.lose(error)
    assert early.events == [("lost", error)]

    connection, transport = await upgraded(b"last words")
    transport.lose(error)
    connection.attach(late)
    assert late.events == [b"last words"]
    await turn()
    assert late.events == [b"last words", ("lost", error)]
    assert connection.is_closing()


async def test_writes_reach_the_transport_and_back_pressure_the_receiver() -> None:
    """And nothing is written to a connection that is gone."""
    connection, transport = await upgraded()
    receiver = Receiver()
    connection.attach(receiver)
    transport.stall()
    connection.write(b"a" * 100_000)
    transport.flow()
    assert transport.written == b"a" * 100_000
    assert receiver.events == ["pause", "resume"]

    transport.lose()
    connection.write(b"late")
    connection.pause_reading()
    connection.resume_reading()
    connection.close()
    assert transport.written == b"a" * 100_000


@pytest.mark.parametrize("is_abrupt", [True, False])
async def test_connection_can_be_closed(is_abrupt: bool) -> None:
    """Orderly or at once; the receiver hears of it."""
    connection, transport = await upgraded()
    receiver = Receiver()
    connection.attach(receiver)

    connection.abort() if is_abrupt else connection.close()

    assert connection.is_closing()
    assert transport.is_aborted is is_abrupt
    await turn()
    assert receiver.events == [("lost", None)]


async def test_transport_can_be_asked() -> None:
    """What the pool does not know it does not hide."""
    connection, transport = await upgraded()

    assert connection.get_extra_info("peername") == ("192.0.2.1", 80)
    assert connection.get_extra_info("cipher", "none") == "none"
    transport.lose()
    assert connection.get_extra_info("peername", "gone") == "gone"


async def test_close_waits_for_a_slow_peer_but_not_for_a_dead_one(clock: ManualClock) -> None:
    """S-173: what is buffered goes out while the peer takes any; no half minute of TLS."""
    connection, transport = await upgraded(transport_class=SlowTransport)
    assert isinstance(transport, SlowTransport)
    receiver = Receiver()
    connection.attach(receiver)
    transport.stall()
    connection.write(b"a" * 1000)
    transport.unsent = 1000
    connection.close()
    connection.close()
    transport.unsent = 600
    await clock.advance(CLOSE_GRACE_S)
    was_aborted_early = transport.is_aborted

    await clock.advance(CLOSE_GRACE_S)

    assert (was_aborted_early, transport.is_aborted) == (False, True)
    assert receiver.events == [("lost", None)]


async def test_close_that_is_through_leaves_no_timer(clock: ManualClock) -> None:
    """Nor a second abort of whatever comes later."""
    connection, transport = await upgraded()
    connection.close()
    await clock.turn()
    assert transport.is_lost

    await clock.advance(CLOSE_GRACE_S)

    assert not transport.is_aborted
