"""Close codes and payloads, RFC 6455 §5.5.1 and §7.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_errors import WebSocketError
from wherry_websocket._close import close_payload, is_known_code, parse_close

DEFINED = {*range(1000, 1004), *range(1007, 1015)}


def test_known_codes_are_the_defined_ones_and_3000_to_4999() -> None:
    """S-240, S-241 without 1006 (RFC 6455 §7.4.1, SEC-53), over all 65536 codes."""
    known = {code for code in range(65536) if is_known_code(code)}

    assert known == DEFINED | set(range(3000, 5000))


def test_every_unknown_code_is_a_protocol_error() -> None:
    """S-240, SEC-53."""
    for code in set(range(65536)) - DEFINED - set(range(3000, 5000)):
        with pytest.raises(WebSocketError) as caught:
            parse_close(code.to_bytes(2, "big"))
        assert caught.value.code == 1002


@pytest.mark.parametrize("code", sorted(DEFINED | {3000, 4999}))
def test_code_and_reason_are_read(code: int) -> None:
    """S-227."""
    assert parse_close(code.to_bytes(2, "big") + "grün".encode()) == (code, "grün")


def test_no_payload_counts_as_code_zero() -> None:
    """S-266."""
    assert parse_close(b"") == (0, "")


def test_a_payload_of_one_byte_is_a_protocol_error() -> None:
    """S-240."""
    with pytest.raises(WebSocketError, match="two bytes") as caught:
        parse_close(b"\x03")

    assert caught.value.code == 1002


def test_a_reason_that_is_not_utf8_is_invalid_text() -> None:
    """S-242."""
    with pytest.raises(WebSocketError, match="not UTF-8") as caught:
        parse_close(b"\x03\xe8\xff")

    assert caught.value.code == 1007


@given(
    st.sampled_from(sorted(DEFINED | {3000, 4999})),
    st.text().filter(lambda text: len(text.encode()) <= 123),
)
def test_what_is_sent_is_read_back(code: int, reason: str) -> None:
    """RFC 6455 §5.5.1."""
    assert parse_close(close_payload(code, reason.encode())) == (code, reason)


@given(st.binary(max_size=125))
def test_any_payload_is_read_or_refused_with_a_close_code(payload: bytes) -> None:
    """S-240, S-242: nothing but WebSocketError."""
    try:
        code, reason = parse_close(payload)
    except WebSocketError as exc:
        refused_with = exc.code
    else:
        assert close_payload(code, reason.encode()) == payload
        return
    assert refused_with in (1002, 1007)


@pytest.mark.parametrize("code", [1, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65536, -1])
def test_codes_that_may_not_be_sent_raise(code: int) -> None:
    """RFC 6455 §7.4.1, §7.4.2."""
    with pytest.raises(ValueError, match="a close code to send"):
        close_payload(code, b"")


def test_a_reason_has_room_for_123_bytes() -> None:
    """S-254."""
    assert len(close_payload(1000, b"x" * 123)) == 125
    with pytest.raises(ValueError, match="at most 123 bytes; got 124"):
        close_payload(1000, b"x" * 124)


def test_a_reason_needs_a_code() -> None:
    """RFC 6455 §5.5.1: the reason follows the code."""
    assert close_payload(0, b"") == b""
    with pytest.raises(ValueError, match="needs a close code"):
        close_payload(0, b"why")


@pytest.mark.parametrize("code", [1005, 1006, 1015])
def test_codes_that_report_an_end_are_refused_in_one(code: int) -> None:
    """SEC-53, RFC 6455 §7.4.1: none of the three may be set in a close frame by an endpoint."""
    with pytest.raises(WebSocketError, match=f"got {code}") as caught:
        parse_close(code.to_bytes(2, "big") + b"reset")

    assert caught.value.code == 1002
