"""Whether a transport keeps the promises of `FrameTransport`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from ..protocols import FrameTransport
from ._memory import MemoryPeer


class PeerEnd(Protocol):
    """The far end of a transport under check, in the hands of `check_frame_transport()`."""

    async def send(self, data: bytes, /) -> None:
        """Send `data` to the transport under check."""

    async def receive(self, size: int, /) -> bytes:
        """Exactly `size` bytes, fewer at the end of the connection."""
        ...

    async def close(self) -> None:
        """End the connection in an orderly way."""


OpenPair = Callable[[bytes], Awaitable[tuple[FrameTransport, PeerEnd]]]


async def check_frame_transport(open_pair: OpenPair) -> None:
    """Raise AssertionError unless transports from `open_pair` do what `FrameTransport` promises.

    `open_pair(early)` makes a fresh connection and returns the transport under check and its far
    end; `early` are bytes that arrived together with the handshake. It is called several times.
    """
    for check in (_check_early, _check_order, _check_pause, _check_close, _check_peer_close):
        await check(open_pair)
    await _check_abort(open_pair)
    await _check_back_pressure(open_pair)


def _expect(condition: bool, rule: str) -> None:
    # Not an assert: the check also has to work under python -O.
    if not condition:
        raise AssertionError(f"not what a FrameTransport does: {rule}")


async def _check_early(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"early")
    _expect(not transport.is_closing(), "it is open before attach()")
    near = MemoryPeer(transport)
    _expect(near.received == b"early", "early bytes are delivered within attach()")
    await far.send(b"late")
    _expect(await near.receive(9) == b"earlylate", "later bytes follow the early ones")
    unset = object()
    _expect(
        transport.get_extra_info("no such name", unset) is unset,
        "get_extra_info() returns the default for an unknown name",
    )
    transport.abort()


async def _check_order(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    pieces = [bytes(range(number)) * 37 for number in range(1, 60)]
    for piece in pieces:
        transport.write(piece)
        await far.send(piece)
    whole = b"".join(pieces)
    _expect(await far.receive(len(whole)) == whole, "writes arrive whole and in order")
    _expect(await near.receive(len(whole)) == whole, "reads arrive whole and in order")
    transport.abort()


async def _check_pause(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    transport.pause_reading()
    transport.pause_reading()
    await far.send(b"x" * 1000)
    transport.write(b"y")
    await far.receive(1)  # by now the bytes have had their chance
    for _ in range(5):
        await asyncio.sleep(0)
    _expect(not near.received, "nothing is delivered while reading is paused")
    transport.resume_reading()
    transport.resume_reading()
    _expect(await near.receive(1000) == b"x" * 1000, "delivery goes on after resume_reading()")
    transport.abort()


async def _check_close(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    transport.write(b"z" * 10_000)
    transport.close()
    transport.close()
    _expect(transport.is_closing(), "is_closing() is true after close()")
    transport.write(b"ignored")
    _expect(await far.receive(10_001) == b"z" * 10_000, "close() sends what was written before")
    await far.close()
    await near.until(lambda: bool(near.ends))
    _expect(near.ends == [None], "connection_lost(None) comes once after close()")


async def _check_peer_close(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    await far.send(b"bye")
    await far.close()
    await near.until(lambda: bool(near.ends))
    _expect(near.received == b"bye", "bytes before the peer's end are delivered")
    _expect(transport.is_closing(), "is_closing() is true after the peer's end")
    transport.write(b"ignored")
    transport.close()
    await asyncio.sleep(0)
    _expect(len(near.ends) == 1, "connection_lost() comes once")


async def _check_abort(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    transport.abort()
    transport.abort()
    _expect(transport.is_closing(), "is_closing() is true after abort()")
    await near.until(lambda: bool(near.ends))
    await asyncio.sleep(0)
    _expect(len(near.ends) == 1, "connection_lost() comes once after abort()")
    await far.close()


async def _check_back_pressure(open_pair: OpenPair) -> None:
    transport, far = await open_pair(b"")
    near = MemoryPeer(transport)
    block, written = bytes(1 << 20), 0
    while not near.pauses and written < 64 * len(block):
        transport.write(block)
        written += len(block)
    _expect(near.pauses == ["pause"], "pause_writing() is called before 64 MiB are waiting")
    _expect(len(await far.receive(written)) == written, "writes after the pause are sent too")
    await near.until(lambda: near.pauses[-1] == "resume")
    transport.abort()
    await far.close()
