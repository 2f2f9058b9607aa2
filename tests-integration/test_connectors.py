"""Connectors on real sockets, under asyncio and under uvloop: a crowd, a close, nothing left."""

import asyncio
import contextlib
import gc
import importlib.util
import os
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme

import wherry
from wherry_pool.testing import FakeResolver

pytestmark = pytest.mark.network

HOSTS = 200
CROWD = 10_000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

Main = Callable[[], Coroutine[Any, Any, None]]


def run_asyncio(main: Main) -> None:
    """Run `main` as programs do."""
    asyncio.run(main())


def run_uvloop(main: Main) -> None:
    """The same under uvloop."""
    import uvloop

    uvloop.run(main())


needs_uvloop = pytest.mark.skipif(
    importlib.util.find_spec("uvloop") is None and os.environ.get("WHERRY_REQUIRE_PEERS") != "1",
    reason="needs a peer: pip install uvloop",
)

both_loops = pytest.mark.parametrize(
    "run", [run_asyncio, pytest.param(run_uvloop, marks=needs_uvloop)]
)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request."""
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
    writer.close()


@contextlib.asynccontextmanager
async def serving(context: ssl.SSLContext | None = None, path: str = "") -> AsyncIterator[int]:
    """A server; its port, or 0 at a path."""
    if path:
        server = await asyncio.start_unix_server(answer, path, ssl=context)
    else:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=1000)
    try:
        yield 0 if path else int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for _ in range(10):
            await asyncio.sleep(0)


async def fetch(session: wherry.ClientSession, url: str) -> None:
    async with session.get(url) as response:
        assert await response.read() == b"hello"


def quietly(run: Callable[[Main], None], main: Main) -> None:
    """Run `main`; nothing may be left that anybody would complain about."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        await main()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(watched)
        gc.collect()
    assert complaints == []


# --- a crowd -----------------------------------------------------------------------------------


@pytest.mark.slow
@both_loops
@pytest.mark.parametrize("per_host", [0, 3])
def test_crowd_over_many_hosts_leaves_every_place_free(
    run: Callable[[Main], None], per_host: int
) -> None:
    """S-123, S-124: 10,000 requests to 200 hosts over 100 connections, some of them cancelled."""

    async def main() -> None:
        names = [f"h{number}.test" for number in range(HOSTS)]
        resolver = FakeResolver({name: ["127.0.0.1"] for name in names})
        connector = wherry.TCPConnector(resolver=resolver, limit=100, limit_per_host=per_host)
        async with serving() as port, wherry.ClientSession(connector=connector) as session:
            urls = [f"http://{name}:{port}/" for name in names]
            calls = [
                asyncio.ensure_future(fetch(session, urls[number % HOSTS]))
                for number in range(CROWD)
            ]
            await asyncio.sleep(0.05)
            for call in calls[::47]:
                call.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)

            failed = [result for result in results if result is not None]
            assert all(isinstance(result, asyncio.CancelledError) for result in failed)
            assert len(failed) <= len(calls[::47])
            stats = connector.stats().values()
            assert sum(origin.in_use + origin.waiting for origin in stats) == 0
            assert sum(origin.idle for origin in stats) <= 100
            assert {host for host, _, _ in resolver.asked} == set(names)

    quietly(run, main)


# --- every kind --------------------------------------------------------------------------------


@both_loops
@pytest.mark.parametrize("is_tls", [False, True])
def test_tcp(
    run: Callable[[Main], None],
    certificate: trustme.LeafCert,
    trusting: ssl.SSLContext,
    *,
    is_tls: bool,
) -> None:
    """S-119, S-154, S-156: reuse, no delay for small packets, TLS; and a silent end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def main() -> None:
        resolver = FakeResolver({"localhost": ["127.0.0.1"]})
        connector = wherry.TCPConnector(resolver=resolver, ssl=trusting)
        async with (
            serving(context if is_tls else None) as port,
            wherry.ClientSession(connector=connector) as session,
        ):
            url = f"http{'s' if is_tls else ''}://localhost:{port}/"
            for _ in range(3):
                await fetch(session, url)
            await asyncio.gather(*(fetch(session, url) for _ in range(5)))

            [origin] = connector.stats().values()
            assert origin.created <= 5
            assert origin.reused >= 3
            [key] = connector.stats()
            idle = connector.acquire_nowait(key, asyncio.get_running_loop().time())
            assert idle is not None
            transport = idle.transport
            assert transport is not None
            sock = transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    quietly(run, main)


@both_loops
@pytest.mark.skipif(sys.platform == "win32", reason="there are no Unix sockets on Windows")
@pytest.mark.parametrize("is_tls", [False, True])
def test_unix_socket(
    run: Callable[[Main], None],
    certificate: trustme.LeafCert,
    tmp_path: Path,
    *,
    is_tls: bool,
) -> None:
    """S-162, C-15."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def main() -> None:
        path = str(tmp_path / "s")
        async with (
            serving(context if is_tls else None, path),
            wherry.ClientSession(connector=wherry.UnixConnector(path)) as session,
        ):
            for _ in range(2):
                async with session.get(
                    f"http{'s' if is_tls else ''}://localhost/", ssl=False
                ) as response:
                    assert await response.read() == b"hello"

    quietly(run, main)


@both_loops
def test_failures(run: Callable[[Main], None], trusting: ssl.SSLContext) -> None:
    """S-142, S-155, S-159, S-151: refused, unknown, no TLS, no answer; each frees its place."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            refusing = probe.getsockname()[1]
        plain = await asyncio.start_server(greet, "127.0.0.1", 0)
        plain_port = plain.sockets[0].getsockname()[1]
        silent = await asyncio.start_server(mute, "127.0.0.1", 0)
        silent_port = silent.sockets[0].getsockname()[1]
        connector = wherry.TCPConnector(
            resolver=FakeResolver({"localhost": ["127.0.0.1"]}), limit=1, ssl=trusting
        )
        async with serving() as port, wherry.ClientSession(connector=connector) as session:
            for url, error in (
                (f"http://localhost:{refusing}/", wherry.ClientConnectorError),
                (f"http://unknown.test:{port}/", wherry.ClientConnectorDNSError),
                (f"https://localhost:{plain_port}/", wherry.ClientConnectorSSLError),
                (f"https://localhost:{silent_port}/", wherry.ConnectionTimeoutError),
            ):
                timeout = wherry.ClientTimeout(sock_connect=0.3 if str(silent_port) in url else 10)
                with pytest.raises(error):
                    await session.get(url, timeout=timeout)
            await fetch(session, f"http://localhost:{port}/")
        silent.close()
        plain.close()
        for _ in range(10):
            await asyncio.sleep(0)

    quietly(run, main)


@both_loops
@pytest.mark.parametrize("is_tls", [False, True])
def test_cancelled_anywhere_nothing_is_left(
    run: Callable[[Main], None],
    certificate: trustme.LeafCert,
    trusting: ssl.SSLContext,
    *,
    is_tls: bool,
) -> None:
    """SEC-36, S-127: one turn of the loop later each time, through DNS, connecting, TLS, answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def main() -> None:
        connector = wherry.TCPConnector(
            resolver=FakeResolver({"localhost": ["127.0.0.1"]}), limit=1, ssl=trusting
        )
        async with (
            serving(context if is_tls else None) as port,
            wherry.ClientSession(connector=connector) as session,
        ):
            url = f"http{'s' if is_tls else ''}://localhost:{port}/"
            for turns in range(60):
                call = asyncio.ensure_future(fetch(session, url))
                for _ in range(turns):
                    await asyncio.sleep(0)
                call.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await call
                in_use = sum(origin.in_use for origin in connector.stats().values())
                assert in_use == 0, f"a place was lost after {turns} turns"
            await fetch(session, url)

    quietly(run, main)


@both_loops
def test_closing_with_everything_under_way(
    run: Callable[[Main], None], certificate: trustme.LeafCert, trusting: ssl.SSLContext
) -> None:
    """S-173 to S-176: idle, busy, queued and connecting; no waiting by the caller, no noise."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    never = FakeResolver({"localhost": ["127.0.0.1"], "slow.test": ["127.0.0.1"]})

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    async def main() -> None:
        hanging = await asyncio.start_server(hang, "127.0.0.1", 0, ssl=context)
        busy_port = hanging.sockets[0].getsockname()[1]
        connector = wherry.TCPConnector(resolver=never, limit=3, ssl=trusting)
        session = wherry.ClientSession(connector=connector)
        async with serving(context) as port:
            await fetch(session, f"https://localhost:{port}/")
            never.hold()
            calls = [
                asyncio.ensure_future(session.get(url))
                for url in [f"https://localhost:{busy_port}/"] * 3 + ["http://slow.test/"] * 2
            ]
            await asyncio.sleep(0.1)
            await session.close()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(result, wherry.ClientConnectionError) for result in results)
            assert connector.stats() == {}
        hanging.close()
        for _ in range(10):
            await asyncio.sleep(0)

    quietly(run, main)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_program_that_closes_its_session_ends_without_a_word(
    http_url: str, https_url: str, loop: str
) -> None:
    """S-173: under `python -X dev -W error`, with no sleep after the session."""
    if importlib.util.find_spec(loop) is None:
        pytest.skip(f"needs a peer: pip install {loop}")
    program = f"""
import asyncio, {loop}, wherry

async def main():
    async with wherry.ClientSession() as session:
        for url in ({http_url + "/small.txt"!r}, {https_url + "/small.txt"!r}) * 3:
            async with session.get(url, ssl=False) as response:
                await response.read()
        unread = await session.get({http_url + "/large.bin"!r})
    assert unread.closed

{loop}.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
