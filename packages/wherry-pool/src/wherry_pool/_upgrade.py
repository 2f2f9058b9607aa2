"""A connection after 101 Switching Protocols, or after a 2xx to CONNECT: bytes in, bytes out.

Satisfies the transport Protocol of wherry-websocket without knowing it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio


class UpgradeReceiver(Protocol):
    """Who speaks the new protocol. All methods are called from the event loop."""

    def data_received(self, data: bytes, /) -> None:
        """Bytes arrived."""
        ...

    def connection_lost(self, exc: BaseException | None, /) -> None:
        """The connection is gone; called once."""
        ...

    def pause_writing(self) -> None:
        """The send buffer is full."""
        ...

    def resume_writing(self) -> None:
        """The send buffer has room again."""
        ...


class _Carrier(Protocol):
    @property
    def transport(self) -> asyncio.Transport | None: ...

    def close(self) -> None: ...


CLOSE_GRACE_S = 2.0
"""How long a closing connection may make no headway. asyncio would give a peer half a minute for
the farewell of TLS, and one that reads no more all the time it wants."""


class UpgradedConnection:
    """The raw connection. Bytes that arrive before `attach` are kept for the receiver."""

    def __init__(self, carrier: _Carrier, loop: asyncio.AbstractEventLoop, leftover: bytes) -> None:
        self._carrier = carrier
        self._loop = loop
        self._kept = [leftover] if leftover else []
        self._receiver: UpgradeReceiver | None = None
        self._is_lost = False
        self._loss: BaseException | None = None
        self._closing: asyncio.TimerHandle | None = None

    def attach(self, receiver: UpgradeReceiver, /) -> None:
        """Deliver to `receiver` from now on, kept bytes first, within this call.

        If the connection is gone already, the receiver hears of it in the next turn of the loop.
        """
        self._receiver = receiver
        self.resume_reading()  # before the kept bytes, at which the receiver may want to pause
        kept, self._kept = self._kept, []
        for data in kept:
            receiver.data_received(data)
        if self._is_lost:
            self._loop.call_soon(receiver.connection_lost, self._loss)

    def write(self, data: bytes, /) -> None:
        """Send `data`, or drop it if the connection is gone."""
        transport = self._carrier.transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    def pause_reading(self) -> None:
        """Let the peer wait."""
        if self._carrier.transport is not None:
            self._carrier.transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading."""
        if self._carrier.transport is not None:
            self._carrier.transport.resume_reading()

    def close(self) -> None:
        """Send what is buffered, then close; at once if that makes no headway for a while."""
        transport = self._carrier.transport
        if transport is not None and not transport.is_closing():
            transport.close()
            self._give_time(transport)

    def abort(self) -> None:
        """Close at once."""
        self._carrier.close()

    def is_closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        transport = self._carrier.transport
        return transport is None or transport.is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """What the transport knows, e.g. `peername` or `ssl_object`."""
        transport = self._carrier.transport
        return default if transport is None else transport.get_extra_info(name, default)

    # --- called by the connection --------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes for the new protocol."""
        if self._receiver is not None:
            self._receiver.data_received(data)
            return
        self._kept.append(data)
        self.pause_reading()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone."""
        if self._closing is not None:
            self._closing.cancel()
        self._is_lost = True
        self._loss = exc
        if self._receiver is not None:
            self._receiver.connection_lost(exc)

    def pause_writing(self) -> None:
        """The send buffer is full."""
        if self._receiver is not None:
            self._receiver.pause_writing()

    def resume_writing(self) -> None:
        """The send buffer has room again."""
        if self._receiver is not None:
            self._receiver.resume_writing()

    # --- closing -------------------------------------------------------------------------------

    def _give_time(self, transport: asyncio.Transport) -> None:
        self._closing = self._loop.call_later(
            CLOSE_GRACE_S, self._hurry, transport, _unsent(transport)
        )

    def _hurry(self, transport: asyncio.Transport, unsent: int) -> None:
        if 0 < _unsent(transport) < unsent:
            self._give_time(transport)  # slow, but it reads
        else:
            transport.abort()


def _unsent(transport: asyncio.Transport) -> int:
    """The bytes that `transport` has yet to send."""
    try:
        return transport.get_write_buffer_size()
    except AttributeError:  # asyncio's TLS transport, when the one below it is gone
        return 0
