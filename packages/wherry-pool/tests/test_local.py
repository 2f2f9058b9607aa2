"""Unix sockets and named pipes."""

import asyncio
import hashlib
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from wherry_errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ConnectionTimeoutError,
    ServerFingerprintMismatch,
    UnixClientConnectorError,
)
from wherry_pool import ConnectionKey, DialTimings, Fingerprint, NamedPipeConnector
from wherry_pool._local import NamedPipeDialer, UnixDialer
from wherry_pool.testing import ManualClock, MemoryTransport, check_dialer

ServeUnix = Callable[..., Awaitable[None]]

unix = pytest.mark.skipif(sys.platform == "win32", reason="there are no Unix sockets on Windows")
TLS_KEY = ConnectionKey("host.test", 443, True)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where a socket can be."""
    return str(tmp_path / "s")


async def dialled(dialer: UnixDialer, key: ConnectionKey) -> asyncio.Transport:
    transport = await dialer.dial(key, asyncio.Protocol)
    transport.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return transport


@unix
async def test_unix_dialer_keeps_its_promises(
    path: str, key: ConnectionKey, serve_unix: ServeUnix
) -> None:
    """S-162: the conformance check of `Dialer`; the host does not matter."""
    await serve_unix(path)

    await check_dialer(UnixDialer(path), key)


@unix
async def test_times_are_taken(
    path: str, key: ConnectionKey, serve_unix: ServeUnix, server_context: ssl.SSLContext
) -> None:
    """`ClientResponse.timings`: there is no name to resolve."""
    for is_tls in (False, True):
        timings, place = DialTimings(), f"{path}{is_tls}"
        await serve_unix(place, ssl=server_context if is_tls else None)
        route = TLS_KEY._replace(ssl=False) if is_tls else key

        transport = await UnixDialer(place).dial(route, asyncio.Protocol, timings=timings)

        assert timings.dns == 0.0
        assert timings.connect > 0.0
        assert (timings.tls > 0.0) is is_tls
        transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)


@unix
async def test_missing_socket_names_its_path(path: str, key: ConnectionKey) -> None:
    """S-162, S-525."""
    with pytest.raises(UnixClientConnectorError, match=r"No such file") as caught:
        await UnixDialer(path).dial(key, asyncio.Protocol)

    assert caught.value.path == path
    assert isinstance(caught.value.__cause__, FileNotFoundError)


@unix
async def test_https_over_a_unix_socket_does_tls(
    path: str,
    serve_unix: ServeUnix,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> None:
    """C-15: with the host's name, or `server_hostname`; errors are those of TLS (S-159)."""
    await serve_unix(path, ssl=server_context)
    dialer = UnixDialer(path, client_context)

    await dialled(dialer, TLS_KEY)
    await dialled(dialer, TLS_KEY._replace(host="other.test", server_hostname="host.test"))
    await dialled(UnixDialer(path), TLS_KEY._replace(ssl=False))
    with pytest.raises(ClientConnectorCertificateError):
        await dialled(dialer, TLS_KEY._replace(host="other.test"))


@unix
async def test_fingerprint_is_checked(
    path: str, serve_unix: ServeUnix, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-160, SEC-33."""
    await serve_unix(path, ssl=server_context)
    transport = await dialled(UnixDialer(path, client_context), TLS_KEY)
    certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    digest = hashlib.sha256(certificate).digest()

    await dialled(UnixDialer(path), TLS_KEY._replace(ssl=Fingerprint(digest)))
    with pytest.raises(ServerFingerprintMismatch):
        await dialled(UnixDialer(path), TLS_KEY._replace(ssl=Fingerprint(b"a" * 32)))
    await asyncio.sleep(0)


@unix
async def test_sock_connect_bounds_the_handshake(
    path: str, serve_unix: ServeUnix, clock: ManualClock
) -> None:
    """S-151."""
    accepted = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        while await reader.read(65536):
            pass

    await serve_unix(path, accept)
    dialing = asyncio.ensure_future(
        UnixDialer(path).dial(TLS_KEY, asyncio.Protocol, attempt_timeout=3.0)
    )
    await accepted.wait()

    await clock.advance(3.0)

    with pytest.raises(ConnectionTimeoutError, match=r"sock_connect = 3.0") as caught:
        await dialing
    assert caught.value.host == path


class PipeLoop(asyncio.SelectorEventLoop):
    """A loop with the one method of the proactor loop that pipes need."""

    async def create_pipe_connection(
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], address: str
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        if address == "slow":
            await self.create_future()
        if address == "missing":
            raise FileNotFoundError(2, "The system cannot find the file specified")
        protocol = protocol_factory()
        return MemoryTransport(self, protocol), protocol


def run_on_pipe_loop(work: Awaitable[None]) -> None:
    async def main() -> None:
        await work

    with asyncio.Runner(loop_factory=PipeLoop) as runner:
        runner.run(main())


def test_named_pipe_dialer_keeps_its_promises(key: ConnectionKey) -> None:
    """S-163, S-526."""

    async def work() -> None:
        await check_dialer(NamedPipeDialer("pipe"), key)
        with pytest.raises(ClientConnectorError, match="cannot find the file"):
            await NamedPipeDialer("missing").dial(key, asyncio.Protocol)
        with pytest.raises(ConnectionTimeoutError, match="sock_connect"):
            await NamedPipeDialer("slow").dial(key, asyncio.Protocol, attempt_timeout=0.001)

    run_on_pipe_loop(work())


def test_named_pipe_connector_is_made_on_its_loop() -> None:
    """S-111."""

    async def work() -> None:
        async with NamedPipeConnector("pipe") as connector:
            assert connector.path == "pipe"
            assert "npipe" in connector.allowed_protocol_schema_set

    run_on_pipe_loop(work())


@unix
async def test_named_pipe_connector_needs_its_loop() -> None:
    """S-111."""
    with pytest.raises(RuntimeError, match="named pipes need the proactor event loop"):
        NamedPipeConnector("pipe")
