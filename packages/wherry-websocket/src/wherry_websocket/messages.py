"""What a WebSocket hands to its user: message types, messages, close codes and a few constants.

Plain values only. Which message follows which is decided elsewhere. RFC 6455 §5.2 (opcodes), §7.4.1
(close codes).
"""

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = [
    "WS_CLOSED_MESSAGE",
    "WS_CLOSING_MESSAGE",
    "WS_KEY",
    "WSCloseCode",
    "WSMessage",
    "WSMessageDecodeText",
    "WSMessageNoDecodeText",
    "WSMessageTextBytes",
    "WSMsgType",
]

WS_KEY: Final[bytes] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""The GUID that goes into `Sec-WebSocket-Accept` (RFC 6455 §1.3)."""


class WSMsgType(IntEnum):
    """Kinds of messages: the opcodes of RFC 6455 §5.2 below 16, and what a connection says about
    itself above 255.
    """

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA
    CLOSING = 0x100
    CLOSED = 0x101
    ERROR = 0x102

    text = TEXT
    binary = BINARY
    close = CLOSE
    ping = PING
    pong = PONG
    closing = CLOSING
    closed = CLOSED
    error = ERROR


class WSCloseCode(IntEnum):
    """The close codes below 3000 that have a meaning (RFC 6455 §7.4.1 and its IANA registry)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL_CLOSURE = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014


class WSMessage(NamedTuple):
    """One received message; unpacks as `type, data, extra`.

    `data` is a `str` for TEXT, `bytes` for BINARY, PING and PONG, the close code (`int`, 0 if the
    peer gave none) for CLOSE, the exception for ERROR, `None` for CLOSING and CLOSED.
    `extra` is the close reason for CLOSE, else an empty string or `None`.
    """

    type: WSMsgType
    data: Any  # depends on `type`; users of aiohttp's named tuple expect no union here
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """`loads(data)`."""
        return loads(self.data)


class WSMessageTextBytes(NamedTuple):
    """A TEXT message as it came: `data` is `bytes`, not checked to be UTF-8. Made with
    `decode_text=False`.
    """

    type: WSMsgType
    data: bytes
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """`loads(data)`."""
        return loads(self.data)


WSMessageDecodeText: TypeAlias = WSMessage
"""What `receive()` returns with `decode_text=True`."""

WSMessageNoDecodeText: TypeAlias = WSMessage | WSMessageTextBytes
"""What `receive()` returns with `decode_text=False`."""

WS_CLOSING_MESSAGE: Final = WSMessage(WSMsgType.CLOSING, None, None)
"""Given to a waiting receiver when its own side starts to close."""

WS_CLOSED_MESSAGE: Final = WSMessage(WSMsgType.CLOSED, None, None)
"""Given to every receiver after the end."""
