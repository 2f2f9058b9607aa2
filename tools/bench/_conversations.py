"""A WebSocket as a conversation: what the scenarios do with one, whoever implements it."""

from abc import ABC, abstractmethod

END_OF_BURST = b"?"
"""The message that a /sink answers with the number of bytes it got, in decimal."""


class Conversation(ABC):
    """One open WebSocket. Messages are binary."""

    @abstractmethod
    async def echo(self, message: bytes, count: int, /) -> int:
        """Sends a message, waits for it to come back, `count` times; the bytes that came."""

    @abstractmethod
    async def flood(self, size: int, count: int, /) -> int:
        """Asks for `count` messages of `size` bytes; the bytes that came."""

    @abstractmethod
    async def burst(self, message: bytes, count: int, /) -> int:
        """Sends a message `count` times; the bytes the server says it got."""

    @abstractmethod
    async def close(self) -> None:
        """Closes the WebSocket and what it was opened with."""


def flood_order(size: int, count: int) -> bytes:
    """The message that makes a /flood begin."""
    return b"%d %d" % (count, size)


class TurnTaking(Conversation):
    """For libraries where one awaits sending and receiving."""

    @abstractmethod
    async def send(self, message: bytes, /) -> None:
        """Sends one message."""

    @abstractmethod
    async def receive(self) -> bytes:
        """The next message."""

    async def echo(self, message: bytes, count: int, /) -> int:
        """Sends, then receives."""
        size = 0
        for _ in range(count):
            await self.send(message)
            size += len(await self.receive())
        return size

    async def flood(self, size: int, count: int, /) -> int:
        """Receives until all have come."""
        await self.send(flood_order(size, count))
        came = 0
        for _ in range(count):
            came += len(await self.receive())
        return came

    async def burst(self, message: bytes, count: int, /) -> int:
        """Sends all, then asks."""
        for _ in range(count):
            await self.send(message)
        await self.send(END_OF_BURST)
        return int(await self.receive())
