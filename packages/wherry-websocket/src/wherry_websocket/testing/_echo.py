"""A server for demonstrations, without I/O."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .._handshake import accept_handshake
from .._protocol import DEFAULT_MAX_MSG_SIZE, WebSocketProtocol
from .._state import Role, State
from ..messages import WSMsgType

if TYPE_CHECKING:
    from multidict import MultiMapping


class EchoServer:
    """A WebSocket server for one connection, without I/O: answers the handshake, then echoes every
    message.

    Parse the request head yourself, send a 101 with the fields of `accept_handshake()`, then send
    whatever `receive_data()` returns for the bytes received, until `closed`.
    """

    def __init__(
        self,
        *,
        protocols: Iterable[str] = (),
        compress: int = 0,
        max_msg_size: int = DEFAULT_MAX_MSG_SIZE,
    ) -> None:
        self._protocols = list(protocols)
        self._compress = compress
        self._max_msg_size = max_msg_size
        self._frames = WebSocketProtocol(Role.SERVER, max_msg_size=max_msg_size)

    @property
    def closed(self) -> bool:
        """Whether to close the connection once everything returned is sent."""
        return self._frames.state is State.CLOSED

    def accept_handshake(self, request_headers: "MultiMapping[str]") -> list[tuple[str, str]]:
        """The field lines to send with status 101. Raises HandshakeRefused; answer that with status
        400.
        """
        fields, agreed = accept_handshake(
            request_headers, protocols=self._protocols, compress=self._compress
        )
        self._frames = WebSocketProtocol(
            Role.SERVER,
            compress=agreed.compress,
            client_notakeover=agreed.client_notakeover,
            server_notakeover=agreed.server_notakeover,
            max_msg_size=self._max_msg_size,
        )
        return fields

    def receive_data(self, data: bytes) -> bytes:
        """What to send after `data` was received: echoes, pongs, the close frame."""
        frames = self._frames
        out: list[bytes] = []
        # One message at a time: what came before a close frame is echoed before it is answered.
        messages = frames.receive_data(data, 1)
        while messages:
            out.append(frames.data_to_send())  # pings came before the message, or within it
            for message in messages:
                if message.type is WSMsgType.TEXT:
                    out.append(frames.send_text(message.data))
                elif message.type is WSMsgType.BINARY:
                    out.append(frames.send_binary(message.data))
            messages = frames.receive_data(b"", 1)
        return b"".join(out) + frames.data_to_send()

    def close(self, code: int = 1000, reason: bytes = b"") -> bytes:
        """The bytes that begin the closing handshake from the server's side."""
        return self._frames.close(code, reason)
