"""Host names to addresses, through the operating system."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence

from .protocols import ResolveResult

_AddressInfos = Sequence[tuple[int, int, int, str, tuple[str | int | bytes, ...]]]

# Numeric answers only: the lookup has been done, nothing may be looked up again while connecting.
NUMERIC_FLAGS = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def check_name(host: str) -> None:
    """Raise `OSError` for a name that libraries in C would cut short and look up the rest of."""
    if "\0" in host:
        raise OSError(None, f"{host[:100]!r} cannot be a host name: it contains NUL")


class AbstractResolver(ABC):
    """Base class for resolvers of one's own; anything that satisfies `Resolver` works as well."""

    @abstractmethod
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`; `OSError` if there is none."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of resources."""


class ThreadedResolver(AbstractResolver):
    """Asks `getaddrinfo` in the default executor of the loop (S-144)."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`, at least one; `OSError` (usually `gaierror`) otherwise."""
        try:
            infos = await self._look_up(host, port, family, socket.AI_ADDRCONFIG)
        except OSError:
            if host.rstrip(".").lower() != "localhost":
                raise
            # Without a network some systems find no localhost that "is configured" (S-144).
            infos = await self._look_up(host, port, family, 0)
        if not infos:
            raise OSError(None, f"no address found for {host!r}")
        return [
            ResolveResult(
                hostname=host,
                host=await self._numeric_host(info_family, address),
                port=int(address[1]),
                family=info_family,
                proto=proto,
                flags=NUMERIC_FLAGS,
            )
            for info_family, _, proto, _, address in infos
        ]

    async def _look_up(
        self, host: str, port: int, family: socket.AddressFamily, flags: int
    ) -> _AddressInfos:
        check_name(host)
        try:
            return await self._loop.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, family=family, flags=flags
            )
        except ValueError as error:  # a label that is empty or too long
            raise OSError(None, f"{host[:100]!r} cannot be a host name: {error}") from error

    async def _numeric_host(self, family: int, address: tuple[object, ...]) -> str:
        if family == socket.AF_INET6 and len(address) > 3 and address[3]:
            # A scoped address: its zone is lost in the tuple, getnameinfo writes it out.
            host, _ = await self._loop.getnameinfo(
                address,  # type: ignore[arg-type]  # typeshed wants one exact tuple shape
                socket.NI_NUMERICHOST | socket.NI_NUMERICSERV,
            )
            return host
        return str(address[0])

    async def close(self) -> None:
        """Nothing to let go of."""
