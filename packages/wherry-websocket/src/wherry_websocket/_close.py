"""Close codes and the payload of a close frame, RFC 6455 §5.5.1 and §7.4.

Says which codes may be received, which may be sent, and turns payloads into (code, reason) and
back. When to close is decided by the protocol.
"""

from typing import Final

from wherry_errors import WebSocketError

from .messages import WSCloseCode

NO_CODE: Final = 0
"""Stands for a close frame without a code (the 1005 of RFC 6455 §7.1.5)."""

MAX_REASON: Final = 123
"""Bytes of a close reason: a control frame holds 125, the code takes two."""

# RFC 6455 §7.4.1: 1006 reports an end without a close frame, so it may not be in one, as 1005 and
# 1015 may not. A peer that sends it would pass its own end off as a broken connection.
_DEFINED: Final = frozenset(int(code) for code in WSCloseCode) - {WSCloseCode.ABNORMAL_CLOSURE}


def is_known_code(code: int) -> bool:
    """Whether a close frame may name this code: one of `WSCloseCode` but 1006, or 3000 to 4999."""
    return 3000 <= code <= 4999 or code in _DEFINED


def parse_close(payload: bytes) -> tuple[int, str]:
    """The (code, reason) of a received close frame; an empty payload is `(0, "")`.

    Raises WebSocketError 1002 for one byte or a code outside `is_known_code`, 1007 for a reason
    that is not UTF-8.
    """
    if not payload:
        return NO_CODE, ""
    if len(payload) == 1:
        raise WebSocketError(
            WSCloseCode.PROTOCOL_ERROR,
            f"a close frame is empty or holds a code of two bytes; got {payload!r}",
        )
    code = int.from_bytes(payload[:2], "big")
    if not is_known_code(code):
        raise WebSocketError(
            WSCloseCode.PROTOCOL_ERROR,
            f"a close code is a defined one, not 1006, or from 3000 to 4999; got {code}",
        )
    try:
        return code, payload[2:].decode("utf-8")
    except UnicodeDecodeError as exc:
        raise WebSocketError(
            WSCloseCode.INVALID_TEXT, f"the close reason is not UTF-8: {payload[2:102]!r}"
        ) from exc


def close_payload(code: int, reason: bytes) -> bytes:
    """The payload of a close frame to send; code 0 gives an empty one.

    Raises ValueError for a code the peer would have to refuse, a reason without a code, or one over
    123 bytes.
    """
    if code == NO_CODE:
        if reason:
            raise ValueError("a close reason needs a close code; got a reason with code 0")
        return b""
    if not is_known_code(code):
        raise ValueError(
            f"a close code to send is a defined one, not 1006, or from 3000 to 4999; got {code}"
        )
    if len(reason) > MAX_REASON:
        raise ValueError(f"a close reason has at most {MAX_REASON} bytes; got {len(reason)}")
    return int(code).to_bytes(2, "big") + reason
