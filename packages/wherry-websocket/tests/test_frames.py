"""One frame, RFC 6455 §5.2 and the examples of §5.7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_errors import WebSocketError
from wherry_websocket._frames import CLOSE, read_head, write_frame
from wherry_websocket._mask import apply_mask

pytestmark = pytest.mark.usefixtures("twin")

KEY = bytes.fromhex("37fa213d")


def test_unmasked_text_of_the_rfc() -> None:
    """RFC 6455 §5.7, first example."""
    assert write_frame(0x81, b"Hello", b"") == bytes.fromhex("810548656c6c6f")


def test_masked_text_of_the_rfc() -> None:
    """RFC 6455 §5.7, second example."""
    assert write_frame(0x81, b"Hello", KEY) == bytes.fromhex("818537fa213d7f9f4d5158")


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, "8200"),
        (125, "827d"),
        (126, "827e007e"),
        (256, "827e0100"),
        (65535, "827effff"),
        (65536, "827f0000000000010000"),
    ],
)
def test_the_length_takes_the_shortest_form(size: int, head: str) -> None:
    """S-251, RFC 6455 §5.2 and the last two examples of §5.7."""
    frame = write_frame(0x82, bytes(size), b"")

    assert frame == bytes.fromhex(head) + bytes(size)


@given(
    st.sampled_from([0x01, 0x02, 0x81, 0xC1, 0x00, 0x80]),
    st.one_of(st.binary(max_size=300), st.integers(65530, 65540).map(bytes)),
    st.sampled_from([b"", KEY]),
)
def test_a_frame_is_read_as_it_was_written(first: int, payload: bytes, key: bytes) -> None:
    """RFC 6455 §5.2: round trip."""
    frame = write_frame(first, payload, key)
    head = read_head(frame, 0, masked=bool(key))

    assert head is not None
    assert (head.fin, head.rsv1, head.opcode) == (first >= 0x80, bool(first & 0x40), first & 15)
    assert (head.length, head.key, head.end + head.length) == (len(payload), key, len(frame))
    body = frame[head.end :]
    assert (apply_mask(body, key) if key else body) == payload


@pytest.mark.parametrize("size", [0, 126, 65536])
@pytest.mark.parametrize("key", [b"", KEY])
def test_an_incomplete_head_is_waited_for(size: int, key: bytes) -> None:
    """S-226: a head may come in any pieces."""
    frame = write_frame(0x82, bytes(size), key)
    end = len(frame) - size

    assert all(read_head(frame[:n], 0, masked=bool(key)) is None for n in range(end))
    assert read_head(frame[:end], 0, masked=bool(key)) is not None


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ("a100", "RSV2 and RSV3"),
        ("9100", "RSV2 and RSV3"),
        ("8300", "opcode"),
        ("8700", "opcode"),
        ("8b00", "opcode"),
        ("8f00", "opcode"),
        ("0800", "not fragmented"),
        ("0900", "not fragmented"),
        ("897e", "at most 125"),
        ("887f", "at most 125"),
        ("c900", "not compressed"),
        ("8180", "server does not mask"),
        ("827f8000000000000000", "highest bit"),
    ],
)
def test_a_head_that_breaks_a_rule_is_a_protocol_error(head: str, rule: str) -> None:
    """S-240, SEC-53, C-19: judged at the head, no payload is waited for."""
    with pytest.raises(WebSocketError, match=rule) as caught:
        read_head(bytes.fromhex(head), 0, masked=False)

    assert caught.value.code == 1002


def test_a_client_must_mask() -> None:
    """RFC 6455 §5.1: a server fails the connection on an unmasked frame."""
    with pytest.raises(WebSocketError, match="client masks") as caught:
        read_head(b"\x81\x00", 0, masked=True)

    assert caught.value.code == 1002


@given(st.binary(max_size=20), st.booleans())
def test_any_bytes_are_a_head_or_refused(data: bytes, masked: bool) -> None:
    """S-240: nothing but WebSocketError 1002."""
    try:
        head = read_head(data, 0, masked=masked)
    except WebSocketError as exc:
        head, code = None, exc.code
    else:
        code = 1002
    assert code == 1002
    assert head is None or (head.end <= len(data) and head.length >= 0)


def test_a_head_is_read_in_the_middle_of_data() -> None:
    """RFC 6455 §5.2."""
    head = read_head(b"\x81\x01x\x88\x00", 3, masked=False)

    assert head is not None
    assert (head.opcode, head.length, head.end) == (CLOSE, 0, 5)


def test_the_error_text_shows_few_bytes_of_the_peer() -> None:
    """Peer bytes are cut, whatever follows them."""
    with pytest.raises(WebSocketError) as caught:
        read_head(b"\x83\x00" + b"x" * 5000, 0, masked=False)

    assert len(str(caught.value)) < 200
