"""What users hand to a WebSocket."""

from typing import Any

import pytest

from wherry_errors import WebSocketError, WSMessageTypeError
from wherry_websocket import WSMessage, WSMsgType
from wherry_websocket._arguments import (
    as_bytes,
    as_payload,
    checked_window,
    control_payload,
    refuse_message,
)


def test_bytes_are_copied_if_they_could_change() -> None:
    """S-249, S-251: the caller's buffer is his again."""
    buffer = bytearray(b"abc")
    taken = [as_bytes("x", buffer), as_bytes("x", memoryview(buffer)[1:])]
    buffer[:] = b"xyz"

    assert taken == [b"abc", b"bc"]


@pytest.mark.parametrize("wrong", [None, 1, "text", [b"a"]])
def test_other_types_are_refused_by_name(wrong: Any) -> None:
    """S-249."""
    with pytest.raises(TypeError, match=rf"send\(\) takes bytes.*got {type(wrong).__name__}"):
        as_bytes("send()", wrong)


def test_text_of_a_control_frame_is_utf8() -> None:
    """S-250; other types are refused."""
    assert as_payload("ping", "⛵") == "⛵".encode()
    wrong: Any = 5
    with pytest.raises(TypeError, match="ping takes bytes or str; got int"):
        as_payload("ping", wrong)


def test_a_control_frame_has_room_for_125_bytes() -> None:
    """S-254: counted in UTF-8."""
    assert len(control_payload("ping", "é" * 62)) == 124
    with pytest.raises(ValueError, match="a ping holds at most 125 bytes; got 126"):
        control_payload("ping", "é" * 63)


@pytest.mark.parametrize("compress", [None, 0, 9, 15])
def test_a_window_is_none_or_9_to_15(compress: int | None) -> None:
    """S-249, S-252."""
    assert checked_window(compress) == compress
    with pytest.raises(ValueError, match="9 to 15; got 8"):
        checked_window(8)


def test_a_wrong_message_is_told_with_what_it_holds() -> None:
    """S-231: cut to a hundred characters; an error is the cause."""
    error = WebSocketError(1002, "x" * 500)
    with pytest.raises(WSMessageTypeError, match="expected a TEXT message; got ERROR") as caught:
        refuse_message(WSMessage(WSMsgType.ERROR, error, None), "TEXT")

    assert caught.value.__cause__ is error
    assert len(str(caught.value)) < 200
