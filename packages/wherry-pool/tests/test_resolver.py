"""Host names to addresses, through the operating system."""

import asyncio
import socket
from typing import Any

import pytest

from wherry_pool import AbstractResolver, DefaultResolver, ResolveResult, ThreadedResolver
from wherry_pool.testing import check_resolver


async def test_resolver_keeps_its_promises() -> None:
    """S-144: the conformance check of `Resolver`, with names that need no network."""
    results = await check_resolver(ThreadedResolver(), "127.0.0.1", f"{'a' * 64}.test")

    assert results[0] == ResolveResult(
        hostname="127.0.0.1",
        host="127.0.0.1",
        port=8080,
        family=socket.AF_INET,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.test", "localhost\0.test"])
async def test_impossible_name_is_an_os_error(host: str) -> None:
    """S-522, SEC-48: like every name that has no address; never cut at a NUL."""
    with pytest.raises(OSError, match=r"cannot be a host name"):
        await ThreadedResolver().resolve(host)


async def test_scoped_address_keeps_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-144: the tuple has it as a number, connecting needs it in the text."""
    loop = asyncio.get_running_loop()
    index, name = socket.if_nameindex()[0]

    async def getaddrinfo(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 80, 0, index))]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)

    [result] = await ThreadedResolver(loop).resolve("router.test", 80, socket.AF_INET6)

    assert result["host"] == f"fe80::1%{name}"


async def test_localhost_is_asked_for_again_without_the_flag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S-144: machines without a network."""
    loop = asyncio.get_running_loop()
    flags_asked: list[int] = []

    async def getaddrinfo(host: str, port: int, *, flags: int, **_: Any) -> list[tuple[Any, ...]]:
        flags_asked.append(flags)
        if flags & socket.AI_ADDRCONFIG:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    resolver = ThreadedResolver(loop)

    [result] = await resolver.resolve("LocalHost.", 80)
    with pytest.raises(socket.gaierror):
        await resolver.resolve("example.test", 80)

    assert result["host"] == "127.0.0.1"
    assert flags_asked == [socket.AI_ADDRCONFIG, 0, socket.AI_ADDRCONFIG]


async def test_empty_answer_is_an_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Resolver` promises at least one address."""
    loop = asyncio.get_running_loop()

    async def getaddrinfo(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return []

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)

    with pytest.raises(OSError, match=r"no address found for 'example.test'"):
        await ThreadedResolver(loop).resolve("example.test")


def test_default_resolver_is_a_resolver() -> None:
    """S-146; users may derive from the base class."""
    assert issubclass(DefaultResolver, AbstractResolver)
    with pytest.raises(TypeError, match="abstract"):
        AbstractResolver()  # type: ignore[abstract]
