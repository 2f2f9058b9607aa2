"""Canned responses for the in-memory server, no two alike.

A client may remember header lines it has seen, and a real server's lines do repeat; here every
value differs from answer to answer, which is the harder case.
"""

from email.utils import formatdate

_EPOCH = 1_790_000_000
_BODY = b"0123456789" * 13


def answer(number: int) -> bytes:
    """The response to request `number`: 200, eight header fields, a body of 20 to 119 bytes."""
    length = 20 + number * 7 % 100
    now = _EPOCH + number
    fields = {
        "Date": formatdate(now, usegmt=True),
        "Last-Modified": formatdate(now - 86_400 * (1 + number % 97), usegmt=True),
        "Expires": formatdate(now + 3_600, usegmt=True),
        "ETag": f'"{now * 2_654_435_761 % 2**32:08x}-{length:x}"',
        "Age": str(number * 31 % 100_003),
        "Content-Length": str(length),
        "X-Request-Id": f"{now * 11_400_714_819_323_198_485 % 2**64:016x}",
        "X-Response-Time": f"{number * 17 % 9_973 / 1000:.3f}ms",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"HTTP/1.1 200 OK\r\n" + lines.encode() + b"\r\n" + _BODY[:length]


def answers(count: int) -> list[bytes]:
    """The first `count` responses."""
    return [answer(number) for number in range(count)]
