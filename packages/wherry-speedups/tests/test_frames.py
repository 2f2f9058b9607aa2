"""WebSocket frames, RFC 6455 §5.2: heads, small frames, and writing."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_speedups import apply_mask, read_frame_head, take_small_frames, write_frame

pytestmark = pytest.mark.usefixtures("native")

KEY = bytes.fromhex("37fa213d")
PLENTY = 1 << 62


class Head(NamedTuple):
    fin: bool
    rsv1: bool
    opcode: int
    length: int
    key: bytes
    end: int


class Message(NamedTuple):
    type: object
    data: str | bytes
    extra: str


def encoded(first: int, payload: bytes, key: bytes = b"", *, size: int = 0) -> bytes:
    """RFC 6455 §5.2, the length in `size` more bytes at least."""
    length = len(payload)
    size = max(size, 8 if length > 65535 else 2 if length > 125 else 0)
    second = (0x80 if key else 0) | {0: length, 2: 126, 8: 127}[size]
    return bytes((first, second)) + length.to_bytes(8, "big")[8 - size :] + key + payload


def take(
    data: bytes, pos: int = 0, room: int = PLENTY, limit: int = 65535, text: object = "text"
) -> tuple[int, list[Message]]:
    out: list[Message] = []
    return take_small_frames(data, pos, out, room, limit, 10, Message, text, "binary"), out


@given(
    st.integers(0, 255),
    st.binary(max_size=200) | st.integers(65530, 65540).map(bytes),
    st.sampled_from([b"", KEY]),
)
def test_frame_is_written_in_the_shortest_form(first: int, payload: bytes, key: bytes) -> None:
    """RFC 6455 §5.2."""
    masked = apply_mask(payload, key) if key else payload

    assert write_frame(first, bytearray(payload), key) == encoded(first, masked, key)


@pytest.mark.parametrize(("first", "key"), [(256, KEY), (-1, KEY), (2**70, b""), (1, b"abc")])
def test_frame_that_cannot_be_is_refused(first: int, key: bytes) -> None:
    """One byte first; a key of four or none."""
    with pytest.raises(ValueError, match=r"is between 0 and 255|has 4 bytes"):
        write_frame(first, b"", key)


def is_allowed(first: int, second: int, *, masked: bool) -> bool:
    """RFC 6455 §5.1, §5.2, §5.5, as a list of what breaks them."""
    opcode = first & 15
    return not (
        first & 0x30
        or opcode not in {0, 1, 2, 8, 9, 10}
        or (second >= 128) != masked
        or (opcode >= 8 and (first < 0x80 or first & 0x40 or second & 127 > 125))
    )


@pytest.mark.parametrize("masked", [False, True])
def test_every_pair_of_first_bytes_is_read_or_left(masked: bool) -> None:
    """All 65,536; what breaks a rule is left to the caller."""
    for first in range(256):
        for second in range(256):
            length = second & 127
            size = {126: 2, 127: 8}.get(length, 0)
            data = bytes((first, second)) + b"\x00\x01" * 4 + KEY
            field = int.from_bytes(data[2 : 2 + size], "big") if size else length
            end = 2 + size + 4 * masked
            expected = Head(
                first >= 0x80, bool(first & 0x40), first & 15, field, data[2 + size : end], end
            )
            found = read_frame_head(data, 0, masked, Head)
            assert found == (expected if is_allowed(first, second, masked=masked) else None)
            assert found is None or type(found) is Head


@pytest.mark.parametrize("key", [b"", KEY])
@pytest.mark.parametrize("size", [0, 2, 8])
def test_incomplete_head_is_left(size: int, key: bytes) -> None:
    """Every prefix, at any position."""
    head = encoded(0x82, b"", key, size=size)

    for end in range(len(head)):
        assert read_frame_head(b"xy" + head[:end], 2, bool(key), Head) is None
    found = read_frame_head(b"xy" + head, 2, bool(key), Head)
    assert found == (True, False, 2, 0, key, 2 + len(head))


def test_length_with_its_highest_bit_set_is_left() -> None:
    """RFC 6455 §5.2; one below is a length."""
    assert read_frame_head(b"\x82\x7f\x80" + bytes(7), 0, False, Head) is None
    found = read_frame_head(b"\x82\x7f\x7f" + b"\xff" * 7, 0, False, Head)
    assert found is not None
    assert found.length == 2**63 - 1


def test_small_frames_become_messages() -> None:
    """Text and binary, in order, and the position of what follows."""
    data = encoded(0x81, "é".encode()) + encoded(0x82, b"abc") + encoded(0x89, b"")

    assert take(b"__" + data, 2) == (
        2 + len(data) - 2,
        [Message("text", "é", ""), Message("binary", b"abc", "")],
    )


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535])
def test_frame_is_taken_when_it_is_whole(size: int) -> None:
    """Lengths of one and of two more bytes; the longest that fits."""
    data = encoded(0x82, b"x" * size)

    assert take(data) == (len(data), [("binary", b"x" * size, "")])
    for end in {0, 1, 2, 3, 4, len(data) - 1} - {len(data)}:
        assert take(data[: min(end, len(data) - 1)]) == (0, [])


@pytest.mark.parametrize(
    "data",
    [
        *(encoded(first, b"x") for first in (0x00, 0x01, 0x02, 0x80, 0x88, 0xC1, 0xC2, 0x83, 0xF1)),
        *(encoded(0x81, b"x", KEY), encoded(0x81, b"x", size=8), encoded(0x82, bytes(65536))),
        *(encoded(0x81, bad) for bad in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"a\xf4\x90\x80\x80")),
    ],
)
def test_anything_else_is_left_where_it_is(data: bytes) -> None:
    """Fragments, control frames, masked and compressed ones, long ones, text that is none."""
    first = encoded(0x82, b"a")

    assert take(first + data) == (len(first), [("binary", b"a", "")])


def test_text_is_left_without_a_type_for_it() -> None:
    """Binary frames are taken all the same."""
    assert take(encoded(0x82, b"a") + encoded(0x81, b"b"), text=None) == (3, [("binary", b"a", "")])


def test_room_and_limit_are_kept() -> None:
    """A message costs its payload and 10 here; the last one may exceed the room, none the limit."""
    data = encoded(0x82, b"12") * 3 + encoded(0x82, b"123")

    assert take(data, room=0) == (0, [])
    assert take(data, room=12)[0] == 4
    assert take(data, room=13)[0] == 8
    assert take(data, limit=2)[0] == 12
    assert take(data, limit=-1)[0] == 0
    assert take(data, room=2**70, limit=2**70)[0] == len(data)


@given(st.binary(max_size=60), st.integers(0, 5))
def test_taken_frames_are_whole_frames(data: bytes, count: int) -> None:
    """Whatever follows them: what was taken is what encodes to these bytes."""
    data = encoded(0x82, b"ab") * count + data
    end, messages = take(data)
    again = b""
    for message in messages:
        payload = message.data.encode() if isinstance(message.data, str) else message.data
        size = 2 if data[len(again) + 1] == 126 else 0
        again += encoded(0x81 if message.type == "text" else 0x82, payload, size=size)

    assert len(messages) >= count
    assert again == data[:end]


def test_message_class_is_made_as_a_tuple() -> None:
    """A constructor written in Python is passed by, as tuple.__new__() would; nothing else is."""

    class Odd(tuple[Any, ...]):
        __slots__ = ()

        def __new__(cls, *_: object) -> "Odd":
            raise RuntimeError("not to be called")

    out: list[Odd] = []

    take_small_frames(encoded(0x82, b"a"), 0, out, 1, 1, 0, Odd, None, 2)

    assert type(out[0]) is Odd
    assert tuple(out[0]) == (2, b"a", "")
