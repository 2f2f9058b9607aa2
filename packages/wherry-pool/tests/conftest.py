"""Fixtures of this package."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import pytest
import trustme

from wherry_pool import ConnectionKey
from wherry_pool.testing import ManualClock

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def clock() -> AsyncIterator[ManualClock]:
    """Loop time that passes only when the test says so."""
    with ManualClock(asyncio.get_running_loop()) as manual:
        yield manual


@pytest.fixture
def key() -> ConnectionKey:
    """A place to connect to."""
    return ConnectionKey("example.com", 80, False)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request until the client goes."""
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
    except (asyncio.IncompleteReadError, OSError):
        pass


@asynccontextmanager
async def _closing(
    server: asyncio.Server, writers: set[asyncio.StreamWriter]
) -> AsyncIterator[None]:
    try:
        yield
    finally:
        server.close()
        for writer in writers:
            cast("asyncio.Transport", writer.transport).abort()
        await server.wait_closed()
        for _ in range(5):
            await asyncio.sleep(0)


def _tracking(handler: Handler, writers: set[asyncio.StreamWriter]) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            await handler(reader, writer)
        finally:
            cast("asyncio.Transport", writer.transport).abort()

    return handle


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """A function that starts a server on loopback and returns its port.

    It takes a handler, and `host`, `port` and `ssl` by keyword. Without a handler the server
    answers every request with 200 and "hello".
    """
    async with AsyncExitStack() as stack:

        async def start(
            handler: Handler = answer,
            *,
            host: str = "127.0.0.1",
            port: int = 0,
            ssl: ssl.SSLContext | None = None,
        ) -> int:
            writers: set[asyncio.StreamWriter] = set()
            server = await asyncio.start_server(_tracking(handler, writers), host, port, ssl=ssl)
            await stack.enter_async_context(_closing(server, writers))
            return int(server.sockets[0].getsockname()[1])

        yield start


@pytest.fixture
async def serve_unix() -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """The same for a Unix socket: takes its path, a handler, and `ssl` by keyword."""
    async with AsyncExitStack() as stack:

        async def start(
            path: str, handler: Handler = answer, *, ssl: ssl.SSLContext | None = None
        ) -> None:
            writers: set[asyncio.StreamWriter] = set()
            server = await asyncio.start_unix_server(_tracking(handler, writers), path, ssl=ssl)
            await stack.enter_async_context(_closing(server, writers))

        yield start


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority nobody trusts by default."""
    return trustme.CA()


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """A server's TLS settings, with a certificate for host.test and 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("host.test", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    """A client's TLS settings that trust the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
