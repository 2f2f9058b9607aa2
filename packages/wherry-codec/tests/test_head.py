"""The fast path: what it accepts, and that it leaves everything else alone."""

import pytest

from wherry_codec import DEFAULT_LIMITS, Limits, ResponseHead, match_response_head

pytestmark = pytest.mark.usefixtures("twin")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


def match(data: bytes, limits: Limits = DEFAULT_LIMITS) -> ResponseHead | None:
    found = match_response_head(data, limits)
    return None if found is None else found[0]


def test_whole_head_is_found_with_its_end() -> None:
    """RFC 9112 §2.1: the bytes after the empty line belong to the body."""
    found = match_response_head(HEAD + b"hello", DEFAULT_LIMITS)

    assert found is not None
    head, end = found
    assert (head.status, head.reason, head.content_length, end) == (200, "OK", 5, len(HEAD))
    assert head.raw == HEAD


def test_incomplete_head_is_not_matched() -> None:
    """S-051: no prefix of a head is a head."""
    assert all(match(HEAD[:end]) is None for end in range(len(HEAD)))


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Content-Length: +5",
        b"Content-Length: 1234567890123456789",
        b"Connection: a\r\nConnection: b",
        b"Content-Encoding: a\r\nContent-Encoding: b",
        b"Keep-Alive: a\r\nKeep-Alive: b",
        b"Upgrade: a\r\nUpgrade: b",
        b"Sec-WebSocket-Key1: a",
        b"A: b\n",
        b"A: b\r\n c",
        b"A : b",
        b"A: \0",
        b"no colon",
    ],
)
def test_unusual_head_is_left_to_the_slow_path(line: bytes) -> None:
    """S-039 to S-049: the fast path judges nothing that may need leniency or an error."""
    assert match(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n") is None


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_line_size=len(HEAD) - 1),
        Limits(max_field_size=len(HEAD) - 1),
        Limits(max_head_size=len(HEAD) - 1),
        Limits(max_headers=0),
    ],
    ids=["line", "field", "head", "count"],
)
def test_head_near_a_limit_is_left_to_the_slow_path(limits: Limits) -> None:
    """SEC-11: only a head that cannot break a limit is accepted here."""
    assert match(HEAD) is not None
    assert match(HEAD, limits) is None


def test_as_many_fields_as_allowed_are_accepted() -> None:
    """S-055: the limit is inclusive."""
    data = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 3 + b"\r\n"

    assert match(data, Limits(max_headers=3)) is not None
    assert match(data, Limits(max_headers=2)) is None


def test_ruling_fields_are_recognised_in_any_case_and_stripped() -> None:
    """S-042: blanks around a value are no part of it."""
    head = match(
        b"HTTP/1.1 101 Go\r\nCONNECTION: \tUpgrade \r\nupgrade: WebSocket \r\n"
        b"keep-alive: timeout=5\t\r\nContent-ENCODING: gzip \r\nset-cookie: a=b\r\n\r\n"
    )

    assert head is not None
    assert head.connection == b"upgrade"
    assert head.upgrade == b"websocket"
    assert head.keep_alive == b"timeout=5"
    assert head.content_encoding == b"gzip"
    assert head.has_set_cookie


def test_name_at_the_end_of_a_value_is_no_field() -> None:
    """Only what begins a line is a field name."""
    head = match(b"HTTP/1.1 200 OK\r\nA: Content-Length: 5\r\nX-Connection: close\r\n\r\n")

    assert head is not None
    assert head.content_length is None
    assert head.connection is None


def test_repr_shows_the_status_line() -> None:
    """For logs and for tests that read it."""
    assert repr(match(HEAD)) == "<ResponseHead HTTP/1.1 200 'OK'>"
