"""The asyncio shell of the demo server."""

import asyncio

from wherry_cli.demo._server import LocalServer
from wherry_codec.testing import ResponsePlan


async def _read_to_end(url: str, request: bytes) -> bytes:
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_pipelined_requests_are_answered_in_order() -> None:
    """One connection, two requests in one packet, closed when the client asks for it."""
    async with LocalServer(lambda request, _: ResponsePlan(body=request.target.encode())) as server:
        answer = await _read_to_end(
            server.url,
            b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
            b"GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )

    assert answer.index(b"/a") < answer.index(b"/b")


async def test_bytes_that_are_no_http_are_refused() -> None:
    """The codec's words, then the end."""
    async with LocalServer(lambda *_: ResponsePlan()) as server:
        answer = await _read_to_end(server.url, b"hello?\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_leaving_closes_open_connections() -> None:
    """Idle clients see the end, and nothing of the server is left on the loop."""
    async with LocalServer(lambda *_: ResponsePlan()) as server:
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")

    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass  # an abort may look like this as well
    writer.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
