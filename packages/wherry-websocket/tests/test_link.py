"""How a connection is filled, emptied and ended, seen through `ClientWebSocketResponse` in
memory.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from wherry_errors import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientOSError,
    ServerDisconnectedError,
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
from wherry_websocket.testing import MemoryTransport, ServerEnd

Pair = tuple[ClientWebSocketResponse, ServerEnd]
Open = Callable[..., Pair]
WithoutWaiting = Callable[[Coroutine[Any, Any, None]], None]
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


@pytest.mark.parametrize(
    ("broke_with", "kind", "cause"),
    [
        (OSError(5, "input/output error"), ClientOSError, OSError),
        (ValueError("bad record"), ClientConnectionError, ValueError),
        (ServerDisconnectedError(), ServerDisconnectedError, None),
    ],
)
async def test_what_broke_the_connection_is_an_error_of_the_client(
    open_ws: Open,
    near: list[MemoryTransport],
    broke_with: Exception,
    kind: type[Exception],
    cause: type[Exception] | None,
) -> None:
    """S-238, S-505: translated once, unless the transport has done so."""
    ws, server = open_ws()
    near[0]._error = broke_with
    server.close()
    await ws.receive()

    error = ws.exception()
    assert type(error) is kind
    assert type(error.__cause__) is (cause or type(None))


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


async def test_close_without_a_limit_waits(open_ws: Open) -> None:
    """S-222: `ws_close=None`."""
    ws, server = open_ws(timeout=ClientWSTimeout(ws_close=None))
    task = asyncio.create_task(ws.close())
    await server.next_message()
    await turns(20)
    assert not task.done()

    server.write(server.frames.close())
    assert await task is True
    assert ws.close_code == 1000


# Time


def test_a_server_that_never_answers_is_given_up(
    open_ws: Open, without_waiting: WithoutWaiting
) -> None:
    """S-222, S-262: after ten seconds, nothing raised."""

    async def scenario() -> None:
        ws, server = open_ws()
        assert await ws.close() is True
        assert asyncio.get_running_loop().time() == pytest.approx(10)
        assert (ws.closed, ws.close_code) == (True, 1006)
        assert isinstance(ws.exception(), TimeoutError)
        assert "within 10.0 s (limit: ws_close)" in str(ws.exception())
        await server.next_message()
        assert await server.next_message() == WS_CLOSED_MESSAGE

    without_waiting(scenario())


@pytest.mark.parametrize("ws_close", [10.0, None])
def test_a_rest_nobody_reads_does_not_keep_the_connection(
    open_ws: Open,
    near: list[MemoryTransport],
    without_waiting: WithoutWaiting,
    ws_close: float | None,
) -> None:
    """S-261: what is unsent ten seconds after the end is dropped."""

    async def scenario() -> None:
        ws, server = open_ws(timeout=ClientWSTimeout(ws_close=ws_close))
        near[0]._peer.pause_reading()
        server.write(b"\x83\x00")
        await ws.receive()
        await asyncio.sleep(9.9)
        assert not server.lost
        await asyncio.sleep(0.2)
        assert server.lost

    without_waiting(scenario())


def test_a_silent_server_is_pinged_and_dropped(
    open_ws: Open, without_waiting: WithoutWaiting
) -> None:
    """S-257, S-557: after t and t/2; ERROR for the waiting receiver, then CLOSED."""

    async def scenario() -> None:
        clock = asyncio.get_running_loop().time
        ws, server = open_ws(heartbeat=4)
        task = waiting(ws)
        assert await server.next_message() == WSMessage(WSMsgType.PING, b"", "")
        assert clock() == pytest.approx(4)
        message = await task
        assert clock() == pytest.approx(6)
        assert message.type is WSMsgType.ERROR
        assert isinstance(message.data, ServerTimeoutError)
        assert message.data is ws.exception()
        assert (message.data.phase, message.data.limit) == ("heartbeat", 2)
        assert (ws.closed, ws.close_code) == (True, 1006)
        assert await ws.receive() == WS_CLOSED_MESSAGE
        assert await server.next_message() == WS_CLOSED_MESSAGE

    without_waiting(scenario())


def test_a_server_that_answers_is_kept(open_ws: Open, without_waiting: WithoutWaiting) -> None:
    """S-257, S-258: also while nobody receives."""

    async def scenario() -> None:
        ws, server = open_ws(heartbeat=4)
        for number in range(1, 20):
            assert (await server.next_message()).type is WSMsgType.PING
            assert asyncio.get_running_loop().time() == pytest.approx(4 * number)
            server.write(server.frames.pong())
        assert not ws.closed

    without_waiting(scenario())


def test_a_part_of_a_large_frame_is_a_sign_of_life(
    open_ws: Open, without_waiting: WithoutWaiting
) -> None:
    """S-258."""

    async def scenario() -> None:
        ws, server = open_ws(heartbeat=4)
        server.write(b"\x82\x7e\x00\xff")
        for _ in range(100):
            await asyncio.sleep(3)
            server.write(b"x")
        server.write(bytes(155))
        assert len(await ws.receive_bytes()) == 255

    without_waiting(scenario())


@pytest.mark.parametrize(
    ("threshold", "times"), [(5.0, [31, 62]), (60.0, [30.5, 61])], ids=["rounded", "exact"]
)
def test_long_intervals_end_at_a_whole_second(
    open_ws: Open, without_waiting: WithoutWaiting, threshold: float, times: list[float]
) -> None:
    """S-259."""

    async def scenario() -> None:
        _, server = open_ws(heartbeat=30.5, timeout_ceil_threshold=threshold)
        for time in times:
            await server.next_message(timeout=None)
            assert asyncio.get_running_loop().time() == pytest.approx(time)
            server.write(server.frames.pong())

    without_waiting(scenario())


def test_a_ping_that_cannot_be_sent_drops_the_connection(
    open_ws: Open, near: list[MemoryTransport], without_waiting: WithoutWaiting
) -> None:
    """S-260."""

    async def scenario() -> None:
        ws, _ = open_ws(heartbeat=4)
        near[0]._peer.pause_reading()
        await ws.send_str("x")
        near[0].close()  # not lost yet, for the peer has not read everything
        message = await ws.receive()
        assert asyncio.get_running_loop().time() == pytest.approx(4)
        assert message.type is WSMsgType.ERROR
        assert (ws.closed, ws.close_code) == (True, 1006)

    without_waiting(scenario())


def test_unread_messages_outlive_a_heartbeat_that_fails(
    open_ws: Open, without_waiting: WithoutWaiting
) -> None:
    """S-257: they arrived before."""

    async def scenario() -> None:
        ws, server = open_ws(heartbeat=4)
        server.write(server.frames.send_text("unread"))
        await asyncio.sleep(10)
        assert ws.closed
        assert await ws.receive() == text("unread")
        assert await ws.receive() == WS_CLOSED_MESSAGE

    without_waiting(scenario())


def test_while_reading_is_paused_the_server_is_not_dropped(
    open_ws: Open, near: list[MemoryTransport], without_waiting: WithoutWaiting
) -> None:
    """S-239, S-257: its pongs cannot be seen then."""

    async def scenario() -> None:
        ws, server = open_ws(heartbeat=4)
        server.write(server.frames.send_binary(bytes(200_000)))
        for _ in range(5):
            assert (await server.next_message()).type is WSMsgType.PING
        assert not near[0].is_reading
        assert not ws.closed
        assert len(await ws.receive_bytes()) == 200_000

    without_waiting(scenario())


def test_after_the_servers_close_frame_no_ping_is_sent(
    open_ws: Open, without_waiting: WithoutWaiting
) -> None:
    """RFC 6455 §5.5.2, with the answer still to come."""

    async def scenario() -> None:
        ws, server = open_ws(heartbeat=4, autoclose=False)
        server.write(server.frames.close(3000))
        await ws.receive()
        await asyncio.sleep(100)
        await ws.close()
        kinds = [(await server.next_message()).type for _ in range(2)]
        assert kinds == [WSMsgType.CLOSE, WSMsgType.CLOSED]

    without_waiting(scenario())
