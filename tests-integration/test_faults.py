"""Each fault that concerns connections, raised by a real socket: class, phase, attributes, cause.

S-522 to S-542 as far as a peer, a name or a path is at fault; what the caller did wrong is tested
with the session. After each fault nothing may be in use.
"""

import asyncio
import errno
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

import wherry
from wherry_codec import RemoteProtocolError
from wherry_pool.testing import FakeResolver

pytestmark = pytest.mark.network

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"
RESET = struct.pack("ii", 1, 0)


@asynccontextmanager
async def serving(connected: Connected, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that does `connected` with each connection, then closes it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await connected(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client left first
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def answering(*pieces: bytes) -> Connected:
    """Read a head, send these, and close."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return answer


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read whatever comes until the client leaves; say nothing."""
    while await reader.read(4096):
        pass


async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection once a head has come."""
    await reader.readuntil(b"\r\n\r\n")
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@pytest.fixture
async def session() -> AsyncIterator[wherry.ClientSession]:
    """A session of which nothing may be in use in the end."""
    async with wherry.ClientSession(timeout=wherry.ClientTimeout(total=10)) as session:
        yield session
        connector = session.connector
        assert isinstance(connector, wherry.TCPConnector)
        assert [s.in_use for s in connector.stats().values() if s.in_use] == []


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


# --- getting a connection -----------------------------------------------------------------------


async def test_a_name_that_does_not_exist(session: wherry.ClientSession) -> None:
    """S-522: by the resolver of this machine."""
    with pytest.raises(wherry.ClientConnectorDNSError) as caught:
        await session.get("http://no-such-host.invalid:81/")
    assert (caught.value.host, caught.value.port) == ("no-such-host.invalid", 81)
    assert isinstance(caught.value.os_error, OSError)


async def test_nobody_listens(session: wherry.ClientSession, closed_port: int) -> None:
    """S-523."""
    with pytest.raises(wherry.ClientConnectorError) as caught:
        await session.get(f"http://127.0.0.1:{closed_port}/")
    assert type(caught.value) is wherry.ClientConnectorError
    assert caught.value.errno == errno.ECONNREFUSED
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", closed_port)


async def test_no_address_of_the_family() -> None:
    """S-523, S-152."""
    resolver = FakeResolver({"h.test": ["127.0.0.1"]})
    connector = wherry.TCPConnector(resolver=resolver, family=socket.AF_INET6)
    async with wherry.ClientSession(connector=connector) as session:
        with pytest.raises(wherry.ClientConnectorError):
            await session.get("http://h.test/")


async def test_nobody_listens_where_the_proxy_should_be(
    session: wherry.ClientSession, closed_port: int
) -> None:
    """S-524."""
    with pytest.raises(wherry.ClientProxyConnectionError) as caught:
        await session.get("http://h.test/", proxy=f"http://127.0.0.1:{closed_port}")
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", closed_port)


async def test_a_unix_socket_that_is_not_there(tmp_path: Path) -> None:
    """S-525."""
    path = str(tmp_path / "none")
    async with wherry.ClientSession(connector=wherry.UnixConnector(path)) as session:
        with pytest.raises(wherry.UnixClientConnectorError) as caught:
            await session.get("http://h/")
    assert caught.value.path == path


def tls_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def test_a_certificate_that_nobody_trusts(
    session: wherry.ClientSession, certificate: trustme.LeafCert
) -> None:
    """S-527."""
    async with serving(stall, tls_context(certificate)) as port:
        with pytest.raises(wherry.ClientConnectorCertificateError) as caught:
            await session.get(f"https://localhost:{port}/")
    assert isinstance(caught.value.certificate_error, ssl.SSLCertVerificationError)


async def test_no_tls_at_the_other_end(session: wherry.ClientSession) -> None:
    """S-528."""

    async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(OK + b"\r\n")
        await writer.drain()

    async with serving(speak_plainly) as port:
        with pytest.raises(wherry.ClientConnectorSSLError) as caught:
            await session.get(f"https://localhost:{port}/")
    assert not isinstance(caught.value, wherry.ClientConnectorCertificateError)


async def test_another_certificate_than_the_pinned_one(
    session: wherry.ClientSession, certificate: trustme.LeafCert
) -> None:
    """S-529: before a byte of the request has left."""
    received: list[bytes] = []

    async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read())

    pin = wherry.Fingerprint(b"x" * 32)
    async with serving(record, tls_context(certificate)) as port:
        with pytest.raises(wherry.ServerFingerprintMismatch) as caught:
            await session.get(f"https://localhost:{port}/", ssl=pin)
    assert caught.value.expected == pin.fingerprint
    assert caught.value.got != pin.fingerprint
    assert received in ([], [b""])


async def test_a_tunnel_that_is_refused(session: wherry.ClientSession) -> None:
    """S-530."""
    refusal = b"HTTP/1.1 403 No\r\nX-Why: policy\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(refusal)) as port:
        with pytest.raises(wherry.ClientHttpProxyError) as caught:
            await session.get("https://h.test/", proxy=f"http://127.0.0.1:{port}")
    assert caught.value.status == 403
    assert caught.value.headers is not None
    assert caught.value.headers["X-Why"] == "policy"


@pytest.mark.parametrize(
    ("limit", "phase"),
    [({"sock_connect": 0.05}, "sock_connect"), ({"connect": 0.05}, "connect")],
)
async def test_a_peer_that_does_not_do_its_part_of_tls(
    session: wherry.ClientSession, limit: dict[str, Any], phase: str
) -> None:
    """S-531."""
    async with serving(stall) as port:
        with pytest.raises(wherry.ConnectionTimeoutError) as caught:
            await session.get(f"https://localhost:{port}/", timeout=wherry.ClientTimeout(**limit))
    assert (caught.value.phase, caught.value.limit) == (phase, 0.05)


async def test_no_place_in_the_pool_in_time() -> None:
    """S-531."""
    async with (
        serving(stall) as port,
        wherry.ClientSession(connector=wherry.TCPConnector(limit=1)) as session,
    ):
        url = f"http://127.0.0.1:{port}/"
        first = asyncio.create_task(session.get(url))
        await asyncio.sleep(0.05)
        with pytest.raises(wherry.ConnectionTimeoutError) as caught:
            await session.get(url, timeout=wherry.ClientTimeout(connect=0.05))
        first.cancel()
    assert caught.value.phase == "connect"


# --- while it is used ---------------------------------------------------------------------------


async def test_no_answer_in_time(session: wherry.ClientSession) -> None:
    """S-532, S-533."""
    async with serving(stall) as port:
        url = f"http://127.0.0.1:{port}/"
        with pytest.raises(TimeoutError) as total:
            await session.get(url, timeout=0.05)
        with pytest.raises(wherry.SocketTimeoutError):
            await session.get(url, timeout=wherry.ClientTimeout(sock_read=0.05))
    assert not isinstance(total.value, wherry.ClientError)


async def test_the_rest_of_a_body_does_not_come_in_time(session: wherry.ClientSession) -> None:
    """S-532, S-533: from the read."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: 10\r\n\r\nhalf")
        await stall(reader, writer)

    async with serving(half) as port:
        url = f"http://127.0.0.1:{port}/"
        response = await session.get(url, timeout=0.2)
        with pytest.raises(TimeoutError):
            await response.read()
        response = await session.get(url, timeout=wherry.ClientTimeout(sock_read=0.05))
        with pytest.raises(wherry.SocketTimeoutError):
            await response.read()


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nX-Half: "])
async def test_the_connection_ends_before_the_head_does(
    session: wherry.ClientSession, begun: bytes
) -> None:
    """S-534: after one retry, as GET may be repeated; not with POST."""
    connections = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(begun)(reader, writer)

    async with serving(count) as port:
        for method, expected in (("GET", 2), ("POST", 1)):
            connections = 0
            with pytest.raises(wherry.ServerDisconnectedError):
                await session.request(method, f"http://127.0.0.1:{port}/")
            assert connections == expected


async def test_the_connection_is_reset(session: wherry.ClientSession) -> None:
    """S-535."""
    async with serving(break_off) as port:
        with pytest.raises(wherry.ClientOSError) as caught:
            await session.post(f"http://127.0.0.1:{port}/")
    assert caught.value.errno == errno.ECONNRESET


@pytest.mark.parametrize(
    "head",
    [
        b"nonsense\r\n\r\n",
        OK + b"X: " + b"y" * 9000 + b"\r\n\r\n",
        OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_a_head_that_is_none(session: wherry.ClientSession, head: bytes) -> None:
    """S-536."""
    async with serving(answering(head)) as port:
        with pytest.raises(wherry.ClientResponseError) as caught:
            await session.get(f"http://127.0.0.1:{port}/")
    assert caught.value.status == 400
    assert isinstance(caught.value.__cause__, RemoteProtocolError)


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 10\r\n\r\nhalf",
        OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        OK + b"Content-Length: 8\r\nContent-Encoding: gzip\r\n\r\nnonsense",
        OK + b"Content-Length: 10\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff",
    ],
)
async def test_a_body_that_is_cut_short_or_broken(
    session: wherry.ClientSession, answer: bytes
) -> None:
    """S-537, S-538: from the read, not from the call."""
    async with serving(answering(answer)) as port:
        response = await session.get(f"http://127.0.0.1:{port}/")
        with pytest.raises(wherry.ClientPayloadError):
            await response.read()


async def test_the_peer_leaves_in_the_middle_of_an_upload(session: wherry.ClientSession) -> None:
    """S-539: it may be noticed by writing or by reading."""

    async def read_a_little(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await break_off(reader, writer)

    async with serving(read_a_little) as port:
        with pytest.raises((wherry.ClientOSError, wherry.ServerDisconnectedError)):
            await session.post(f"http://127.0.0.1:{port}/", data=b"x" * 1_000_000)


async def test_reading_what_was_given_up(session: wherry.ClientSession) -> None:
    """S-541."""
    async with serving(answering(OK + b"Content-Length: 4\r\n\r\nbody")) as port:
        response = await session.get(f"http://127.0.0.1:{port}/")
        response.close()
        with pytest.raises(wherry.ClientConnectionError):
            await response.read()


async def test_the_connector_is_closed_meanwhile() -> None:
    """S-542, S-174, S-175: for who waits in the queue, for TLS, and for an answer."""
    async with serving(stall) as port:
        connector = wherry.TCPConnector(limit=2)
        async with wherry.ClientSession(connector=connector) as session:
            schemes = ("http", "https", "http")
            calls = [
                asyncio.create_task(session.get(f"{scheme}://127.0.0.1:{port}/"))
                for scheme in schemes
            ]
            await asyncio.sleep(0.1)
            await connector.close()
            results = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(result, wherry.ClientConnectionError) for result in results] == [True] * 3
