"""A WebSocket client: a sans-I/O RFC 6455 protocol and an asyncio connection on top."""

from ._connection import ClientWebSocketResponse
from ._handshake import (
    Accepted,
    HandshakeRefused,
    accept_handshake,
    accept_value,
    check_handshake,
    handshake_fields,
    make_key,
)
from ._incoming import Incoming
from ._protocol import DEFAULT_MAX_MSG_SIZE, WebSocketProtocol
from ._state import Role, State, WebSocketStateError
from ._timeouts import ClientWSTimeout
from ._version import __version__
from .messages import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WS_KEY,
    WSCloseCode,
    WSMessage,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMessageTextBytes,
    WSMsgType,
)
from .protocols import FrameReceiver, FrameTransport

__all__ = [
    "DEFAULT_MAX_MSG_SIZE",
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "WS_KEY",
    "Accepted",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "FrameReceiver",
    "FrameTransport",
    "HandshakeRefused",
    "Incoming",
    "Role",
    "State",
    "WSCloseCode",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTextBytes",
    "WSMsgType",
    "WebSocketProtocol",
    "WebSocketStateError",
    "__version__",
    "accept_handshake",
    "accept_value",
    "check_handshake",
    "handshake_fields",
    "make_key",
]
