"""Host names to addresses, by asking a name server on loopback."""

import asyncio
import gc
import importlib.util
import socket
import struct
import weakref
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from wherry_pool import AsyncResolver, DefaultResolver, ThreadedResolver, _async_resolver
from wherry_pool.testing import check_resolver

needs_aiodns = pytest.mark.skipif(
    _async_resolver.AIODNS is None, reason="needs aiodns: pip install 'wherry-pool[aiodns]'"
)

A, AAAA, NXDOMAIN = 1, 28, 3


class NameServer(asyncio.DatagramProtocol):
    """Answers for the names it knows; others do not exist. RFC 1035 §4."""

    def __init__(self) -> None:
        self.addresses = {"host.test": ["127.0.0.1", "127.0.0.2", "::1"], "empty.test": []}
        self.asked: list[str] = []
        self.was_asked = asyncio.Event()
        self.is_mute = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The selector loop's datagram transport is no subclass of the class that says so.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        name, kind = ".".join(labels), struct.unpack("!H", data[at + 1 : at + 3])[0]
        self.asked.append(name)
        self.was_asked.set()
        if not self.is_mute:
            self.transport.sendto(self._answer(data, at + 5, name, kind), addr)

    def _answer(self, question: bytes, end: int, name: str, kind: int) -> bytes:
        known = self.addresses.get(name.lower())
        family = socket.AF_INET6 if kind == AAAA else socket.AF_INET
        records = [
            struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(raw)) + raw
            for address in known or ()
            if (":" in address) is (kind == AAAA)
            for raw in [socket.inet_pton(family, address)]
        ]
        flags = 0x8180 | (NXDOMAIN if known is None else 0)
        head = question[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0)
        return head + question[12:end] + b"".join(records)


@pytest.fixture
async def name_server() -> AsyncIterator[NameServer]:
    """A name server; its address is in `transport`."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield server
    transport.close()


def resolver_at(server: NameServer) -> AsyncResolver:
    host, port = server.transport.get_extra_info("sockname")
    return AsyncResolver(nameservers=[f"{host}:{port}"], timeout=5.0, tries=1)


@needs_aiodns
@pytest.mark.network
async def test_resolver_keeps_its_promises(name_server: NameServer) -> None:
    """S-145: the conformance check of `Resolver`, with name servers of one's own."""
    results = await check_resolver(resolver_at(name_server), "host.test", "unknown.test")

    assert {result["host"] for result in results} >= {"127.0.0.1", "127.0.0.2"}
    assert "unknown.test" in name_server.asked


@needs_aiodns
@pytest.mark.network
@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("unknown.test", "unknown.test: .*not found"),
        ("empty.test", "empty.test"),
        ("host.test\0.example", "contains NUL"),
        (f"{'a' * 64}.test", "a" * 64),
    ],
)
async def test_errors_and_empty_answers_are_os_errors(
    name_server: NameServer, host: str, text: str
) -> None:
    """S-145, SEC-48: and a name is never cut at a NUL."""
    resolver = resolver_at(name_server)

    with pytest.raises(OSError, match=text):
        await resolver.resolve(host, 80)

    assert "host.test" not in name_server.asked
    await resolver.close()


@needs_aiodns
@pytest.mark.network
async def test_closing_ends_lookups_with_an_error(name_server: NameServer) -> None:
    """S-143: and later ones do not begin."""
    name_server.is_mute = True
    resolver = resolver_at(name_server)
    asking = asyncio.ensure_future(resolver.resolve("host.test", 80))
    await name_server.was_asked.wait()

    await resolver.close()
    await resolver.close()

    with pytest.raises(OSError, match=r"host.test"):
        await asking
    with pytest.raises(OSError, match="resolver is closed"):
        await resolver.resolve("host.test", 80)


@needs_aiodns
async def test_resolvers_without_arguments_share_one() -> None:
    """S-145: it is closed with the last of them, in whatever way they go."""
    first, second, third = AsyncResolver(), AsyncResolver(), AsyncResolver()
    own = AsyncResolver(tries=1)
    assert first._resolver is second._resolver is third._resolver
    assert own._resolver is not first._resolver

    await first.close()
    await first.close()
    del third
    gc.collect()
    assert (await second.resolve("127.0.0.1", 80))[0]["host"] == "127.0.0.1"
    await second.close()

    another = AsyncResolver()
    assert another._resolver is not first._resolver
    await another.close()
    await own.close()


@needs_aiodns
def test_loops_do_not_share_resolvers() -> None:
    """S-145: one per loop, which is not kept alive."""

    async def main() -> Any:
        resolver = AsyncResolver()
        shared = resolver._resolver
        await resolver.close()
        return shared

    assert asyncio.run(main()) is not asyncio.run(main())
    assert len(_async_resolver._shared) == 0


@needs_aiodns
async def test_localhost_is_asked_for_again_without_the_flag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S-145: the rule of `ThreadedResolver`."""
    resolver = AsyncResolver()
    flags_asked: list[int] = []
    look_up = resolver._look_up

    async def picky(host: str, port: int, family: socket.AddressFamily, flags: int) -> list[Any]:
        flags_asked.append(flags)
        if flags:
            raise OSError(None, "no interface is configured")
        return await look_up(host, port, family, flags)

    monkeypatch.setattr(resolver, "_look_up", picky)

    assert (await resolver.resolve("localhost", 80))[0]["host"] == "127.0.0.1"
    with pytest.raises(OSError, match="no interface"):
        await resolver.resolve("example.test", 80)

    assert flags_asked == [32, 0, 32]
    await resolver.close()


def test_zone_of_an_address_is_kept() -> None:
    """S-145: by number, as c-ares has it."""

    class Node:
        family = socket.AF_INET6
        addr = (b"fe80::1", 80, 0, 3)

    assert _async_resolver._numeric_host(Node()) == "fe80::1%3"


async def test_without_aiodns_there_is_no_async_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-145, S-007: and what is made by default is threaded."""
    monkeypatch.setattr(_async_resolver, "AIODNS", None)
    monkeypatch.setattr(_async_resolver, "DefaultResolver", ThreadedResolver)

    with pytest.raises(RuntimeError, match=r"pip install 'wherry-pool\[aiodns\]'"):
        AsyncResolver()

    loop = asyncio.get_running_loop()
    assert isinstance(_async_resolver.new_default_resolver(loop), ThreadedResolver)


def test_default_resolver_depends_on_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-146: `AsyncResolver` where aiodns offers what it takes."""
    expected = ThreadedResolver if _async_resolver.AIODNS is None else AsyncResolver
    assert DefaultResolver is expected

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert _async_resolver.find_aiodns() is None


@needs_aiodns
def test_old_aiodns_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-146: one without `getaddrinfo`."""
    import aiodns

    monkeypatch.setattr(aiodns, "DNSResolver", object)

    assert _async_resolver.find_aiodns() is None


@needs_aiodns
async def test_loop_that_c_ares_cannot_use_gets_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proactor loop of Windows has no `add_reader`, and aiodns says so."""

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("aiodns needs a SelectorEventLoop on Windows")

    monkeypatch.setattr(_async_resolver, "_shared", weakref.WeakKeyDictionary())
    assert _async_resolver.AIODNS is not None
    monkeypatch.setattr(_async_resolver.AIODNS, "DNSResolver", refuse)

    loop = asyncio.get_running_loop()
    assert isinstance(_async_resolver.new_default_resolver(loop), ThreadedResolver)


def test_resolver_needs_a_loop() -> None:
    """S-008."""
    with pytest.raises(RuntimeError):
        AsyncResolver()
    with pytest.raises(RuntimeError):
        ThreadedResolver()
