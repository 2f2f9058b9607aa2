"""What type checkers make of the generic class and the message types; checked by mypy, never
run.
"""

from typing import Any, Literal, assert_type

from wherry_websocket import ClientWebSocketResponse, WSMessage, WSMessageTextBytes
from wherry_websocket.protocols import FrameTransport
from wherry_websocket.testing import MemoryTransport


def fits(transport: MemoryTransport) -> FrameTransport:
    return transport


async def bare(ws: ClientWebSocketResponse) -> None:
    """Without a parameter it is one that decodes."""
    assert_type(await ws.receive(), WSMessage)
    assert_type(await ws.receive_str(), str)
    assert_type(await ws.receive_bytes(), bytes)
    assert_type(await ws.receive_json(), Any)
    assert_type(await ws.close(), bool)
    assert_type(ws.close_code, int | None)
    async for message in ws:
        assert_type(message, WSMessage)


async def undecoded(ws: ClientWebSocketResponse[Literal[False]]) -> None:
    """With decode_text=False."""
    assert_type(await ws.receive(), WSMessage | WSMessageTextBytes)
    assert_type(await ws.receive_str(), bytes)
    async for message in ws:
        assert_type(message, WSMessage | WSMessageTextBytes)


async def unknown(ws: ClientWebSocketResponse[bool]) -> None:
    """With decode_text given at run time."""
    assert_type(await ws.receive(), WSMessage | WSMessageTextBytes)
    assert_type(await ws.receive_str(), str | bytes)
