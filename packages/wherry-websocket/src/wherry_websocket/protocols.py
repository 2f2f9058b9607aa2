"""What a WebSocket needs from the connection below it. Declared here, satisfied by whoever has an
upgraded connection.
"""

from typing import Protocol

__all__ = ["FrameReceiver", "FrameTransport"]


class FrameReceiver(Protocol):
    """What a `FrameTransport` calls. None of these may be called from within `write()`, `close()`
    or `abort()` except `pause_writing()`, and none after `connection_lost()`.
    """

    def data_received(self, data: bytes, /) -> None:
        """Some bytes, never empty, in order. Not called between `pause_reading()` and
        `resume_reading()`, but for data already read when the pause began.
        """

    def connection_lost(self, exc: BaseException | None, /) -> None:
        """The last call, exactly once: the connection ended, by either side. `exc` is `None` unless
        it broke.
        """

    def pause_writing(self) -> None:
        """More is waiting to be sent than the transport likes; further writes are kept all the
        same.
        """

    def resume_writing(self) -> None:
        """The end of what `pause_writing()` began."""


class FrameTransport(Protocol):
    """A connection after its upgrade to WebSocket: bytes both ways, no waiting, no meaning."""

    def attach(self, receiver: FrameReceiver, /) -> None:
        """Start delivery to `receiver`, once. Bytes that arrived with the handshake are delivered
        within this call. If the connection has ended already, `connection_lost()` follows in a
        later turn of the loop.
        """

    def write(self, data: bytes, /) -> None:
        """Send `data` after everything written before. Never fails; ignored once closing or
        lost.
        """

    def pause_reading(self) -> None:
        """Stop calling `data_received()` soon. Repeated calls do nothing."""

    def resume_reading(self) -> None:
        """The end of what `pause_reading()` began. Repeated calls do nothing."""

    def close(self) -> None:
        """Send what was written, then end the connection; `connection_lost(None)` follows. Repeated
        calls do nothing.
        """

    def abort(self) -> None:
        """End the connection at once, dropping what was not sent; `connection_lost()` follows.
        Repeated calls do nothing.
        """

    def is_closing(self) -> bool:
        """Whether writes are ignored: `close()` or `abort()` was called, or the connection is
        lost.
        """

    def get_extra_info(self, name: str, default: object = None) -> object:
        """What is known of the connection under `name`, such as `peername` or `ssl_object`, else
        `default`.
        """
