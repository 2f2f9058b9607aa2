"""`Incoming`, and the row of arguments that subclasses of aiohttp's class rely on."""

import asyncio
import os
from typing import Any

import pytest

from wherry_websocket import (
    DEFAULT_MAX_MSG_SIZE,
    ClientWebSocketResponse,
    ClientWSTimeout,
    FrameTransport,
    Incoming,
    WSMsgType,
)
from wherry_websocket.testing import MemoryTransport, ServerEnd, memory_pair


class Counting(ClientWebSocketResponse):
    """What users of aiohttp write."""

    def __init__(
        self,
        reader: Any,
        writer: Any,
        protocol: str | None,
        response: object,
        timeout: ClientWSTimeout,
        autoclose: bool,
        autoping: bool,
        loop: asyncio.AbstractEventLoop,
        *,
        heartbeat: float | None = None,
        compress: int = 0,
        client_notakeover: bool = False,
    ) -> None:
        super().__init__(
            reader,
            writer,
            protocol,
            response,
            timeout,
            autoclose,
            autoping,
            loop,
            heartbeat=heartbeat,
            compress=compress,
            client_notakeover=client_notakeover,
        )
        self.sent = 0

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Count, and send."""
        self.sent += 1
        await super().send_str(data, compress)


class Writer:
    """Between the WebSocket and its connection."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._transport = transport
        self.written: list[bytes] = []

    def write(self, data: bytes, /) -> None:
        """Keep it, and pass it on."""
        self.written.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_a_subclass_with_the_signature_of_aiohttps_class_works() -> None:
    """S-269: eight positional arguments and three keywords, passed on as they came."""
    near, far = memory_pair()
    server = ServerEnd(far, compress=12, server_notakeover=True)
    arguments = (
        Incoming(near, max_msg_size=10, server_notakeover=True),
        near,
        "chat",
        object(),
        ClientWSTimeout(ws_close=0.1),
        True,
        False,
        asyncio.get_running_loop(),
    )
    ws = Counting(*arguments, heartbeat=30.0, compress=12, client_notakeover=False)

    await ws.send_str("one")
    assert (ws.sent, ws.protocol, ws.compress) == (1, "chat", 12)
    assert (await server.next_message()).data == "one"
    server.write(server.frames.ping(b"?") + server.frames.send_text("a" * 10))
    assert (await ws.receive()).type is WSMsgType.PING  # autoping is False
    assert await ws.receive_str() == "a" * 10
    server.write(server.frames.send_text("a" * 11))
    assert (await ws.receive()).type is WSMsgType.ERROR
    assert ws.close_code == 1009


async def test_frames_go_to_the_writer() -> None:
    """S-269: a second argument that is not the connection is used, and closes it as well."""
    near, far = memory_pair()
    server = ServerEnd(far)
    writer = Writer(near)
    both: FrameTransport = writer  # the rest comes from __getattr__
    ws = ClientWebSocketResponse(near, both)

    await ws.send_bytes(b"data")
    assert (await server.next_message()).data == b"data"
    server.write(server.frames.close(1000))
    assert (await ws.receive()).data == 1000
    assert len(writer.written) == 2


async def test_settings_are_given_once() -> None:
    """The text names those that were given beside an `Incoming`."""
    near, _ = memory_pair()
    with pytest.raises(TypeError, match="settles decode_text, max_msg_size"):
        ClientWebSocketResponse(Incoming(near), max_msg_size=1, decode_text=False)


async def test_settings_have_defaults() -> None:
    """S-213, S-259, SEC-5."""
    near, _ = memory_pair()
    incoming = Incoming(near)

    assert incoming.max_msg_size == DEFAULT_MAX_MSG_SIZE == 4194304
    assert (incoming.decode_text, incoming.server_notakeover) == (True, False)
    assert incoming.timeout_ceil_threshold == 5.0
    assert incoming.random is os.urandom
