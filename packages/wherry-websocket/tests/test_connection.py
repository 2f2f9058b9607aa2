"""`ClientWebSocketResponse` over a connection in memory; the far end is played by the test."""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from wherry_errors import (
    ClientConnectionResetError,
    WSMessageTypeError,
)
from wherry_websocket import (
    WS_CLOSED_MESSAGE,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMessage,
    WSMsgType,
)
from wherry_websocket.testing import MemoryTransport, ServerEnd, memory_pair

Pair = tuple[ClientWebSocketResponse, ServerEnd]
Open = Callable[..., Pair]
LONG = 60.0  # never runs out in a test


def text(data: str) -> WSMessage:
    return WSMessage(WSMsgType.TEXT, data, "")


def closing(code: int, reason: str = "") -> WSMessage:
    return WSMessage(WSMsgType.CLOSE, code, reason)


async def turns(count: int = 5) -> None:
    """Let the loop turn a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


def waiting(ws: ClientWebSocketResponse) -> "asyncio.Task[WSMessage]":
    return asyncio.create_task(ws.receive())


# Construction and properties


async def test_a_new_websocket_is_open(open_ws: Open) -> None:
    """S-268."""
    ws, _ = open_ws(protocol="chat", compress=15, client_notakeover=True)

    assert (ws.closed, ws.close_code, ws.exception()) == (False, None, None)
    assert (ws.protocol, ws.compress, ws.client_notakeover) == ("chat", 15, True)
    assert repr(ws) == "<ClientWebSocketResponse open>"


async def test_properties_are_read_only(open_ws: Open) -> None:
    """S-268."""
    ws, _ = open_ws()

    for name in ("closed", "close_code", "protocol", "compress", "client_notakeover"):
        with pytest.raises(AttributeError):
            setattr(ws, name, 1)


async def test_extra_info_is_the_transports(open_ws: Open) -> None:
    """S-268."""
    ws, _ = open_ws()

    assert ws.get_extra_info("peername") == "memory"
    assert ws.get_extra_info("no such") is None
    assert ws.get_extra_info("no such", 7) == 7


async def test_frames_that_came_with_the_handshake_are_kept(open_ws: Open) -> None:
    """S-226, SEC-56."""
    ws, _ = open_ws(early=b"\x81\x05early\x81\x02ha")
    await turns()

    assert await ws.receive_str() == "early"


async def test_an_end_that_came_with_the_handshake_is_told(open_ws: Open) -> None:
    """S-226, S-265."""
    ends: list[str] = []
    one, other = memory_pair()
    server = ServerEnd(other)
    server.write(b"\x81\x01a\x88\x02\x03\xe8")

    ws = ClientWebSocketResponse(one, on_closed=lambda: ends.append("closed"))

    assert ends == ["closed"]
    assert await ws.receive() == text("a")
    assert await ws.receive() == closing(1000)


# Receiving


async def test_each_kind_of_message_is_received(open_ws: Open) -> None:
    """S-227."""
    ws, server = open_ws(autoping=False)
    for frame in (
        server.frames.send_text("é"),
        server.frames.send_binary(b"\xff"),
        server.frames.ping(b"i"),
        server.frames.pong(b"o"),
        server.frames.close(3000, b"why"),
    ):
        server.write(frame)

    assert [tuple(await ws.receive()) for _ in range(6)] == [
        (WSMsgType.TEXT, "é", ""),
        (WSMsgType.BINARY, b"\xff", ""),
        (WSMsgType.PING, b"i", ""),
        (WSMsgType.PONG, b"o", ""),
        (WSMsgType.CLOSE, 3000, "why"),
        (WSMsgType.CLOSED, None, None),
    ]


async def test_a_waiting_receiver_gets_the_message(open_ws: Open) -> None:
    """S-227."""
    ws, server = open_ws()
    task = waiting(ws)
    await turns()
    server.write(server.frames.send_text("now"))

    assert await task == text("now")


async def test_text_bytes_with_decode_text_off(open_ws: Open) -> None:
    """S-228."""
    ws, server = open_ws(decode_text=False)
    for payload in (b"\xff", b"abc", b"[1]"):
        server.write(server.frames.send_text(payload))

    assert (await ws.receive()).data == b"\xff"
    assert await ws.receive_str() == b"abc"  # type: ignore[comparison-overlap]  # Any hides it
    assert await ws.receive_json(loads=lambda data: type(data)) is bytes


async def test_typed_receivers_return_the_data(open_ws: Open) -> None:
    """S-231."""
    ws, server = open_ws()
    server.write(server.frames.send_text("a") + server.frames.send_binary(b"b"))
    server.write(server.frames.send_text('{"c": 1}'))

    assert await ws.receive_str() == "a"
    assert await ws.receive_bytes() == b"b"
    assert await ws.receive_json() == {"c": 1}


async def test_a_message_of_another_type_is_refused_and_consumed(open_ws: Open) -> None:
    """S-231, S-558."""
    ws, server = open_ws()
    server.write(server.frames.send_binary(b"x" * 500) + server.frames.send_text("t"))
    server.write(server.frames.send_binary(b"y") + server.frames.close())

    with pytest.raises(WSMessageTypeError, match="expected a TEXT message; got BINARY") as caught:
        await ws.receive_str()
    with pytest.raises(TypeError, match="expected a BINARY message; got TEXT"):
        await ws.receive_bytes()
    with pytest.raises(WSMessageTypeError):
        await ws.receive_json()
    with pytest.raises(WSMessageTypeError, match="CLOSE"):
        await ws.receive_str()
    with pytest.raises(WSMessageTypeError, match="CLOSED"):
        await ws.receive_bytes()
    assert len(str(caught.value)) < 200


async def test_a_timeout_leaves_the_websocket_usable(open_ws: Open) -> None:
    """S-232, S-559: nothing is lost, and closing is orderly."""
    ws, server = open_ws()

    with pytest.raises(TimeoutError, match="no message within"):
        await ws.receive(0.001)
    assert (ws.closed, ws.close_code) == (False, None)
    server.write(server.frames.send_text("later"))
    assert await ws.receive(LONG) == text("later")
    task = asyncio.create_task(ws.close())
    assert await server.next_message() == closing(1000)
    server.write(server.frames.close())
    assert await task is True
    assert ws.close_code == 1000


async def test_the_default_timeout_is_ws_receive(open_ws: Open) -> None:
    """S-222, S-232."""
    ws, _ = open_ws(timeout=ClientWSTimeout(ws_receive=0.001))

    for receive in (ws.receive, ws.receive_str, ws.receive_bytes, ws.receive_json):
        with pytest.raises(TimeoutError):
            await receive()


async def test_zero_means_no_limit(open_ws: Open) -> None:
    """S-232."""
    ws, server = open_ws(timeout=ClientWSTimeout(ws_receive=0))
    task = asyncio.create_task(ws.receive(0))
    await turns()
    server.write(server.frames.send_text("x"))

    assert await task == text("x")


async def test_cancelling_receive_loses_nothing(open_ws: Open) -> None:
    """S-233: even if the message came in the same turn."""
    ws, server = open_ws()
    task = waiting(ws)
    await turns()
    server.write(server.frames.send_text("kept"))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert await ws.receive() == text("kept")


async def test_a_second_receiver_is_refused(open_ws: Open) -> None:
    """S-234, S-554."""
    ws, server = open_ws()
    task = waiting(ws)
    await turns()

    with pytest.raises(RuntimeError, match="only one"):
        await ws.receive()
    server.write(server.frames.send_text("x"))
    assert await task == text("x")


async def test_pings_are_answered_while_nobody_receives(open_ws: Open) -> None:
    """S-235."""
    ws, server = open_ws()
    server.write(server.frames.ping(b"1") + b"\x01\x01a" + server.frames.ping(b"2"))

    assert [(await server.next_message()).data for _ in range(2)] == [b"1", b"2"]
    server.write(b"\x80\x01b" + server.frames.pong(b"unasked"))
    server.write(server.frames.send_text("end"))
    assert [await ws.receive_str(), await ws.receive_str()] == ["ab", "end"]


async def test_iteration_ends_with_the_connection(open_ws: Open) -> None:
    """S-236."""
    ws, server = open_ws()
    server.write(server.frames.send_text("a") + server.frames.send_binary(b"b"))
    server.write(server.frames.close())

    assert [message.data async for message in ws] == ["a", b"b"]
    assert [message async for message in ws] == []


async def test_iteration_yields_errors(open_ws: Open) -> None:
    """S-236."""
    ws, server = open_ws()
    server.write(b"\x81\x01a\x83\x00")

    assert [message.type async for message in ws] == [WSMsgType.TEXT, WSMsgType.ERROR]


async def test_after_the_end_closed_is_returned_without_limit(open_ws: Open) -> None:
    """S-237."""
    ws, server = open_ws()
    server.write(server.frames.close())
    await ws.receive()

    assert {await ws.receive() for _ in range(100)} == {WS_CLOSED_MESSAGE}


# Sending


async def test_each_kind_of_message_is_sent(open_ws: Open) -> None:
    """S-249, S-250."""
    ws, server = open_ws()
    await ws.send_str("é")
    await ws.send_bytes(b"b")
    await ws.send_bytes(bytearray(b"ba"))
    await ws.send_bytes(memoryview(b"m1e2m3")[::2])
    await ws.send_json({"a": 1})
    await ws.send_json([1], dumps=lambda data: f"<{data}>")
    await ws.send_json_bytes([1], dumps=lambda data: json.dumps(data).encode())
    await ws.send_frame(b"f", WSMsgType.TEXT)
    await ws.ping()
    await ws.ping("ü")
    await ws.pong(b"p")

    assert [tuple(await server.next_message())[:2] for _ in range(11)] == [
        (1, "é"),
        (2, b"b"),
        (2, b"ba"),
        (2, b"mem"),
        (1, '{"a": 1}'),
        (1, "<[1]>"),
        (2, b"[1]"),
        (1, "f"),
        (9, b""),
        (9, "ü".encode()),
        (10, b"p"),
    ]


async def test_wrong_types_raise(open_ws: Open) -> None:
    """S-249."""
    ws, _ = open_ws()
    not_str: Any = b"x"
    not_bytes: Any = "x"
    number: Any = 1

    with pytest.raises(TypeError, match=r"send_str\(\) takes str; got bytes"):
        await ws.send_str(not_str)
    with pytest.raises(TypeError, match="got str"):
        await ws.send_bytes(not_bytes)
    with pytest.raises(TypeError, match="got str"):
        await ws.send_frame(not_bytes, WSMsgType.TEXT)
    with pytest.raises(TypeError, match="got int"):
        await ws.ping(number)
    with pytest.raises(TypeError, match="got int"):
        await ws.pong(number)
    with pytest.raises(TypeError, match="got int"):
        await ws.close(message=number)
    with pytest.raises(ValueError, match="TEXT, BINARY, PING or PONG"):
        await ws.send_frame(b"", WSMsgType.CLOSE)


async def test_control_payloads_over_125_bytes_send_nothing(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-254: counted in bytes, not characters."""
    ws, _ = open_ws()

    for send in (ws.ping, ws.pong):
        with pytest.raises(ValueError, match="at most 125 bytes; got 126"):
            await send("é" * 63)
    with pytest.raises(ValueError, match="at most 125"):
        await ws.send_frame(bytes(126), WSMsgType.PING)
    with pytest.raises(ValueError, match="at most 123 bytes; got 124"):
        await ws.close(message="é" * 62)
    assert near[0].writes == []
    assert not ws.closed


async def test_the_first_frame_of_a_turn_is_written_at_once_the_rest_together(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """The order is kept, a burst costs two writes."""
    ws, server = open_ws()
    for number in range(10):
        await ws.send_str(str(number))
    assert len(near[0].writes) == 1

    await turns(1)
    assert len(near[0].writes) == 2
    assert [(await server.next_message()).data for _ in range(10)] == list("0123456789")


async def test_a_long_burst_does_not_pile_up(open_ws: Open, near: list[MemoryTransport]) -> None:
    """S-256: a sender that never gives way is flushed now and then."""
    ws, _ = open_ws(high_water=1 << 30)
    for _ in range(100):
        await ws.send_bytes(bytes(10_000))

    assert sum(map(len, near[0].writes)) > 900_000


async def test_senders_wait_while_the_transport_is_full(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-256: above the mark and 64 KiB after the last wait."""
    ws, server = open_ws(high_water=1000)
    near[0]._peer.pause_reading()
    await asyncio.wait_for(ws.send_bytes(bytes(60_000)), LONG)
    task = asyncio.create_task(ws.send_bytes(bytes(10_000)))
    await turns(10)
    assert not task.done()

    near[0]._peer.resume_reading()
    await task
    assert [len((await server.next_message()).data) for _ in range(2)] == [60_000, 10_000]


async def test_a_waiting_sender_is_told_of_the_loss(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-255, S-506: each one gets an error of its own."""
    ws, server = open_ws(high_water=1000)
    near[0]._peer.pause_reading()
    tasks = [asyncio.create_task(ws.send_bytes(bytes(70_000))) for _ in range(2)]
    await turns()
    server.abort()

    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in errors] == [ClientConnectionResetError] * 2
    assert errors[0] is not errors[1]


async def test_nothing_is_sent_after_closing_began(open_ws: Open) -> None:
    """S-255, S-540."""
    ws, server = open_ws()
    task = asyncio.create_task(ws.close())
    await turns(1)

    for send in (ws.send_str("x"), ws.send_bytes(b"x"), ws.ping(), ws.pong(), ws.send_json(1)):
        with pytest.raises(ClientConnectionResetError):
            await send
    server.write(server.frames.close())
    await task


# Compression


@pytest.mark.parametrize("client_notakeover", [False, True])
@pytest.mark.parametrize("server_notakeover", [False, True])
async def test_compressed_messages_go_both_ways(
    open_ws: Open, client_notakeover: bool, server_notakeover: bool
) -> None:
    """S-248, S-252: below and above the size that goes to the executor."""
    ws, server = open_ws(
        compress=15, client_notakeover=client_notakeover, server_notakeover=server_notakeover
    )
    sizes = [0, 5, 125, 126, 16_384, 16_385, 200_000, 5]
    for size in sizes:
        await ws.send_bytes(b"abcd" * size)
        server.write(server.frames.send_binary(b"abcd" * size))

    for size in sizes:
        assert (await server.next_message()).data == b"abcd" * size
        assert await ws.receive_bytes() == b"abcd" * size


async def test_concurrent_sends_keep_their_order(open_ws: Open) -> None:
    """S-252: small messages do not overtake a large one in the executor."""
    ws, server = open_ws(compress=15)
    payloads = [os.urandom(300_000), b"small", os.urandom(20_000), b"", b"x" * 50_000, b"end"]
    async with asyncio.TaskGroup() as group:
        for payload in payloads:
            group.create_task(ws.send_bytes(payload))

    assert [(await server.next_message()).data for _ in payloads] == payloads


async def test_a_cancelled_send_leaves_both_ends_in_step(open_ws: Open) -> None:
    """S-252, SEC-54: it is sent whole or not at all."""
    ws, server = open_ws(compress=15)
    payload = os.urandom(2000) * 200
    task = asyncio.create_task(ws.send_bytes(payload))
    await turns(2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await ws.send_bytes(payload[:3000])
    await ws.send_str("end")

    received = [(await server.next_message()).data]
    while received[-1] != "end":
        received.append((await server.next_message()).data)
    assert received in ([payload, payload[:3000], "end"], [payload[:3000], "end"])


async def test_a_message_whose_turn_comes_after_closing_is_refused(open_ws: Open) -> None:
    """S-255: and the close frame stays the last one."""
    ws, server = open_ws(compress=15)
    task = asyncio.create_task(ws.send_bytes(os.urandom(500_000)))
    await turns(2)
    closer = asyncio.create_task(ws.close())

    assert await server.next_message() == closing(1000)
    server.write(server.frames.close())
    assert await closer
    with pytest.raises(ClientConnectionResetError):
        await task


async def test_per_message_compression(open_ws: Open, near: list[MemoryTransport]) -> None:
    """S-252, S-253: with a window of its own if negotiated, else ignored."""
    for compress, first in ((15, 0xC1), (0, 0x81)):
        ws, server = open_ws(compress=compress)
        for bits in (None, 9, 15, None):
            await ws.send_str("Hello " * 50, bits)
            assert await server.next_message() == text("Hello " * 50)
        assert {data[0] for data in near[-1].writes} == {first}


async def test_a_bad_per_message_window_raises(open_ws: Open) -> None:
    """S-219, S-252."""
    ws, _ = open_ws(compress=15)

    with pytest.raises(ValueError, match="9 to 15"):
        await ws.send_str("x", 8)
    with pytest.raises(ValueError, match="9 to 15"):
        await ws.send_bytes(b"x", 16)
