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
    ClientOSError,
    ServerTimeoutError,
    WebSocketError,
    WSMessageTypeError,
)
from wherry_websocket import (
    WS_CLOSED_MESSAGE,
    WS_CLOSING_MESSAGE,
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


@pytest.fixture
def near() -> list[MemoryTransport]:
    """The client's transport of each WebSocket that `open_ws` made."""
    return []


@pytest.fixture
def open_ws(near: list[MemoryTransport]) -> Open:
    """Make a client over a connection in memory, and the server's end."""

    def make(*, early: bytes = b"", high_water: int = 65536, **settings: Any) -> Pair:
        one, other = memory_pair(high_water=high_water, extra_info={"peername": "memory"})
        near.append(one)
        flags = {
            name: settings[name]
            for name in ("compress", "client_notakeover", "server_notakeover")
            if name in settings
        }
        server = ServerEnd(other, **flags)
        server.write(early)
        return ClientWebSocketResponse(one, **settings), server

    return make


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


# A lost connection


async def test_a_drop_without_close_frame_is_1006(open_ws: Open) -> None:
    """S-238."""
    ws, server = open_ws()
    task = waiting(ws)
    await turns()
    server.close()

    assert await task == WS_CLOSED_MESSAGE
    assert (ws.closed, ws.close_code, ws.exception()) == (True, 1006, None)


async def test_a_reset_is_in_exception(open_ws: Open) -> None:
    """S-238, S-505: a connection error of the client's vocabulary, with its cause."""
    ws, server = open_ws()
    server.abort()

    assert await ws.receive() == WS_CLOSED_MESSAGE
    assert ws.close_code == 1006
    assert isinstance(ws.exception(), ClientOSError)
    assert isinstance(getattr(ws.exception(), "__cause__", None), ConnectionResetError)


async def test_a_drop_is_seen_by_one_who_only_sends(open_ws: Open) -> None:
    """S-238, S-255."""
    ws, server = open_ws()
    server.close()
    await turns(10)

    assert ws.closed
    with pytest.raises(ClientConnectionResetError):
        await ws.send_str("x")


async def test_messages_before_the_drop_are_received_first(open_ws: Open) -> None:
    """S-238: `closed` turns true when they are taken."""
    ws, server = open_ws()
    server.write(server.frames.send_text("1") + server.frames.send_text("2"))
    await turns()
    server.close()
    await turns(10)

    assert not ws.closed
    assert [await ws.receive() for _ in range(3)] == [text("1"), text("2"), WS_CLOSED_MESSAGE]
    assert (ws.closed, ws.close_code) == (True, 1006)


async def test_a_cut_message_is_not_delivered(open_ws: Open) -> None:
    """S-238."""
    ws, server = open_ws()
    server.write(b"\x81\x05abc")
    await turns()
    server.close()

    assert await ws.receive() == WS_CLOSED_MESSAGE


# Back-pressure


async def test_reading_pauses_while_nobody_receives(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-239, SEC-55: above twice 64 KiB; goes on below 64 KiB."""
    ws, server = open_ws()
    for _ in range(40):
        server.write(server.frames.send_binary(bytes(10_000)))
        await turns(2)

    assert not near[0].is_reading
    for _ in range(6):
        await ws.receive()
    assert not near[0].is_reading
    for _ in range(34):
        assert await ws.receive_bytes() == bytes(10_000)
    assert near[0].is_reading


async def test_one_read_full_of_messages_is_parsed_piece_by_piece(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """SEC-54, SEC-55: a read of compressed bombs does not inflate all at once."""
    ws, server = open_ws(compress=15)
    bombs = b"".join(server.frames.send_binary(bytes(1_000_000)) for _ in range(50))
    server.write(bombs + server.frames.send_text("end"))
    await turns()

    assert not near[0].is_reading
    for _ in range(50):
        assert len(await ws.receive_bytes()) == 1_000_000
    assert await ws.receive_str() == "end"
    assert near[0].is_reading


async def test_unparsed_messages_survive_the_loss(open_ws: Open) -> None:
    """S-238: what arrived in a paused connection is handed out first."""
    ws, server = open_ws()
    server.write(server.frames.send_binary(bytes(50_000)) * 10 + server.frames.close(3000))
    await turns()
    server.abort()
    await turns()

    assert [message.type async for message in ws] == [WSMsgType.BINARY] * 10
    assert ws.close_code == 3000


async def test_a_large_message_somebody_waits_for_does_not_pause(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-239: it is not unread."""
    pauses: list[int] = []
    ws, server = open_ws()
    near[0].pause_reading = lambda: pauses.append(1)  # type: ignore[method-assign]  # counts calls
    task = waiting(ws)
    await turns()
    server.write(server.frames.send_binary(bytes(500_000)))

    assert len((await task).data) == 500_000
    assert pauses == []


async def test_a_flood_of_pings_is_answered_within_bounds(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """SEC-55: while the peer does not read, pongs do not pile up."""
    ws, server = open_ws(high_water=1000)
    near[0]._peer.pause_reading()
    await ws.send_bytes(bytes(2000))
    for number in range(300):
        server.write(server.frames.ping(b"%0120d" % number) * 10)
        await turns(2)

    assert sum(map(len, near[0].writes)) < 2100 + 20_000
    near[0]._peer.resume_reading()
    await server.next_message()
    first = await server.next_message()
    assert first.type is WSMsgType.PONG
    assert not ws.closed


# Faults of the server


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\x83\x00", 1002), (b"\x81\x01\xff", 1007), (b"\x82\x7f" + b"\x00\x01" * 4, 1009)],
)
async def test_a_violation_ends_the_connection(open_ws: Open, data: bytes, code: int) -> None:
    """S-247, S-556: told to the server, one ERROR message, then CLOSED."""
    ws, server = open_ws()
    server.write(data)

    message = await ws.receive()
    assert message.type is WSMsgType.ERROR
    assert isinstance(message.data, WebSocketError)
    assert message.data is ws.exception()
    assert (message.data.code, ws.close_code, ws.closed) == (code, code, True)
    assert (await server.next_message()).data == code
    assert await server.next_message() == WS_CLOSED_MESSAGE
    assert await ws.receive() == WS_CLOSED_MESSAGE
    assert await ws.close() is False


async def test_max_msg_size_zero_means_no_limit(open_ws: Open) -> None:
    """S-243."""
    ws, server = open_ws(max_msg_size=0)
    server.write(server.frames.send_binary(bytes(5_000_000)))

    assert len(await ws.receive_bytes()) == 5_000_000


async def test_the_default_limit_is_four_mebibytes(open_ws: Open) -> None:
    """S-213, C-18."""
    ws, server = open_ws()
    server.write(server.frames.send_binary(bytes(4 << 20)))
    assert len(await ws.receive_bytes()) == 4 << 20

    server.write(server.frames.send_binary(bytes((4 << 20) + 1)))
    assert (await ws.receive()).data.code == 1009


async def test_the_error_is_the_cause_of_a_refused_type(open_ws: Open) -> None:
    """S-231, S-505."""
    ws, server = open_ws()
    server.write(b"\x83\x00")

    with pytest.raises(WSMessageTypeError) as caught:
        await ws.receive_str()
    assert isinstance(caught.value.__cause__, WebSocketError)


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


# The server closes


async def test_the_servers_close_frame_is_answered_with_its_code(open_ws: Open) -> None:
    """S-265, C-20: before receive() returns."""
    ends: list[str] = []
    ws, server = open_ws(on_closed=lambda: ends.append("closed"))
    server.write(server.frames.close(3001, b"bye"))

    assert await ws.receive() == closing(3001, "bye")
    assert (ws.closed, ws.close_code, ws.exception()) == (True, 3001, None)
    assert ends == ["closed"]
    assert await server.next_message() == closing(3001)
    assert await server.next_message() == WS_CLOSED_MESSAGE
    assert ends == ["closed"]
    assert await ws.close() is False


async def test_a_close_frame_without_code_is_code_zero(open_ws: Open) -> None:
    """S-266: and closing finishes at once."""
    ws, server = open_ws()
    server.write(b"\x88\x00")

    assert await ws.receive() == closing(0)
    assert (ws.closed, ws.close_code) == (True, 0)
    assert await server.next_message() == closing(0)


async def test_without_autoclose_the_next_receive_finishes(open_ws: Open) -> None:
    """S-265."""
    ws, server = open_ws(autoclose=False)
    server.write(server.frames.close(3001))

    assert await ws.receive() == closing(3001)
    assert not ws.closed
    assert await ws.receive() == WS_CLOSED_MESSAGE
    assert (ws.closed, ws.close_code) == (True, 3001)
    assert await server.next_message() == closing(3001)
    assert await server.next_message() == WS_CLOSED_MESSAGE


async def test_without_autoclose_close_finishes(open_ws: Open) -> None:
    """S-265."""
    ws, server = open_ws(autoclose=False)
    server.write(server.frames.close(3001))
    await ws.receive()

    assert await ws.close(code=3002, message=b"mine") is True
    assert (ws.closed, ws.close_code) == (True, 3001)
    assert await server.next_message() == closing(3002, "mine")


async def test_closed_turns_true_when_the_close_message_is_taken(open_ws: Open) -> None:
    """S-236: `while not ws.closed` sees every message."""
    ws, server = open_ws()
    server.write(server.frames.send_text("a") + server.frames.close())
    await turns(10)

    assert not ws.closed
    assert await ws.receive() == text("a")
    assert not ws.closed
    assert await ws.receive() == closing(1000)
    assert ws.closed


# We close


async def test_close_waits_for_the_servers_close_frame(open_ws: Open) -> None:
    """S-261: dropping data that comes before it."""
    ends: list[str] = []
    ws, server = open_ws(on_closed=lambda: ends.append("closed"))
    late = server.frames.send_text("late") + server.frames.ping()
    task = asyncio.create_task(ws.close(code=3000, message="tschüß"))

    assert await server.next_message() == closing(3000, "tschüß")
    server.write(late)
    await turns()
    assert not task.done()
    server.write(server.frames.close(3005))
    assert await task is True
    assert (ws.closed, ws.close_code, ends) == (True, 3005, ["closed"])
    assert await ws.receive() == WS_CLOSED_MESSAGE
    assert await server.next_message() == WS_CLOSED_MESSAGE


async def test_unread_messages_are_dropped_by_close(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-261: also when reading was paused for them."""
    ws, server = open_ws()
    server.write(server.frames.send_binary(bytes(100_000)) * 10 + server.frames.close(3000))
    await turns()
    assert not near[0].is_reading

    assert await ws.close() is True
    assert ws.close_code == 3000
    assert await ws.receive() == WS_CLOSED_MESSAGE


async def test_closing_twice(open_ws: Open) -> None:
    """S-261: the second call says that it was not the one."""
    ws, server = open_ws()
    first, second = asyncio.create_task(ws.close()), asyncio.create_task(ws.close())
    await server.next_message()
    server.write(server.frames.close())

    assert [await first, await second, await ws.close()] == [True, False, False]


async def test_the_server_drops_instead_of_answering(open_ws: Open) -> None:
    """S-261: 1006."""
    ws, server = open_ws()
    task = asyncio.create_task(ws.close())
    await server.next_message()
    server.close()

    assert await task is True
    assert (ws.close_code, ws.exception()) == (1006, None)


async def test_a_server_that_never_answers_is_given_up(open_ws: Open) -> None:
    """S-262."""
    ws, server = open_ws(timeout=ClientWSTimeout(ws_close=0.001))

    assert await ws.close() is True
    assert (ws.closed, ws.close_code) == (True, 1006)
    assert isinstance(ws.exception(), TimeoutError)
    assert "ws_close" in str(ws.exception())
    await server.next_message()
    assert await server.next_message() == WS_CLOSED_MESSAGE


async def test_cancelling_close_drops_the_connection(open_ws: Open) -> None:
    """S-263."""
    ws, server = open_ws()
    task = asyncio.create_task(ws.close())
    await server.next_message()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert (ws.closed, ws.close_code) == (True, 1006)
    assert await server.next_message() == WS_CLOSED_MESSAGE
    assert await ws.receive() == WS_CLOSED_MESSAGE


async def test_a_waiting_receiver_is_told_that_closing_began(open_ws: Open) -> None:
    """S-264."""
    ws, server = open_ws()
    task = waiting(ws)
    await turns()
    closer = asyncio.create_task(ws.close())

    assert await task == WS_CLOSING_MESSAGE
    assert await ws.receive() == WS_CLOSING_MESSAGE
    await server.next_message()
    server.write(server.frames.close())
    assert await closer is True
    assert await ws.receive() == WS_CLOSED_MESSAGE


async def test_a_violation_while_closing_ends_the_wait(open_ws: Open) -> None:
    """S-247, S-261."""
    ws, server = open_ws()
    task = asyncio.create_task(ws.close())
    await server.next_message()
    server.write(b"\x83\x00")

    assert await task is True
    assert ws.close_code == 1002
    assert isinstance(ws.exception(), WebSocketError)


async def test_leaving_the_block_closes(open_ws: Open) -> None:
    """S-267."""
    ws, server = open_ws()

    async def leave() -> None:
        async with ws:
            pass

    task = asyncio.create_task(leave())
    assert await server.next_message() == closing(1000)
    server.write(server.frames.close())
    await task
    assert ws.closed


async def test_a_code_that_may_not_be_sent_is_refused(open_ws: Open) -> None:
    """S-254: nothing is sent, the WebSocket stays open."""
    ws, server = open_ws()

    with pytest.raises(ValueError, match="got 1005"):
        await ws.close(code=1005)
    await ws.send_str("still open")
    assert await server.next_message() == text("still open")


async def test_on_closed_is_called_once_whatever_ends_it(open_ws: Open) -> None:
    """S-267: the owner of the connection is told."""
    ends: list[str] = []
    ws, server = open_ws(on_closed=lambda: ends.append("closed"))
    server.abort()
    await ws.receive()
    await ws.close()
    await turns()

    assert ends == ["closed"]


async def test_a_rest_nobody_reads_does_not_keep_the_connection(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-261: after ws_close seconds what is unsent is dropped."""
    ws, server = open_ws(timeout=ClientWSTimeout(ws_close=0.001))
    near[0]._peer.pause_reading()
    server.write(b"\x83\x00")
    await ws.receive()

    assert await server.next_message() == WS_CLOSED_MESSAGE


# Heartbeat


async def test_a_silent_server_is_pinged_and_dropped(open_ws: Open) -> None:
    """S-257, S-557: ERROR for the waiting receiver, then CLOSED."""
    ws, server = open_ws(heartbeat=0.002)
    task = waiting(ws)

    assert await server.next_message() == WSMessage(WSMsgType.PING, b"", "")
    message = await task
    assert message.type is WSMsgType.ERROR
    assert isinstance(message.data, ServerTimeoutError)
    assert message.data is ws.exception()
    assert (message.data.phase, message.data.limit) == ("heartbeat", 0.001)
    assert (ws.closed, ws.close_code) == (True, 1006)
    assert await ws.receive() == WS_CLOSED_MESSAGE
    assert await server.next_message() == WS_CLOSED_MESSAGE


async def test_a_server_that_answers_is_kept(open_ws: Open) -> None:
    """S-257, S-258: also while nobody receives."""
    ws, server = open_ws(heartbeat=0.02)

    for _ in range(3):
        assert (await server.next_message()).type is WSMsgType.PING
        server.write(server.frames.pong())
    assert not ws.closed


async def test_a_ping_that_cannot_be_sent_drops_the_connection(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-260."""
    ws, _ = open_ws(heartbeat=0.002)
    near[0]._peer.pause_reading()
    await ws.send_str("x")
    near[0].close()  # not lost yet, for the peer has not read everything

    message = await ws.receive()

    assert message.type is WSMsgType.ERROR
    assert (ws.closed, ws.close_code) == (True, 1006)


async def test_unread_messages_outlive_a_heartbeat_that_fails(open_ws: Open) -> None:
    """S-257: they arrived before."""
    ws, server = open_ws(heartbeat=0.002)
    server.write(server.frames.send_text("unread"))
    while (await server.next_message()).type is WSMsgType.PING:
        pass

    assert ws.closed
    assert await ws.receive() == text("unread")
    assert await ws.receive() == WS_CLOSED_MESSAGE


async def test_while_reading_is_paused_the_server_is_not_dropped(
    open_ws: Open, near: list[MemoryTransport]
) -> None:
    """S-239, S-257: its pongs cannot be seen then."""
    ws, server = open_ws(heartbeat=0.002)
    server.write(server.frames.send_binary(bytes(200_000)))

    for _ in range(5):
        assert (await server.next_message()).type is WSMsgType.PING
    assert not near[0].is_reading
    assert not ws.closed
    assert len(await ws.receive_bytes()) == 200_000
