"""What is done on one WebSocket: messages back and forth, in, out."""

from dataclasses import dataclass

from ._bodies import BODY_1M, ITEMS
from ._conversations import Conversation

_TINY = b"0123456789abcdef" * 2
_SMALL = b"0123456789abcdef" * 8


@dataclass(frozen=True, kw_only=True)
class SocketScenario:
    """One kind of conversation. A request of it is one message, and the answer to it if it has one.

    `path` is what the server does there: "/echo", "/flood" or "/sink".
    """

    name: str
    about: str
    path: str
    message: bytes
    least: int = 8
    compressed: bool = False
    group: str = "websocket"
    tasks: int = 1

    def expected(self, client: str) -> int:
        """Bytes of payload that one message brings, or of which the server says that they came."""
        return len(self.message)

    async def exchange(self, conversation: Conversation, messages: int) -> int:
        """Exchanges messages; the bytes that came, or that the server counted."""
        if self.path == "/flood":
            return await conversation.flood(len(self.message), messages)
        if self.path == "/sink":
            return await conversation.burst(self.message, messages)
        return await conversation.echo(self.message, messages)


SOCKET_SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        SocketScenario(
            name="ws-ping-pong",
            about="WebSocket: 32 bytes there and back, one after another",
            path="/echo",
            message=_TINY,
        ),
        SocketScenario(
            name="ws-flood",
            about="WebSocket: receiving messages of 128 bytes as fast as they come",
            path="/flood",
            message=_SMALL,
            least=1000,
        ),
        SocketScenario(
            name="ws-burst",
            about="WebSocket: sending messages of 128 bytes, one answer at the end",
            path="/sink",
            message=_SMALL,
            least=1000,
        ),
        SocketScenario(
            name="ws-1m",
            about="WebSocket: 1 MiB there and back",
            path="/echo",
            message=BODY_1M,
            least=2,
        ),
        SocketScenario(
            name="ws-compressed",
            about="WebSocket: 10 kB of JSON there and back, permessage-deflate",
            path="/echo",
            message=ITEMS,
            compressed=True,
        ),
    )
}
