"""permessage-deflate on payloads, RFC 7692 §7.2."""

import os
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_errors import WebSocketError
from wherry_websocket._deflate import MAX_MEMBERS, Deflater, Inflater, check_window_bits


def inflater(max_size: int = 0, *, no_takeover: bool = False) -> Inflater:
    return Inflater(no_takeover=no_takeover, max_size=max_size)


@pytest.mark.parametrize(
    "payload",
    [
        "f248cdc9c90700",
        "000500faff48656c6c6f00",
        "f348cdc9c9070000",
        "f248050000 00ffffcac9c90700",
    ],
    ids=["one block", "no compression", "BFINAL set", "two blocks"],
)
def test_the_examples_of_the_rfc_inflate_to_hello(payload: str) -> None:
    """RFC 7692 §7.2.3.1, §7.2.3.3, §7.2.3.4, §7.2.3.5."""
    assert inflater().inflate(bytes.fromhex(payload)) == b"Hello"


def test_the_window_is_shared_between_messages() -> None:
    """S-248, RFC 7692 §7.2.3.2: the second "Hello" refers to the first."""
    shared = inflater()

    assert shared.inflate(bytes.fromhex("f248cdc9c90700")) == b"Hello"
    assert shared.inflate(bytes.fromhex("f200110000")) == b"Hello"


def test_without_takeover_a_reference_to_an_earlier_message_fails() -> None:
    """S-248: the server declared that it never refers back."""
    alone = inflater(no_takeover=True)
    alone.inflate(bytes.fromhex("f248cdc9c90700"))

    with pytest.raises(WebSocketError, match="cannot be inflated") as caught:
        alone.inflate(bytes.fromhex("f200110000"))
    assert caught.value.code == 1007


def test_an_empty_message_is_one_zero_byte() -> None:
    """RFC 7692 §7.2.3.6."""
    deflater = Deflater(15, no_takeover=False)

    assert [deflater.compress(b"") for _ in range(3)] == [b"\x00"] * 3
    assert inflater().inflate(b"\x00") == b""


@pytest.mark.parametrize("window_bits", range(9, 16))
@pytest.mark.parametrize("no_takeover", [False, True])
def test_messages_survive_the_round_trip(window_bits: int, no_takeover: bool) -> None:
    """S-252, with every window size and both kinds of context."""
    deflater = Deflater(window_bits, no_takeover=no_takeover)
    ours = inflater(no_takeover=no_takeover)
    messages = [b"Hello" * 9, b"", b"Hello" * 9, os.urandom(40000), b"x" * 100_000]

    assert [ours.inflate(deflater.compress(message)) for message in messages] == messages


@given(st.lists(st.tuples(st.binary(max_size=60), st.sampled_from([None, 9, 12, 15])), max_size=8))
def test_own_compressors_do_not_disturb_the_shared_one(
    messages: list[tuple[bytes, int | None]],
) -> None:
    """S-252: a message with its own window leaves both ends in step."""
    deflater, ours = Deflater(12, no_takeover=False), inflater()

    for payload, bits in messages:
        assert ours.inflate(deflater.compress(payload * 3, bits)) == payload * 3


def test_a_window_is_never_larger_than_negotiated() -> None:
    """RFC 7692 §7.1.2.2: a far reference would be outside the peer's window."""
    block = os.urandom(600)
    small = zlib.decompressobj(-9)

    payload = Deflater(9, no_takeover=False).compress(block + block, 15)

    assert small.decompress(payload + b"\x00\x00\xff\xff") == block + block


def test_a_bomb_stops_at_the_limit() -> None:
    """S-243, SEC-54: at most the limit and one byte are produced."""
    bomb = Deflater(15, no_takeover=False).compress(bytes(50_000_000))

    tracemalloc.start()
    with pytest.raises(WebSocketError, match="at most 100000 bytes") as caught:
        inflater(100_000).inflate(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert caught.value.code == 1009
    assert peak < 1_000_000


def test_a_message_of_exactly_the_limit_is_inflated() -> None:
    """S-243 as changed by C-18: the limit is inclusive."""
    payload = Deflater(15, no_takeover=False).compress(bytes(1000))

    assert inflater(1000).inflate(payload) == bytes(1000)
    with pytest.raises(WebSocketError):
        inflater(999).inflate(payload)


@pytest.mark.parametrize("size", [1, 20000])
def test_many_members_are_joined_up_to_a_limit(size: int) -> None:
    """S-248: 1024 deflate members in one message, not more."""
    compressor = zlib.compressobj(0, zlib.DEFLATED, -15)
    first = compressor.compress(b"x" * size) + compressor.flush(zlib.Z_FINISH)
    empty = b"\x03\x00"  # a final block without content

    allowed = first + empty * (MAX_MEMBERS - 2)

    assert inflater().inflate(allowed) == b"x" * size
    with pytest.raises(WebSocketError, match="members") as caught:
        inflater().inflate(allowed + empty)
    assert caught.value.code == 1009


@given(st.binary(max_size=200))
def test_garbage_inflates_within_the_limit_or_is_refused(garbage: bytes) -> None:
    """SEC-54: nothing but WebSocketError, nothing larger than the limit."""
    try:
        size, code = len(inflater(5000).inflate(garbage)), 1007
    except WebSocketError as exc:
        size, code = 0, exc.code
    assert size <= 5000
    assert code in (1007, 1009)


@pytest.mark.parametrize("bits", [8, 16, -1, 1])
def test_other_window_sizes_are_refused(bits: int) -> None:
    """S-219."""
    with pytest.raises(ValueError, match="9 to 15"):
        check_window_bits(bits)
