"""One end without I/O, and two ends back to back."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_errors import WebSocketError
from wherry_websocket import (
    Role,
    State,
    WebSocketProtocol,
    WebSocketStateError,
    WSMessage,
    WSMsgType,
)
from wherry_websocket._protocol import MAX_PONG_BYTES

Ends = tuple[WebSocketProtocol, WebSocketProtocol]
SIZES = [0, 1, 125, 126, 512, 513, 65535, 65536, 200_000]


def text(data: str) -> WSMessage:
    return WSMessage(WSMsgType.TEXT, data, "")


def binary(data: bytes) -> WSMessage:
    return WSMessage(WSMsgType.BINARY, data, "")


def close(code: int, reason: str = "") -> WSMessage:
    return WSMessage(WSMsgType.CLOSE, code, reason)


# Messages between two ends


@pytest.mark.parametrize("compress", [0, 9, 15])
@pytest.mark.parametrize("client_no", [False, True])
@pytest.mark.parametrize("server_no", [False, True])
def test_two_ends_understand_each_other(
    ends: Callable[..., Ends], compress: int, client_no: bool, server_no: bool
) -> None:
    """S-251, S-252: every size class both ways, with every kind of context."""
    client, server = ends(compress, client_no=client_no, server_no=server_no)

    for size in SIZES:
        data, words = b"ab\xff" * size, "aü" * (size // 3)
        assert server.receive_data(client.send_binary(data)) == [binary(data)]
        assert client.receive_data(server.send_binary(data)) == [binary(data)]
        assert server.receive_data(client.send_text(words)) == [text(words)]
        assert client.receive_data(server.send_text(words.encode())) == [text(words)]


@given(st.lists(st.one_of(st.text(), st.binary()), max_size=8), st.integers(1, 50))
def test_messages_arrive_as_sent_in_any_pieces(messages: list[str | bytes], size: int) -> None:
    """S-251: round trip through pieces of any size."""
    client, server = WebSocketProtocol(Role.CLIENT), WebSocketProtocol(Role.SERVER)
    wire = b"".join(
        client.send_text(data) if isinstance(data, str) else client.send_binary(data)
        for data in messages
    )

    pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
    received = [message for piece in pieces for message in server.receive_data(piece)]

    assert [message.data for message in received] == messages


def test_a_client_masks_with_fresh_keys_and_a_server_does_not(ends: Callable[..., Ends]) -> None:
    """S-251, SEC-5, RFC 6455 §5.1."""
    client, server = ends()
    frames = [client.send_text("Hello") for _ in range(50)]

    assert len({frame[2:6] for frame in frames}) == 50
    assert all(frame[1] == 0x85 for frame in frames)
    assert server.send_text("Hello") == b"\x81\x05Hello"


def test_randomness_is_an_argument() -> None:
    """RFC 6455 §5.7: the masked "Hello" with a known key."""
    key = bytes.fromhex("37fa213d")
    client = WebSocketProtocol(random=lambda size: (key * size)[:size])

    assert client.send_text("Hello") == bytes.fromhex("818537fa213d7f9f4d5158")


def test_compression_sets_rsv1_on_data_only(ends: Callable[..., Ends]) -> None:
    """S-252: control frames are never compressed."""
    client, _ = ends(15)

    assert client.send_text("x" * 100)[0] == 0xC1
    assert client.send_binary(b"x" * 100)[0] == 0xC2
    assert client.ping(b"x" * 100)[0] == 0x89
    assert client.pong(b"x" * 100)[0] == 0x8A


def test_per_message_compression_needs_negotiation(ends: Callable[..., Ends]) -> None:
    """S-253: otherwise the message is sent as it is."""
    client, server = ends(0)
    frame = client.send_text("x" * 100, 15)

    assert frame[0] == 0x81
    assert server.receive_data(frame) == [text("x" * 100)]


def test_per_message_windows_keep_both_ends_in_step(ends: Callable[..., Ends]) -> None:
    """S-252: a fresh compressor for that message only."""
    client, server = ends(15)

    for bits in (None, 9, None, 15, None):
        assert server.receive_data(client.send_text("Hello" * 99, bits)) == [text("Hello" * 99)]


def test_a_server_that_compresses_uninvited_breaks_the_protocol() -> None:
    """S-221, SEC-54."""
    server = WebSocketProtocol(Role.SERVER, compress=15)
    client = WebSocketProtocol()

    assert client.receive_data(server.send_text("Hello"))[0].type is WSMsgType.ERROR
    assert client.close_code == 1002


# Pings


def test_pings_are_answered_with_their_payload(ends: Callable[..., Ends]) -> None:
    """S-235: both directions, invisible."""
    client, server = ends()

    assert server.receive_data(client.ping(b"are you there")) == []
    reply = server.data_to_send()
    assert reply == b"\x8a\x0dare you there"
    assert client.receive_data(reply) == []
    assert client.data_to_send() == b""


def test_a_ping_between_fragments_is_answered_before_the_message_ends() -> None:
    """S-235."""
    client, server = WebSocketProtocol(), WebSocketProtocol(Role.SERVER, autoping=False)

    assert client.receive_data(b"\x01\x01a" + server.ping(b"p")) == []
    assert server.receive_data(client.data_to_send()) == [WSMessage(WSMsgType.PONG, b"p", "")]
    assert client.receive_data(b"\x80\x01b") == [text("ab")]


def test_without_autoping_pings_and_pongs_are_messages() -> None:
    """S-227."""
    client = WebSocketProtocol(autoping=False)

    assert client.receive_data(b"\x89\x01a\x8a\x01b") == [
        WSMessage(WSMsgType.PING, b"a", ""),
        WSMessage(WSMsgType.PONG, b"b", ""),
    ]
    assert client.data_to_send() == b""


def test_a_flood_of_pings_queues_a_bounded_answer() -> None:
    """SEC-55, RFC 6455 §5.5.3: above the bound only the latest is answered."""
    client, server = WebSocketProtocol(), WebSocketProtocol(Role.SERVER, autoping=False)
    for number in range(20_000):
        client.receive_data(server.ping(b"%d" % number))

    replies = client.data_to_send()
    pongs = server.receive_data(replies)

    assert len(replies) < MAX_PONG_BYTES + 300
    assert pongs[0].data == b"0"
    assert pongs[-1].data == b"19999"
    assert client.data_to_send() == b""


@pytest.mark.parametrize("send", ["ping", "pong"])
def test_a_control_payload_over_125_bytes_is_refused(send: str) -> None:
    """S-254."""
    client = WebSocketProtocol()

    assert len(getattr(client, send)(bytes(125))) == 131
    with pytest.raises(ValueError, match="at most 125 bytes; got 126"):
        getattr(client, send)(bytes(126))


@pytest.mark.parametrize("opcode", [0, 3, 8, 11, 256])
def test_other_opcodes_are_not_sent(opcode: int) -> None:
    """S-249, S-251: a message is one frame; closing has its own method."""
    with pytest.raises(ValueError, match="TEXT, BINARY, PING or PONG"):
        WebSocketProtocol().send_frame(b"", opcode)


# Closing


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("code", [1000, 1001, 1014, 3000, 4999])
def test_the_reply_carries_the_code(ends: Callable[..., Ends], first: int, code: int) -> None:
    """S-265 as changed by C-20, whichever end begins."""
    pair = ends()
    one, other = pair[first], pair[1 - first]

    assert other.receive_data(one.close(code, b"why")) == [close(code, "why")]
    assert [end.state for end in pair] == [State.CLOSED, State.CLOSE_SENT][:: 1 if first else -1]
    assert one.receive_data(other.data_to_send()) == [close(code)]
    assert [end.state for end in pair] == [State.CLOSED] * 2
    assert (one.close_code, other.close_code, other.close_reason) == (code, code, "why")


def test_a_close_frame_without_code_is_answered_without_code(ends: Callable[..., Ends]) -> None:
    """S-266."""
    client, server = ends()

    assert client.receive_data(server.close(0)) == [close(0)]
    assert server.receive_data(client.data_to_send()) == [close(0)]
    assert client.close_code == server.close_code == 0


def test_a_received_1006_is_a_protocol_error() -> None:
    """SEC-53, RFC 6455 §7.4.1, not S-241: no close frame holds it."""
    client, server = WebSocketProtocol(), WebSocketProtocol(Role.SERVER)

    assert [message.type for message in client.receive_data(b"\x88\x02\x03\xee")] == [
        WSMsgType.ERROR
    ]
    assert client.close_code == 1002
    assert server.receive_data(client.data_to_send()) == [close(1002)]


def test_a_masked_frame_of_the_server_is_a_protocol_error() -> None:
    """S-246 as changed by C-19, RFC 6455 §5.1: 1002, whatever the key, and nothing is unmasked."""
    client, server = WebSocketProtocol(), WebSocketProtocol(Role.SERVER)

    messages = client.receive_data(bytes.fromhex("810161818537fa213d7f9f4d5158"))
    assert messages[0] == WSMessage(WSMsgType.TEXT, "a", "")
    assert messages[1].type is WSMsgType.ERROR
    assert client.close_code == 1002
    assert "does not mask" in str(client.failure)
    assert server.receive_data(client.data_to_send()) == [close(1002)]
    assert client.state is State.CLOSED


def test_both_ends_may_close_at_once(ends: Callable[..., Ends]) -> None:
    """RFC 6455 §7.1.2: frames that cross are each other's answer."""
    client, server = ends()
    ours, theirs = client.close(3001), server.close(3002)

    assert client.receive_data(theirs) == [close(3002)]
    assert server.receive_data(ours) == [close(3001)]
    assert client.state is server.state is State.CLOSED
    assert client.data_to_send() == server.data_to_send() == b""


def test_without_autoclose_the_caller_answers() -> None:
    """S-265."""
    client = WebSocketProtocol(autoclose=False)

    assert client.receive_data(b"\x88\x02\x03\xe8") == [close(1000)]
    assert repr(client) == "<WebSocketProtocol close received>"
    assert client.data_to_send() == b""
    assert client.close(1000)
    assert client.state is State.CLOSED


def test_unsent_pongs_go_before_the_close_frame(ends: Callable[..., Ends]) -> None:
    """RFC 6455 §5.5.1: nothing follows a close frame."""
    client, _ = ends()
    server = WebSocketProtocol(Role.SERVER, autoping=False)
    client.receive_data(server.ping(b"p"))

    received = server.receive_data(client.close())

    assert [message.type for message in received] == [WSMsgType.PONG, WSMsgType.CLOSE]
    assert client.data_to_send() == b""


def test_pings_after_our_close_frame_are_not_answered(ends: Callable[..., Ends]) -> None:
    """RFC 6455 §5.5.1, §5.5.2."""
    client, server = ends()
    client.close()

    assert client.receive_data(server.ping()) == []
    assert client.data_to_send() == b""


def test_messages_may_arrive_until_the_peer_closes(ends: Callable[..., Ends]) -> None:
    """RFC 6455 §1.4: the peer finishes what it was sending."""
    client, server = ends()
    client.close()

    assert client.receive_data(server.send_text("late")) == [text("late")]


def test_data_after_a_close_frame_is_dropped(ends: Callable[..., Ends]) -> None:
    """RFC 6455 §1.4."""
    client, server = ends()
    late = server.send_text("late")

    assert client.receive_data(server.close() + late) == [close(1000)]
    assert client.receive_data(late) == []


@pytest.mark.parametrize("send", ["send_text", "send_binary", "ping", "pong"])
def test_nothing_is_sent_once_closing_began(send: str) -> None:
    """S-255."""
    client = WebSocketProtocol(compress=15)
    client.close()

    with pytest.raises(WebSocketStateError, match="close sent"):
        getattr(client, send)(b"x")


def test_a_refused_close_changes_nothing() -> None:
    """S-254: it raises and sends nothing."""
    client = WebSocketProtocol()

    with pytest.raises(ValueError, match="123 bytes"):
        client.close(1000, bytes(124))
    with pytest.raises(ValueError, match="1006"):
        client.close(1006)
    assert client.state is State.OPEN


def test_closing_twice_is_refused() -> None:
    """RFC 6455 §5.5.1."""
    client = WebSocketProtocol()
    client.close()

    with pytest.raises(WebSocketStateError):
        client.close()


# Failing


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x83\x00", 1002),
        (b"\x81\x80\0\0\0\0", 1002),
        (b"\x88\x01x", 1002),
        (b"\x88\x02\x03\xec", 1002),
        (b"\x88\x03\x03\xe8\xff", 1007),
        (b"\x81\x01\xff", 1007),
        (b"\x82\x7f" + bytes(4) + b"\xff" * 4, 1009),
    ],
)
def test_a_violation_is_told_to_both_sides(data: bytes, code: int) -> None:
    """S-247: an ERROR message for the caller, a close frame with the code for the peer."""
    client = WebSocketProtocol()
    messages = client.receive_data(b"\x81\x01a" + data + b"\x81\x01b")

    assert [message.type for message in messages] == [WSMsgType.TEXT, WSMsgType.ERROR]
    assert isinstance(messages[1].data, WebSocketError)
    assert messages[1].data is client.failure
    assert messages[1].data.code == client.close_code == code
    assert client.state is State.CLOSED
    assert WebSocketProtocol(Role.SERVER).receive_data(client.data_to_send())[0].data == code
    assert client.receive_data(b"\x81\x01c") == []


def test_a_violation_after_our_close_frame_sends_no_second_one() -> None:
    """RFC 6455 §7.1.7."""
    client = WebSocketProtocol()
    client.close()

    assert client.receive_data(b"\x83\x00")[0].type is WSMsgType.ERROR
    assert client.data_to_send() == b""


def test_pongs_before_a_violation_are_sent_before_the_close_frame() -> None:
    """RFC 6455 §5.5.1."""
    client = WebSocketProtocol()
    server = WebSocketProtocol(Role.SERVER, autoping=False)
    client.receive_data(b"\x89\x00\x83\x00")

    received = server.receive_data(client.data_to_send())

    assert [message.type for message in received] == [WSMsgType.PONG, WSMsgType.CLOSE]


@given(st.binary(max_size=200), st.sampled_from(list(Role)), st.sampled_from([0, 15]))
def test_any_bytes_are_survived(garbage: bytes, role: Role, compress: int) -> None:
    """S-247: receive_data() never raises, and what it answers is well-formed."""
    end = WebSocketProtocol(role, compress=compress, max_msg_size=1000)
    end.receive_data(garbage)
    other = Role.SERVER if role is Role.CLIENT else Role.CLIENT
    peer = WebSocketProtocol(other)

    peer.receive_data(end.data_to_send())

    assert peer.failure is None


def test_a_lost_connection_sends_no_more(ends: Callable[..., Ends]) -> None:
    """S-255."""
    client, _ = ends()
    client.connection_lost()

    with pytest.raises(WebSocketStateError, match="closed"):
        client.send_text("x")


def test_backlog_is_read_on_request(ends: Callable[..., Ends]) -> None:
    """SEC-55."""
    client, server = ends()

    assert len(client.receive_data(server.send_binary(bytes(500)) * 3, 100)) == 1
    assert client.has_backlog
    assert len(client.receive_data(b"")) == 2
    assert not client.has_backlog


def test_backlog_can_be_read_after_the_loss(ends: Callable[..., Ends]) -> None:
    """S-238: what arrived is not lost with the connection."""
    client, server = ends()
    client.receive_data(server.send_binary(bytes(500)) + server.ping() + server.close(3000), 100)
    client.connection_lost()

    assert client.receive_data(b"") == [close(3000)]
    assert client.data_to_send() == b""
    assert client.close_code == 3000


def test_the_repr_shows_the_state() -> None:
    """For logs and tests."""
    client = WebSocketProtocol()
    assert repr(client) == "<WebSocketProtocol open>"
    client.close()
    assert repr(client) == "<WebSocketProtocol close sent>"
