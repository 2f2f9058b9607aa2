"""What users hand to a WebSocket, checked before it is sent; how a wrong message is told."""

from typing import NoReturn

from wherry_errors import WSMessageTypeError

from ._deflate import check_window_bits
from ._frames import MAX_CONTROL
from ._messages import Message


def checked_window(compress: int | None) -> int | None:
    """`compress`, if it is a window size or none. Raises ValueError."""
    if compress:
        check_window_bits(compress)
    return compress


def as_bytes(where: str, data: bytes | bytearray | memoryview) -> bytes:
    """The data as `bytes`, copied if it could change. Raises TypeError naming `where`."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        refuse(where, "bytes, bytearray or memoryview", data)
    return bytes(data)


def as_payload(where: str, message: bytes | str) -> bytes:
    """A control frame's payload; text becomes UTF-8. Raises TypeError naming `where`."""
    if isinstance(message, str):
        return message.encode("utf-8")
    if not isinstance(message, (bytes, bytearray, memoryview)):
        refuse(where, "bytes or str", message)
    return bytes(message)


def control_payload(what: str, message: bytes | str) -> bytes:
    """As `as_payload()`; raises ValueError above 125 bytes."""
    payload = as_payload(what, message)
    if len(payload) > MAX_CONTROL:
        raise ValueError(f"a {what} holds at most {MAX_CONTROL} bytes; got {len(payload)}")
    return payload


def refuse(where: str, expected: str, data: object) -> NoReturn:
    """Raise TypeError: what was expected, what came."""
    raise TypeError(f"{where} takes {expected}; got {type(data).__name__}")


def refuse_message(message: Message, expected: str) -> NoReturn:
    """Raise WSMessageTypeError; if the message is an error, from that."""
    data = message[1]
    cause = data if isinstance(data, Exception) else None
    shown = repr(data)[:100]
    raise WSMessageTypeError(
        f"expected a {expected} message; got {message[0].name} with {shown}"
    ) from cause
