"""`_compress`: uploads that are compressed on their way out."""

import gzip
import io
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry import (
    AsyncIterablePayload,
    BytesIOPayload,
    BytesPayload,
    ClientRequest,
    ClientResponse,
    ClientSession,
    Handler,
)
from wherry._compress import EXECUTOR_FROM, CompressedBody, check_coding
from wherry.testing import FakeConnector, response_bytes

Fake = Callable[..., tuple[ClientSession, FakeConnector]]


class Sink:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self.pieces.append(bytes(data))


@pytest.mark.parametrize(
    ("given", "coding"),
    [
        (None, None), (False, None), ("", None), (True, "deflate"), ("deflate", "deflate"),
        ("gzip", "gzip"),
    ],
)  # fmt: skip
def test_the_coding_asked_for(given: Any, coding: str | None) -> None:
    """S-393."""
    assert check_coding(given) == coding


@pytest.mark.parametrize("given", ["br", "zstd", "identity", "GZIP"])
def test_other_codings_are_refused(given: str) -> None:
    """S-393."""
    with pytest.raises(ValueError, match="deflate"):
        check_coding(given)


@given(st.binary(max_size=3 * EXECUTOR_FROM))
async def test_what_is_written_decodes_to_the_body(data: bytes) -> None:
    """S-037: deflate is wrapped in zlib, gzip in gzip; long pieces go through a thread."""
    sink = Sink()
    await CompressedBody(BytesPayload(data), "gzip").write(sink)
    assert gzip.decompress(b"".join(sink.pieces)) == data
    sink = Sink()
    await CompressedBody(BytesPayload(data), "deflate").write(sink)
    assert zlib.decompress(b"".join(sink.pieces)) == data


async def test_no_empty_piece_is_written() -> None:
    """S-033: what the compressor keeps back is no chunk."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x"

    sink = Sink()
    await CompressedBody(AsyncIterablePayload(pieces()), "gzip").write(sink)
    assert all(sink.pieces)


async def test_each_write_begins_anew() -> None:
    """S-439: a replay is as good as the first time."""
    body = CompressedBody(BytesPayload(b"x" * 100), "gzip")
    for _ in range(2):
        sink = Sink()
        await body.write(sink)
        assert gzip.decompress(b"".join(sink.pieces)) == b"x" * 100


async def test_it_is_as_the_body_inside() -> None:
    """S-285, S-439: fields, replay, closing."""
    inner = AsyncIterablePayload(one())
    body = CompressedBody(inner, "gzip")
    assert body.headers is inner.headers
    assert (body.size, body.in_memory, body.replayable) == (None, None, inner.replayable)
    await body.write(Sink())
    assert not body.replayable
    await body.close()


async def one() -> AsyncIterator[bytes]:
    yield b"x"


async def test_a_file_is_compressed_piece_by_piece() -> None:
    """S-037."""
    sink = Sink()
    data = bytes(range(256)) * 2000
    await CompressedBody(BytesIOPayload(io.BytesIO(data)), "gzip").write(sink)
    assert gzip.decompress(b"".join(sink.pieces)) == data


# --- on the wire -------------------------------------------------------------------------------


async def test_wire_of_a_compressed_post(fake: Fake) -> None:
    """S-393, S-378, Appendix E."""
    session, connector = fake()
    await session.post("http://h/", data=b"x" * 1000, compress=True)
    request = connector.requests[0]
    assert request.head.endswith(
        b"Content-Encoding: deflate\r\nContent-Type: application/octet-stream\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    assert zlib.decompress(request.body) == b"x" * 1000


async def test_an_empty_body_is_not_compressed(fake: Fake) -> None:
    """S-393: and gets no field."""
    session, connector = fake()
    await session.post("http://h/", data=b"", compress="gzip")
    await session.post("http://h/", compress="gzip")
    for request in connector.requests:
        assert b"Content-Encoding" not in request.head
        assert b"Content-Length: 0\r\n" in request.head


async def test_a_coding_of_the_caller_s_is_not_applied(fake: Fake) -> None:
    """S-394."""
    session, connector = fake()
    await session.post("http://h/", data=b"x", headers={"Content-Encoding": "br"})
    assert connector.requests[0].body == b"x"


@pytest.mark.parametrize(
    "arguments", [{"compress": "br"}, {"compress": "gzip", "headers": {"content-encoding": "br"}}]
)
async def test_what_cannot_be_compressed_is_refused(fake: Fake, arguments: dict[str, Any]) -> None:
    """S-393, S-515."""
    session, connector = fake()
    with pytest.raises(ValueError, match=r"compress"):
        await session.post("http://h/", data=b"x", **arguments)
    assert connector.transports == []


async def test_a_redirect_compresses_anew_or_not_at_all(fake: Fake) -> None:
    """S-437, S-438, S-439."""

    def answer(head: bytes, body: bytes) -> bytes:
        if b" /307 " in head:
            return response_bytes(status=307, headers={"Location": "/303"})
        if b" /303 " in head:
            return response_bytes(status=303, headers={"Location": "/"})
        return response_bytes(b"ok")

    session, connector = fake(answer)
    await session.post("http://h/307", data=b"x" * 100, compress="gzip")
    first, second, last = connector.requests
    assert gzip.decompress(first.body) == gzip.decompress(second.body) == b"x" * 100
    assert last.body == b""
    assert b"Content-Encoding" not in last.head


async def test_a_body_that_a_middleware_puts_in_is_compressed_too(fake: Fake) -> None:
    """S-472: the head says so."""

    async def replace(request: ClientRequest, handler: Handler) -> ClientResponse:
        assert request.compress == "gzip"
        await request.update_body(b"new" * 100)
        return await handler(request)

    session, connector = fake(middlewares=[replace])
    await session.post("http://h/", data=b"old", compress="gzip")
    assert gzip.decompress(connector.requests[0].body) == b"new" * 100
