"""Where the body of a response ends."""

import pytest

from wherry_codec import CHUNKED, TUNNEL, UNTIL_CLOSE, ResponseHeadReader, message_body_length


@pytest.mark.parametrize(
    ("method", "status", "fields", "expected"),
    [
        ("HEAD", 200, "Content-Length: 5\r\n", 0),
        ("HEAD", 200, "Transfer-Encoding: chunked\r\n", 0),
        ("GET", 100, "Content-Length: 5\r\n", 0),
        ("GET", 103, "", 0),
        ("GET", 204, "Content-Length: 5\r\n", 0),
        ("GET", 304, "Content-Length: 5\r\n", 0),
        ("GET", 101, "", TUNNEL),
        ("CONNECT", 200, "Content-Length: 5\r\n", TUNNEL),
        ("CONNECT", 299, "", TUNNEL),
        ("CONNECT", 407, "Content-Length: 5\r\n", 5),
        ("GET", 200, "Transfer-Encoding: chunked\r\n", CHUNKED),
        ("GET", 200, "Transfer-Encoding: gzip\r\n", UNTIL_CLOSE),
        ("GET", 200, "Transfer-Encoding: chunked, gzip\r\n", UNTIL_CLOSE),
        ("GET", 200, "Content-Length: 5\r\n", 5),
        ("GET", 200, "Content-Length: 0\r\n", 0),
        ("GET", 200, "", UNTIL_CLOSE),
    ],
)
def test_body_length_follows_the_rfc(method: str, status: int, fields: str, expected: int) -> None:
    """RFC 9112 §6.3, S-048, S-058, S-059, S-061, S-064."""
    head = ResponseHeadReader().feed(f"HTTP/1.1 {status} X\r\n{fields}\r\n".encode())

    assert head is not None
    assert message_body_length(method, head) == expected
