"""The connection of a response, as its user may hold it (S-129).

It stands for one exchange: when that is over, the connection behind it may serve somebody else, and
nothing done here reaches it any more.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from ._exchange import Exchange
    from .protocols import HttpConnection


class Connection:
    """A connection while it carries `exchange`. Close or release it; the response does so too."""

    _is_given_up = True
    """Of the class, so that `__del__` finds it whatever the constructor failed on."""

    def __init__(self, protocol: HttpConnection, exchange: Exchange) -> None:
        self._protocol = protocol
        self._exchange = exchange
        self._callbacks: list[Callable[[], None]] = []
        self._is_given_up = False
        # Weak: the exchange must not keep alive what nobody holds any more (S-177).
        exchange.call_at_end(_Ending(self))

    def __repr__(self) -> str:
        return f"<Connection {'closed' if self.closed else repr(self._protocol)}>"

    def __bool__(self) -> bool:
        return True

    def __del__(self) -> None:
        if self.closed:
            return
        loop = self._exchange.waiter.get_loop()
        if loop.is_closed():
            return  # the connection went with it
        warnings.warn(f"Unclosed connection {self!r}", ResourceWarning, source=self, stacklevel=2)
        self.close()
        loop.call_exception_handler({"client_connection": self, "message": "Unclosed connection"})

    @property
    def closed(self) -> bool:
        """Whether it was closed or released, by hand or because the response was complete."""
        return self._is_given_up or self._exchange.is_over

    @property
    def protocol(self) -> HttpConnection | None:
        """What speaks HTTP over the connection; None once it is closed or released."""
        return None if self.closed else self._protocol

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport; None once it is closed or released."""
        return None if self.closed else self._protocol.transport

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop it belongs to (deprecated)."""
        warnings.warn(
            "Connection.loop is deprecated; use asyncio.get_running_loop()",
            DeprecationWarning,
            stacklevel=2,
        )
        return self._exchange.waiter.get_loop()

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when the connection is closed or released; at once if it is.

        What it raises is dropped: there is nobody to tell, and the next one has to be called.
        """
        self._callbacks.append(callback)
        if self.closed:
            self.run_callbacks()

    def close(self) -> None:
        """Close the connection, wherever its exchange stands. May be called again."""
        if not self.closed:
            self._is_given_up = True
            self._protocol.abort(self._exchange)
            self.run_callbacks()

    def release(self) -> None:
        """Give up what has not been read; the connection lives on if it is still good."""
        if not self.closed:
            self._is_given_up = True
            self._protocol.release(self._exchange)
            self.run_callbacks()

    def run_callbacks(self) -> None:
        """Tell those who asked that it is over, once. Called by the exchange."""
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            with contextlib.suppress(Exception):
                callback()


class _Ending:
    """Tells a connection, if it is still there, that its exchange is over."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = weakref.ref(connection)

    def __call__(self) -> None:
        connection = self._connection()
        if connection is not None:
            connection.run_callbacks()
