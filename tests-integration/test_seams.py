"""Each Protocol, filled by another package that does not know it.

The annotations below are the proof for `mypy --strict`; the tests put the pairs through the
conformance checks that the packages ship.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest
from yarl import URL

import wherry
from wherry.testing import check_connector, check_request_observer
from wherry_cookies.testing import check_cookie_jar
from wherry_multipart.testing import check_byte_source
from wherry_payload.testing import MemorySink, check_payload
from wherry_pool.testing import check_request_body
from wherry_tracing import begin
from wherry_tracing.testing import record
from wherry_websocket.testing import check_frame_transport

if TYPE_CHECKING:
    import wherry_cookies
    import wherry_multipart
    import wherry_payload
    import wherry_pool
    import wherry_tracing
    from wherry import protocols
    from wherry_errors import (
        ClientConnectorError,
        ClientResponseError,
        ConnectionKeyShape,
        RequestInfoShape,
    )
    from wherry_multipart.protocols import ByteSource, MultipartResponse
    from wherry_payload import protocols as payload
    from wherry_pool import protocols as pool
    from wherry_websocket.protocols import FrameTransport
    from wherry_websocket.testing import PeerEnd

    def the_session_is_filled_by(
        connector: wherry_pool.TCPConnector | wherry_pool.UnixConnector,
        jar: wherry_cookies.CookieJar,
        no_jar: wherry_cookies.DummyCookieJar,
        body: wherry_payload.Payload,
        parts: wherry_multipart.MultipartWriter,
        traces: wherry_tracing.RequestTraces,
    ) -> None:
        _connector: protocols.ConnectorProtocol = connector
        _jars: list[protocols.CookieJarProtocol] = [jar, no_jar]
        _header: protocols.CookieHeaderSource = jar
        _payloads: list[protocols.PayloadProtocol] = [body, parts]
        _observer: protocols.RequestObserver = traces

    def the_pool_is_filled_by(
        body: wherry_payload.Payload,
        parts: wherry_multipart.MultipartWriter,
        traces: wherry_tracing.RequestTraces,
        threads: wherry_pool.ThreadedResolver,
        dialer: wherry_pool.TcpDialer,
        connection: wherry_pool.Http11Connection,
    ) -> None:
        _bodies: list[pool.RequestBody] = [body, parts]
        _observer: pool.PoolObserver = traces
        _resolvers: list[pool.Resolver] = [threads, wherry_pool.CachingResolver(threads, 10)]
        _dialer: pool.Dialer = dialer
        _connection: pool.HttpConnection = connection
        _owner: pool.ConnectionOwner = wherry_pool.ConnectionPool(asyncio.new_event_loop())

    def the_packages_below_are_filled_by(
        response: wherry.ClientResponse,
        info: wherry.RequestInfo,
        key: wherry.ConnectionKey,
        upgraded: wherry_pool.UpgradedConnection,
        sink: pool.ByteSink,
    ) -> None:
        _parts: MultipartResponse = response
        _source: ByteSource = response.content
        _stream: payload.ByteSource = response.content
        _sink: payload.ByteSink = sink
        _traced: wherry_tracing.ResponseShape = response
        _frames: FrameTransport = upgraded
        ClientResponseError(info, response.history)
        _info: RequestInfoShape = info
        _key: ConnectionKeyShape = key
        ClientConnectorError(key, OSError())


def test_the_jars_do_what_a_session_relies_on() -> None:
    """`CookieJarProtocol`."""
    check_cookie_jar(wherry.CookieJar)
    check_cookie_jar(wherry.DummyCookieJar, keeps_cookies=False)


def _writer() -> wherry.MultipartWriter:
    writer = wherry.MultipartWriter("form-data", boundary="x")
    writer.append("text")
    writer.append(b"bytes")
    return writer


BODIES = pytest.mark.parametrize(
    "make",
    [
        lambda: wherry.get_payload(b"bytes"),
        lambda: wherry.get_payload("text"),
        lambda: wherry.JsonPayload({"a": 1}),
        _writer,
        lambda: wherry.FormData({"a": "b"})(),
    ],
    ids=["bytes", "text", "json", "multipart", "form"],
)


@BODIES
async def test_what_a_session_sends_is_sound(make: Callable[[], wherry.Payload]) -> None:
    """`PayloadProtocol` and the pool's `RequestBody`, filled by wherry-payload and -multipart."""
    assert await check_request_body(make) == await check_payload(make)


@pytest.mark.network
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_connector_is_sound_against_nginx(nginx: dict[str, str], scheme: str) -> None:
    """`ConnectorProtocol`, filled by `TCPConnector`, with and without TLS."""
    url = URL(nginx[scheme])
    key = wherry.ConnectionKey(url.host or "", url.port, is_ssl=scheme == "https", ssl=False)

    await check_connector(wherry.TCPConnector, key)


async def test_traces_take_whatever_a_session_tells() -> None:
    """`RequestObserver`, filled by wherry-tracing's `RequestTraces`."""
    config = wherry.TraceConfig()
    seen = record(config)
    config.freeze()

    await check_request_observer(begin([config], None, None))
    assert len(seen) == 7


@pytest.fixture
async def pages(nginx: dict[str, str]) -> AsyncIterator[wherry.ClientSession]:
    """A session whose responses are used as sources."""
    async with wherry.ClientSession(nginx["http"]) as session:
        yield session


@pytest.mark.network
async def test_a_response_body_is_a_source_of_parts(
    pages: wherry.ClientSession, small: bytes
) -> None:
    """wherry-multipart's `ByteSource`, filled by `StreamReader`."""
    responses = [await pages.get("small.txt") for _ in range(4)]
    sources = iter([response.content for response in responses])

    await check_byte_source(lambda: next(sources), small)


@pytest.mark.network
async def test_a_response_body_is_the_body_of_another_request(
    pages: wherry.ClientSession, large: bytes
) -> None:
    """wherry-payload's `ByteSource`, filled by `StreamReader`: nothing is collected in between."""
    sink = MemorySink()
    async with pages.get("large.bin") as response:
        body = wherry.get_payload(response.content)
        assert body.size is None
        await body.write(sink)

    assert sink.data == large


class _FarEnd:
    """The server's side of an upgraded connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes, /) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self, size: int, /) -> bytes:
        try:
            return await self._reader.readexactly(size)
        except asyncio.IncompleteReadError as error:
            return error.partial
        except ConnectionError:
            return b""

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@pytest.mark.network
async def test_an_upgraded_connection_carries_frames(session: wherry.ClientSession) -> None:
    """wherry-websocket's `FrameTransport`, filled by wherry-pool's `UpgradedConnection`."""
    far_ends: asyncio.Queue[_FarEnd] = asyncio.Queue()
    opened: list[_FarEnd] = []
    early = b""

    async def switch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n"
        writer.write(head + early)
        await far_ends.put(_FarEnd(reader, writer))

    async def open_pair(data: bytes) -> "tuple[FrameTransport, PeerEnd]":
        nonlocal early
        early = data
        headers = {"Connection": "upgrade", "Upgrade": "test"}
        response = await session.get(url, headers=headers)
        opened.append(await far_ends.get())
        return response.take_over(), opened[-1]

    server = await asyncio.start_server(switch, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        await check_frame_transport(open_pair)
    finally:
        server.close()
        await asyncio.gather(*(far.close() for far in opened))
