"""What a payload needs from others, and what it offers to whoever sends it.

Protocols only. Who implements them is not known here: the sink is a connection's body writer, the
source another response's content, the payload may be a user's own class.
"""

from typing import Protocol

from multidict import CIMultiDict


class ByteSink(Protocol):
    """Takes the bytes of a body, in order.

    `write` returns when the sink is ready for more, so awaiting it is the back-pressure. The data
    belongs to the caller again once `write` has returned: a sink that keeps it must copy anything
    but `bytes`. An empty piece is allowed and means nothing. Whatever `write` raises ends the body.
    """

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take the next piece of the body."""
        ...


class ByteSource(Protocol):
    """A stream of bytes that arrives by and by, such as the content of a response."""

    async def readany(self) -> bytes:
        """What has arrived, waiting for at least one byte; `b""` only at the end."""
        ...


class SendablePayload(Protocol):
    """A request body, seen from the session that sends it. `Payload` satisfies it."""

    @property
    def size(self) -> int | None:
        """Bytes `write` will hand over, or None when that is not known beforehand."""
        ...

    @property
    def headers(self) -> CIMultiDict[str]:
        """Fields the body brings along, `Content-Type` among them. The caller may change them."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether the body can be written more than once, each time whole and from its start."""
        ...

    @property
    def in_memory(self) -> bytes | None:
        """The whole body if it is at hand as `bytes`, so that it can leave with the head."""
        ...

    async def write(self, writer: ByteSink, /) -> None:
        """Hand the whole body to `writer`. Cancellation leaves the payload closable."""
        ...

    async def close(self) -> None:
        """Give back what the payload holds, such as an open file. May be called again."""
        ...
