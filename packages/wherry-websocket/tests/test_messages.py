"""The values handed to users."""

import json

import pytest

from wherry_websocket import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
    WS_KEY,
    WSCloseCode,
    WSMessage,
    WSMessageTextBytes,
    WSMsgType,
)


def test_message_types_have_the_numbers_of_the_opcodes() -> None:
    """S-270: opcodes of RFC 6455 §5.2, and 256 to 258."""
    assert {m.name: m.value for m in WSMsgType} == {
        "CONTINUATION": 0,
        "TEXT": 1,
        "BINARY": 2,
        "CLOSE": 8,
        "PING": 9,
        "PONG": 10,
        "CLOSING": 256,
        "CLOSED": 257,
        "ERROR": 258,
    }


@pytest.mark.parametrize(
    "name", ["text", "binary", "ping", "pong", "close", "closing", "closed", "error"]
)
def test_lower_case_names_are_the_same_members(name: str) -> None:
    """S-270."""
    assert WSMsgType[name] is WSMsgType[name.upper()]


def test_close_codes_are_the_defined_ones() -> None:
    """S-241."""
    assert {int(code) for code in WSCloseCode} == {*range(1000, 1004), *range(1006, 1015)}


def test_message_unpacks_as_type_data_extra() -> None:
    """S-230."""
    kind, data, extra = WSMessage(WSMsgType.TEXT, "a", "")

    assert (kind, data, extra) == (WSMsgType.TEXT, "a", "")


def test_json_is_loads_of_data() -> None:
    """S-229."""
    assert WSMessage(WSMsgType.TEXT, '{"a": 1}', "").json() == {"a": 1}
    assert WSMessage(WSMsgType.TEXT, "x", "").json(loads=str.upper) == "X"


def test_text_bytes_message_passes_bytes_to_loads() -> None:
    """S-228."""
    message = WSMessageTextBytes(WSMsgType.TEXT, b"[1]", "")

    assert message.json(loads=lambda data: [*json.loads(data), type(data).__name__]) == [1, "bytes"]


def test_closing_and_closed_messages_carry_nothing() -> None:
    """S-020, S-237."""
    assert WS_CLOSED_MESSAGE == (WSMsgType.CLOSED, None, None)
    assert WS_CLOSING_MESSAGE == (WSMsgType.CLOSING, None, None)


def test_key_is_the_guid_of_the_rfc() -> None:
    """S-020, RFC 6455 §1.3."""
    assert WS_KEY == b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
