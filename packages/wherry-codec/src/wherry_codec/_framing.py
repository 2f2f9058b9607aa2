"""Where the body of a response ends (RFC 9112 §6.3)."""

from typing import Final

from ._head import ResponseHead

CHUNKED: Final = -1
"""The body is a sequence of chunks and ends with the last one."""

UNTIL_CLOSE: Final = -2
"""The body ends when the peer closes the connection."""

TUNNEL: Final = -3
"""No body: the bytes that follow belong to another protocol."""


def message_body_length(request_method: str, head: ResponseHead) -> int:
    """How the end of the response body is found.

    Follows RFC 9112 §6.3 in its order: no body for HEAD, 1xx, 204, 304; a tunnel after 101 and
    after a 2xx to CONNECT; then Transfer-Encoding (until close unless chunked comes last); then
    Content-Length; otherwise until close.

    Returns a count of bytes (0 or more), or `CHUNKED`, `UNTIL_CLOSE` or `TUNNEL`.
    """
    status = head.status
    if status == 101:
        return TUNNEL
    if request_method == "HEAD" or status < 200 or status == 204 or status == 304:
        return 0
    if request_method == "CONNECT" and status < 300:
        return TUNNEL
    if head.transfer_encoding is not None:
        return CHUNKED if head.is_chunked else UNTIL_CLOSE
    if head.content_length is not None:
        return head.content_length
    return UNTIL_CLOSE
