"""Names from a real name server, dnsmasq, through aiodns."""

import asyncio
import contextlib
import errno
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import wherry
from wherry_pool import AsyncResolver
from wherry_pool.testing import FakeAddressPolicy

pytestmark = pytest.mark.network

CONFIGURATION = [
    "--keep-in-foreground",
    "--no-resolv",
    "--no-hosts",
    "--bind-interfaces",
    "--listen-address=127.0.0.1",
    "--log-queries",
    "--local=/test/",  # what is not below is NXDOMAIN
    "--host-record=host.test,127.0.0.1",
    "--host-record=both.test,127.0.0.1,::1",
    "--host-record=six.test,::1",
    "--host-record=two.test,127.0.0.1",
    "--host-record=two.test,127.0.0.2",
    "--cname=alias.test,host.test",
    "--host-record=long.test,127.0.0.1,300",
    "--local-ttl=0",  # of all the others
]


@dataclass
class NameServer:
    """A running dnsmasq."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def resolver(self) -> AsyncResolver:
        """A resolver that asks it, and gives up soon."""
        return AsyncResolver(nameservers=[f"127.0.0.1:{self.port}"], timeout=0.3, tries=1)

    def questions(self, name: str) -> int:
        """How often it was asked for the IPv4 addresses of `name`."""
        return self.log.read_text("utf-8").count(f"query[A] {name} ")


def free_port() -> int:
    """A port free for TCP and UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def name_server(
    tmp_path: Path,
    program: Callable[[str], str],
    required: Callable[[str], None],
    free_port: Callable[[], int],
    running: Callable[..., AbstractContextManager["subprocess.Popen[bytes]"]],
) -> Iterator[NameServer]:
    """Dnsmasq with a few names under `test`."""
    required("aiodns")
    port, log = free_port(), tmp_path / "log"
    arguments = [*CONFIGURATION, f"--port={port}", f"--log-facility={log}", "--pid-file="]
    if os.geteuid() == 0:
        arguments.append("--user=root")  # the log is in a folder of ours
    with running([program("dnsmasq"), *arguments], port) as process:
        yield NameServer(port, log, process)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell clients which address they reached."""
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            body = str(writer.get_extra_info("sockname")[0]).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    writer.close()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a web server at 127.0.0.1, 127.0.0.2 and ::1."""
    hosts = ["127.0.0.1", "127.0.0.2", "::1"]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
    try:
        server = await asyncio.start_server(answer, hosts, number)
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise
        pytest.skip(f"needs {hosts} on the loopback interface: {error}")
    yield number
    server.close()
    await server.wait_closed()


Ask = Callable[..., Any]


@contextlib.asynccontextmanager
async def session_at(
    name_server: NameServer, **options: Any
) -> AsyncIterator[tuple[wherry.ClientSession, wherry.TCPConnector]]:
    """A session whose names come from the server; one connection per request."""
    resolver = name_server.resolver()
    connector = wherry.TCPConnector(resolver=resolver, force_close=True, **options)
    async with wherry.ClientSession(
        connector=connector, timeout=wherry.ClientTimeout(total=15)
    ) as session:
        yield session, connector
    await resolver.close()


async def reached(session: wherry.ClientSession, host: str, port: int) -> str:
    async with session.get(f"http://{host}:{port}/") as response:
        return await response.text()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("host.test", "127.0.0.1"),
        ("host.test.", "127.0.0.1"),
        ("HOST.test", "127.0.0.1"),
        ("alias.test", "127.0.0.1"),
        ("six.test", "::1"),
    ],
)
async def test_names_are_resolved(
    name_server: NameServer, port: int, host: str, address: str
) -> None:
    """S-145, S-136, S-141: A, AAAA, CNAME, in any case."""
    async with session_at(name_server) as (session, _):
        assert await reached(session, host, port) == address


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
async def test_family_chooses_the_address(
    name_server: NameServer, port: int, family: socket.AddressFamily, address: str
) -> None:
    """S-148."""
    async with session_at(name_server, family=family) as (session, _):
        assert await reached(session, "both.test", port) == address
        wrong = "six.test" if family == socket.AF_INET else "host.test"
        with pytest.raises(wherry.ClientConnectorError):
            await reached(session, wrong, port)


async def test_unknown_name_is_a_dns_error(name_server: NameServer, port: int) -> None:
    """S-142, S-145, S-139: it is asked for again each time."""
    async with session_at(name_server) as (session, _):
        for _ in range(2):
            with pytest.raises(wherry.ClientConnectorDNSError, match=r"unknown\.test"):
                await reached(session, "unknown.test", port)

    assert name_server.questions("unknown.test") == 2


async def test_answers_are_remembered_and_take_turns(name_server: NameServer, port: int) -> None:
    """S-137, S-138, S-140: a crowd asks once; then each request begins with the next address."""
    async with session_at(name_server, family=socket.AF_INET) as (session, connector):
        crowd = [reached(session, "two.test", port) for _ in range(20)]
        assert set(await asyncio.gather(*crowd)) <= {"127.0.0.1", "127.0.0.2"}
        assert name_server.questions("two.test") == 1

        turns = [await reached(session, "two.test", port) for _ in range(4)]
        assert turns[0] != turns[1]
        assert turns[:2] == turns[2:]
        assert name_server.questions("two.test") == 1

        connector.clear_dns_cache("two.test", port)
        await reached(session, "two.test", port)
        assert name_server.questions("two.test") == 2


async def test_answer_is_asked_for_again_when_it_is_too_old(
    name_server: NameServer, port: int
) -> None:
    """S-137, SEC-50: by our own time to live; c-ares beneath it goes by the server's."""
    async with session_at(name_server, ttl_dns_cache=0) as (session, _):
        for _ in range(3):
            await reached(session, "host.test", port)
            await reached(session, "long.test", port)

    assert name_server.questions("host.test") == 3
    assert name_server.questions("long.test") == 1


@pytest.mark.parametrize("stale", [0, 3600])
async def test_dead_name_server_is_survived_only_with_old_answers(
    name_server: NameServer, port: int, stale: float
) -> None:
    """S-139, S-142: and `stale_dns_on_failure`."""
    async with session_at(name_server, ttl_dns_cache=0, stale_dns_on_failure=stale) as (
        session,
        _,
    ):
        assert await reached(session, "host.test", port) == "127.0.0.1"
        name_server.process.terminate()
        name_server.process.wait(10)

        if stale:
            assert await reached(session, "host.test", port) == "127.0.0.1"
        else:
            with pytest.raises(wherry.ClientConnectorDNSError):
                await reached(session, "host.test", port)
        with pytest.raises(wherry.ClientConnectorDNSError):
            await reached(session, "six.test", port)


async def test_policy_sees_what_the_name_came_to(name_server: NameServer, port: int) -> None:
    """SEC-49: by way of a CNAME too; the other address is used instead."""
    policy = FakeAddressPolicy(["127.0.0.1"])
    async with session_at(name_server, address_policy=policy, family=socket.AF_INET) as (
        session,
        _,
    ):
        assert await reached(session, "two.test", port) == "127.0.0.2"
        with pytest.raises(wherry.ClientConnectorError, match=r"127\.0\.0\.1 is not allowed"):
            await reached(session, "alias.test", port)
