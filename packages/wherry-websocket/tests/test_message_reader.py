"""From bytes to messages (module `_messages`), read as a client does."""

import tracemalloc
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_errors import WebSocketError
from wherry_websocket import WSMessage, WSMessageTextBytes, WSMsgType
from wherry_websocket._deflate import Deflater, Inflater
from wherry_websocket._frames import write_frame
from wherry_websocket._messages import (
    MESSAGE_OVERHEAD,
    UNBOUNDED,
    Message,
    MessageReader,
    message_cost,
    take_small_frames,
)

pytestmark = pytest.mark.usefixtures("twin")

SIZES = [0, 1, 124, 125, 126, 127, 65535, 65536]


class Reading:
    """A reader whose control frames are listed beside the messages."""

    def __init__(
        self,
        *,
        masked: bool = False,
        max_size: int = 0,
        decode_text: bool = True,
        deflate: bool = False,
    ) -> None:
        self.controls: list[tuple[int, bytes]] = []
        self.reader = MessageReader(
            lambda opcode, payload, out: self.controls.append((opcode, payload)),
            masked=masked,
            inflater=Inflater(no_takeover=False, max_size=max_size) if deflate else None,
            max_size=max_size,
            decode_text=decode_text,
        )

    def feed(self, *pieces: bytes, room: int = UNBOUNDED) -> list[Message]:
        out: list[Message] = []
        for piece in pieces:
            self.reader.feed(piece, out, room)
        return out


def frame(first: int, payload: bytes = b"", key: bytes = b"") -> bytes:
    return write_frame(first, payload, key)


def text(data: str) -> WSMessage:
    return WSMessage(WSMsgType.TEXT, data, "")


def binary(data: bytes) -> WSMessage:
    return WSMessage(WSMsgType.BINARY, data, "")


def error_of(*pieces: bytes, max_size: int = 0, deflate: bool = False) -> int:
    with pytest.raises(WebSocketError) as caught:
        Reading(max_size=max_size, deflate=deflate).feed(*pieces)
    return caught.value.code


def in_pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


# The examples of the RFC


def test_unfragmented_messages_of_the_rfc() -> None:
    """RFC 6455 §5.7: "Hello" unmasked; the same masked, read as a server."""
    assert Reading().feed(bytes.fromhex("810548656c6c6f")) == [text("Hello")]
    masked = bytes.fromhex("818537fa213d7f9f4d5158")
    assert Reading(masked=True).feed(masked) == [text("Hello")]


def test_fragmented_message_of_the_rfc() -> None:
    """RFC 6455 §5.7: "Hel" and "lo"."""
    assert Reading().feed(bytes.fromhex("010348656c80026c6f")) == [text("Hello")]


def test_compressed_messages_of_the_rfc() -> None:
    """RFC 7692 §7.2.3.1: in one frame, then in two; §7.2.3.2: with the shared window."""
    reading = Reading(deflate=True)

    assert reading.feed(bytes.fromhex("c107f248cdc9c90700")) == [text("Hello")]
    assert reading.feed(bytes.fromhex("4103f248cd8004c9c90700")) == [text("Hello")]
    assert reading.feed(bytes.fromhex("c105f200110000")) == [text("Hello")]


# Sizes, kinds, splits


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", [b"", b"\x01\x02\x03\x04"])
def test_every_size_class_is_read(size: int, key: bytes) -> None:
    """RFC 6455 §5.2, both directions."""
    reading = Reading(masked=bool(key))
    data = frame(0x82, b"b" * size, key) + frame(0x81, b"t" * size, key)

    assert reading.feed(data) == [binary(b"b" * size), text("t" * size)]


@pytest.mark.parametrize("size", SIZES)
def test_text_bytes_are_handed_over_unchecked(size: int) -> None:
    """S-228."""
    message = Reading(decode_text=False).feed(frame(0x81, b"\xff" * size))[0]

    assert isinstance(message, WSMessageTextBytes)
    assert message == (WSMsgType.TEXT, b"\xff" * size, "")


STREAM = b"".join(
    [
        frame(0x81, "grüße".encode()),
        frame(0x89, b"ping"),
        frame(0x02, b"a" * 130),
        frame(0x8A),
        frame(0x00, b""),
        frame(0x80, b"b" * 70),
        frame(0x82),
        frame(0x01, "ü".encode()[:1]),
        frame(0x80, "ü".encode()[1:]),
        frame(0x81, b"end"),
    ]
)
MESSAGES = [text("grüße"), binary(b"a" * 130 + b"b" * 70), binary(b""), text("ü"), text("end")]
CONTROLS = [(9, b"ping"), (10, b"")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split_gives_the_same_messages(cuts: list[int]) -> None:
    """S-226, S-245: where reads end does not matter."""
    reading = Reading()

    assert reading.feed(*in_pieces(STREAM, cuts)) == MESSAGES
    assert reading.controls == CONTROLS


def test_byte_by_byte_gives_the_same_messages() -> None:
    """S-226."""
    assert Reading().feed(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == MESSAGES


@given(
    st.lists(st.tuples(st.binary(max_size=400), st.booleans()), max_size=6),
    st.lists(st.integers(0, 2000), max_size=5),
    st.booleans(),
)
def test_compressed_messages_survive_any_split(
    messages: list[tuple[bytes, bool]], cuts: list[int], fragment: bool
) -> None:
    """S-248: compressed and plain messages mixed, whole or in two fragments."""
    deflater = Deflater(15, no_takeover=False)
    data = b""
    for payload, compressed in messages:
        sent = deflater.compress(payload) if compressed else payload
        first = 0x42 if compressed else 0x02
        half = len(sent) // 2 if fragment else len(sent)
        if fragment:
            data += frame(first, sent[:half]) + frame(0x89) + frame(0x80, sent[half:])
        else:
            data += frame(0x80 | first, sent)

    reading = Reading(deflate=True)

    assert reading.feed(*in_pieces(data, cuts)) == [binary(payload) for payload, _ in messages]


@given(st.binary(max_size=300), st.booleans(), st.lists(st.integers(0, 300), max_size=3))
@settings(max_examples=200)
def test_garbage_gives_messages_or_a_documented_error(
    garbage: bytes, deflate: bool, cuts: list[int]
) -> None:
    """S-240, S-242, S-243: nothing but WebSocketError with one of three codes."""
    try:
        out = Reading(deflate=deflate, max_size=1000).feed(*in_pieces(garbage, cuts))
    except WebSocketError as exc:
        out, code = [], exc.code
    else:
        code = 1002
    assert code in (1002, 1007, 1009)
    assert all(len(message.data) <= 1000 for message in out)


# Order of frames


def test_control_frames_come_out_between_fragments() -> None:
    """S-235, S-245: at once, not after the message."""
    reading = Reading()

    assert reading.feed(frame(0x01, b"a") + frame(0x89, b"now")) == []
    assert reading.controls == [(9, b"now")]
    assert reading.feed(frame(0x80, b"b")) == [text("ab")]


def test_control_frames_do_not_disturb_a_compressed_message() -> None:
    """S-245."""
    sent = Deflater(15, no_takeover=False).compress(b"Hello" * 50)
    data = frame(0x42, sent[:3]) + frame(0x89, b"x") + frame(0x80, sent[3:])

    assert Reading(deflate=True).feed(data) == [binary(b"Hello" * 50)]


@pytest.mark.parametrize(
    ("data", "deflate"),
    [
        (frame(0x80, b"x"), False),
        (frame(0x00, b"x"), True),
        (frame(0x01, b"x") + frame(0x81, b"y"), False),
        (frame(0x01, b"x") + frame(0x02, b"y"), False),
        (frame(0x01, b"x") + frame(0xC0, b"y"), False),
        (frame(0x41, b"x") + frame(0xC0, b"y"), True),
        (frame(0xC1, b"x"), False),
        (frame(0x41, b"x"), False),
        (frame(0xC9, b"x"), True),
        (frame(0xA1, b"x"), True),
        (frame(0x81, b"x", b"\1\2\3\4"), False),
    ],
    ids=[
        "continuation without start",
        "fragment without start",
        "text within a fragmented message",
        "binary within a fragmented message",
        "RSV1 on a continuation",
        "RSV1 on a compressed continuation",
        "RSV1 not negotiated",
        "RSV1 not negotiated, fragment",
        "RSV1 on a control frame",
        "RSV2",
        "masked by a server",
    ],
)
def test_frames_out_of_order_are_protocol_errors(data: bytes, deflate: bool) -> None:
    """S-240, S-221, SEC-53, C-19: seen from the head alone, whatever follows."""
    assert error_of(data, deflate=deflate) == 1002
    assert error_of(*(data[i : i + 1] for i in range(len(data))), deflate=deflate) == 1002


def test_messages_before_a_fault_are_delivered() -> None:
    """S-247: the fault comes after them."""
    out: list[Message] = []

    with pytest.raises(WebSocketError):
        Reading().reader.feed(frame(0x81, b"ok") + frame(0x83), out, UNBOUNDED)
    assert out == [text("ok")]


# UTF-8


@pytest.mark.parametrize(
    "payload", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"ok\xe2\x82"]
)
@pytest.mark.parametrize("padding", [0, 200, 70000])
def test_invalid_utf8_is_refused(payload: bytes, padding: int) -> None:
    """S-242: truncated, surrogate, overlong, above U+10FFFF; in each way of reading."""
    payload = b"x" * padding + payload

    assert error_of(frame(0x81, payload)) == 1007
    assert error_of(frame(0x01, payload[:1]), frame(0x80, payload[1:])) == 1007


def test_a_character_may_be_cut_by_a_fragment() -> None:
    """RFC 6455 §5.6: a message is UTF-8, a fragment need not be."""
    whole = "€𝄞".encode()

    for cut in range(len(whole) + 1):
        data = frame(0x01, whole[:cut]) + frame(0x80, whole[cut:])
        assert Reading().feed(data) == [text("€𝄞")]


# Limits


@pytest.mark.parametrize("size", [10, 125, 126, 65536])
def test_a_message_of_exactly_the_limit_is_accepted(size: int) -> None:
    """S-243 as changed by C-18: inclusive."""
    assert Reading(max_size=size).feed(frame(0x82, bytes(size))) == [binary(bytes(size))]
    assert error_of(frame(0x82, bytes(size + 1)), max_size=size) == 1009


@pytest.mark.parametrize("declared", [11, 125, 126, 70000, 1 << 62])
def test_a_declared_length_over_the_limit_is_refused_at_the_head(declared: int) -> None:
    """S-243, SEC-53: no byte of the payload is needed."""
    if declared < 126:
        head = bytes((0x82, declared))
    elif declared < 65536:
        head = b"\x82\x7e" + declared.to_bytes(2, "big")
    else:
        head = b"\x82\x7f" + declared.to_bytes(8, "big")

    assert error_of(head, max_size=10) == 1009


def test_fragments_are_summed() -> None:
    """S-243: also decided at the head of the fragment that is too much."""
    reading = Reading(max_size=10)
    reading.feed(frame(0x02, b"12345"), frame(0x00, b"67890"))

    with pytest.raises(WebSocketError, match="at most 10 bytes") as caught:
        reading.feed(b"\x80\x01")
    assert caught.value.code == 1009


def test_an_inflated_message_is_limited() -> None:
    """S-243: after decompression."""
    sent = Deflater(15, no_takeover=False).compress(bytes(5000))

    assert error_of(frame(0xC2, sent), max_size=4999, deflate=True) == 1009


def test_control_frames_have_no_part_in_the_limit() -> None:
    """S-243 is about messages; a control frame is bounded by 125 bytes."""
    reading = Reading(max_size=1)
    reading.feed(frame(0x89, b"ping" * 20))

    assert reading.controls == [(9, b"ping" * 20)]


def test_one_byte_fragments_cost_linear_memory() -> None:
    """SEC-12, S-244: thirty thousand fragments, twice the reads, little memory."""
    reading = Reading()
    one = frame(0x00, b"x")
    reading.feed(frame(0x02, b"x"))

    tracemalloc.start()
    for _ in range(30_000):
        reading.feed(one[:2])
        reading.feed(one[2:])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert reading.feed(frame(0x80)) == [binary(b"x" * 30_001)]
    assert peak < 150_000


def test_a_declared_length_reserves_nothing() -> None:
    """S-243, S-244: memory follows the bytes that came."""
    tracemalloc.start()
    reading = Reading()
    reading.feed(b"\x82\x7f" + (1 << 40).to_bytes(8, "big"), b"x" * 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 50_000


# Room


def test_reading_stops_when_there_is_no_room_and_goes_on_later() -> None:
    """SEC-55: what one read may bring is bounded by the room, the rest stays bytes."""
    reading = Reading()
    data = frame(0x82, b"x" * 1000) * 5

    first = reading.feed(data, room=2000)
    assert len(first) == 2
    assert reading.reader.backlog

    rest = reading.feed(b"", room=2000) + reading.feed(b"", room=2000)
    assert first + rest == [binary(b"x" * 1000)] * 5
    assert not reading.reader.backlog


@given(st.lists(st.integers(0, len(STREAM)), max_size=4), st.integers(1, 600))
def test_any_room_gives_the_same_messages_in_the_end(cuts: list[int], room: int) -> None:
    """SEC-55: stopping loses nothing."""
    reading = Reading()
    messages: list[Message] = []
    for piece in in_pieces(STREAM, cuts):
        messages += reading.feed(piece, room=room)
        while reading.reader.backlog:
            messages += reading.feed(b"", room=room)

    assert messages == MESSAGES
    assert reading.controls == CONTROLS


def test_message_that_came_in_pieces_counts_before_what_follows_it() -> None:
    """SEC-55: found by comparing the twins; what comes after it is bounded by the rest."""
    reading = Reading()
    data = frame(0x82, b"12") + frame(0x82, b"3") * 9
    reading.feed(data[:3])

    assert reading.feed(data[3:], room=MESSAGE_OVERHEAD + 3) == [binary(b"12"), binary(b"3")]
    assert reading.reader.backlog


def test_small_compressed_bombs_do_not_outrun_the_room() -> None:
    """SEC-54, SEC-55: a read full of them inflates one message beyond the room at most."""
    alone = Deflater(15, no_takeover=True)
    bomb = frame(0xC2, alone.compress(bytes(100_000)))

    out = Reading(deflate=True).feed(bomb * 200, room=150_000)

    assert len(out) == 2


def test_empty_messages_are_not_free() -> None:
    """SEC-55: a flood of them is bounded too."""
    out = Reading().feed(frame(0x82) * 10_000, room=100 * MESSAGE_OVERHEAD)

    assert len(out) <= 101
    assert message_cost(out[0]) == MESSAGE_OVERHEAD


def test_nothing_is_read_after_the_end() -> None:
    """RFC 6455 §1.4: data after the close frame is dropped."""
    reading = Reading()
    reading.reader.finished = True

    assert reading.feed(STREAM) == []


# Text that is none


@pytest.mark.parametrize(
    "fragments",
    [
        [b"ab\xff"],
        [b"caf\xc3", b"x"],
        ["⛵".encode()[:2], b"", b"a"],
        [b"\xed\xa0", b"\x80"],
        [b"\xf4\x90"],
    ],
)
def test_bad_text_is_noticed_in_the_fragment_that_has_it(fragments: list[bytes]) -> None:
    """SEC-53, S-242, RFC 6455 §8.1: 1007 before the message is whole."""
    reading = Reading()
    frames = [frame(0x01 if number == 0 else 0x00, part) for number, part in enumerate(fragments)]
    assert reading.feed(*frames[:-1]) == []

    with pytest.raises(WebSocketError, match="UTF-8") as caught:
        reading.feed(frames[-1])
    assert caught.value.code == 1007


def test_text_that_ends_within_a_character_is_refused_at_its_end() -> None:
    """SEC-53: a continuation could have brought the rest."""
    reading = Reading()
    assert reading.feed(frame(0x01, b"caf"), frame(0x00, b"\xc3")) == []

    with pytest.raises(WebSocketError, match="UTF-8"):
        reading.feed(frame(0x80))


@given(st.text(), st.lists(st.integers(0, 100), max_size=5))
def test_text_may_be_cut_anywhere(data: str, cuts: list[int]) -> None:
    """SEC-53, RFC 6455 §5.6: fragments end within characters as well."""
    parts = in_pieces(data.encode(), cuts)
    last = len(parts) - 1
    frames = [
        frame((0x80 if number == last else 0) | (0x00 if number else 0x01), part)
        for number, part in enumerate(parts)
    ]

    assert Reading().feed(*frames) == [text(data)]
    assert Reading().feed(b"".join(frames)) == [text(data)]


def test_raw_text_is_not_checked_in_fragments_either() -> None:
    """S-228."""
    out = Reading(decode_text=False).feed(frame(0x01, b"\xff"), frame(0x80, b"\xfe"))

    assert out == [WSMessageTextBytes(WSMsgType.TEXT, b"\xff\xfe", "")]


# The fast path


@given(st.binary(max_size=80), st.integers(0, 4))
def test_the_fast_path_takes_only_plain_small_frames(tail: bytes, count: int) -> None:
    """It and the general reader see the same messages."""
    data = frame(0x81, b"abc") * count + tail
    out: list[Message] = []
    try:
        rest = take_small_frames(data, 0, out, UNBOUNDED, limit=65535, decode_text=True)
    except WebSocketError:
        return  # text that is not UTF-8; what came before it is in `out`

    slow = Reading(max_size=0)
    assert slow.feed(*(data[i : i + 1] for i in range(rest))) == out


def test_the_fast_path_respects_its_limits() -> None:
    """C-18: `limit` is inclusive; `room` is what may be exceeded by one message."""
    data = frame(0x82, b"12") * 3 + frame(0x82, b"123")
    out: list[Message] = []

    assert take_small_frames(data, 0, out, MESSAGE_OVERHEAD + 3, limit=2, decode_text=True) == 8
    assert take_small_frames(data, 8, out, UNBOUNDED, limit=2, decode_text=True) == 12
    assert out == [binary(b"12")] * 3


@pytest.mark.parametrize("size", [125, 126, 65535])
def test_the_fast_path_ends_where_the_frame_does(size: int) -> None:
    """RFC 6455 §5.2: lengths of one and of two more bytes, whole or without the last byte."""
    data = frame(0x82, b"x" * size)
    out: list[Message] = []

    for end in (1, 2, 3, 4, len(data) - 1):
        assert take_small_frames(data[:end], 0, out, UNBOUNDED, 65535, decode_text=True) == 0
    assert take_small_frames(data, 0, out, UNBOUNDED, 65535, decode_text=True) == len(data)
    assert out == [binary(b"x" * size)]


@pytest.mark.parametrize("decode_text", [True, False])
def test_the_fast_path_inflates_only_what_was_negotiated(decode_text: bool) -> None:
    """SEC-54, RFC 7692 §6: RSV1 on whole data frames; the general reader judges all else."""
    deflater = Deflater(15, no_takeover=False)
    inflate = Inflater(no_takeover=False, max_size=0).inflate
    data = frame(0xC2, deflater.compress(b"b")) + frame(0xC1, deflater.compress(b"t"))
    out: list[Message] = []

    rest = take_small_frames(data, 0, out, UNBOUNDED, 125, decode_text, inflate)
    expected = [binary(b"b"), text("t")] if decode_text else [binary(b"b")]
    assert out == expected
    assert (rest == len(data)) is decode_text
    for first in (0x40, 0x41, 0xC0, 0xC8, 0xC9, 0xE1):
        assert take_small_frames(frame(first, b"x"), 0, out, UNBOUNDED, 125, True, inflate) == 0
    assert take_small_frames(data, 0, out, UNBOUNDED, 125, decode_text=True) == 0
    assert out == expected
