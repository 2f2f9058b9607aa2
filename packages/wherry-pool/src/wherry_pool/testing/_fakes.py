"""Fakes for the other Protocols: resolver, connection, owner, observer, body, sink."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from wherry_errors import ClientConnectionResetError

from .._timeout import NO_DEADLINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._exchange import Exchange
    from .._upgrade import UpgradedConnection
    from ..protocols import ByteSink, ConnectionOwner, HttpConnection, ResolveResult


class FakeResolver:
    """A `Resolver` that knows the addresses it is given, by host name in lower case."""

    def __init__(self, addresses: Mapping[str, Sequence[str]] | None = None) -> None:
        self.addresses: dict[str, Sequence[str]] = dict(addresses or {})
        self.asked: list[tuple[str, int, int]] = []
        """Host, port and family of each call."""
        self.is_closed: bool = False
        self._gate: asyncio.Event | None = None

    def hold(self) -> None:
        """Let lookups wait until `let_go`."""
        self._gate = asyncio.Event()

    def let_go(self) -> None:
        """Let lookups go on."""
        if self._gate is not None:
            self._gate.set()
            self._gate = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host` in `family`; `socket.gaierror` if there are none."""
        self.asked.append((host, port, family))
        if self._gate is not None:
            await self._gate.wait()
        found = [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, address)
            for address in self.addresses.get(host.lower(), ())
        ]
        wanted = [item for item in found if family in (socket.AF_UNSPEC, item[0])]
        if not wanted:
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known here")
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": family_found,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for family_found, address in wanted
        ]

    async def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True


class FakeAddressPolicy:
    """An `AddressPolicy` that refuses the addresses in `refused`, or all with `refuses_all`.

    Each is one of its own: no two compare equal.
    """

    def __init__(self, refused: Iterable[str] = (), *, refuses_all: bool = False) -> None:
        self.asked: list[tuple[str, str, int]] = []
        """Host, address and port of each question."""
        self._refused = frozenset(refused)
        self._refuses_all = refuses_all

    def check(self, host: str, address: str, port: int, /) -> None:
        """Remember the question; `PermissionError` if the address is refused."""
        self.asked.append((host, address, port))
        if self._refuses_all or address in self._refused:
            raise PermissionError(errno.EACCES, f"{address} is not allowed for {host}")


class RecordingObserver:
    """A `PoolObserver` that remembers each event in `events`, with the host if there is one.

    `raising` maps a method name to what that method raises after the event was recorded.
    """

    def __init__(self, raising: Mapping[str, BaseException] | None = None) -> None:
        self.events: list[str] = []
        """`"connection_reused"`, `"dns_cache_miss example.com"` …"""
        self._raising = dict(raising or {})

    async def _note(self, name: str, host: str = "") -> None:
        self.events.append(f"{name} {host}".rstrip())
        await asyncio.sleep(0)
        error = self._raising.get(name)
        if error is not None:
            raise error

    async def connection_queued_start(self) -> None:
        """The request begins to wait for a place in the pool."""
        await self._note("connection_queued_start")

    async def connection_queued_end(self) -> None:
        """The wait for a place is over."""
        await self._note("connection_queued_end")

    async def connection_create_start(self) -> None:
        """A new connection is about to be made."""
        await self._note("connection_create_start")

    async def connection_create_end(self) -> None:
        """The new connection is ready."""
        await self._note("connection_create_end")

    async def tls_handshake_start(self, host: str) -> None:
        """The TLS handshake is about to begin."""
        await self._note("tls_handshake_start", host)

    async def tls_handshake_end(self, host: str) -> None:
        """The TLS handshake has succeeded."""
        await self._note("tls_handshake_end", host)

    async def connection_reused(self) -> None:
        """An idle connection was taken."""
        await self._note("connection_reused")

    async def dns_cache_hit(self, host: str) -> None:
        """The addresses of `host` were known."""
        await self._note("dns_cache_hit", host)

    async def dns_cache_miss(self, host: str) -> None:
        """The addresses of `host` were not known."""
        await self._note("dns_cache_miss", host)

    async def dns_resolve_start(self, host: str) -> None:
        """The resolver is about to be asked for `host`."""
        await self._note("dns_resolve_start", host)

    async def dns_resolve_end(self, host: str) -> None:
        """The resolver has answered."""
        await self._note("dns_resolve_end", host)


class RecordingOwner:
    """A `ConnectionOwner` that remembers what it is told."""

    def __init__(self) -> None:
        self.released: list[HttpConnection] = []
        self.discarded: list[HttpConnection] = []
        self.deadlines: list[float] = []
        """Every deadline to be watched, loop times; those that are no limit left out."""

    def release(self, connection: HttpConnection, expiry: float, /) -> None:
        """Remember the connection."""
        self.released.append(connection)

    def discard(self, connection: HttpConnection, /) -> None:
        """Remember the connection."""
        self.discarded.append(connection)

    def watch(self, deadline: float, /) -> None:
        """Remember the deadline."""
        if deadline < NO_DEADLINE:
            self.deadlines.append(deadline)


class FakeConnection:
    """An `HttpConnection` without a wire.

    `finish` ends its exchange, `break_off` the connection.
    """

    def __init__(self, owner: ConnectionOwner, expiry: float = NO_DEADLINE) -> None:
        self.exchange: Exchange | None = None
        self.is_closed: bool = False
        self.expiry = expiry
        """The loop time until which it may be idle."""
        self._owner = owner

    @property
    def transport(self) -> None:
        """There is none."""
        return None

    def can_take(self) -> bool:
        """Whether it is open and idle."""
        return not self.is_closed and self.exchange is None

    def is_idle(self) -> bool:
        """Whether no exchange is under way."""
        return self.exchange is None

    def has_expired(self, now: float) -> bool:
        """Whether `expiry` has been reached."""
        return now >= self.expiry

    def next_deadline(self) -> float:
        """The exchange's, or `expiry`."""
        return self.expiry if self.exchange is None else self.exchange.next_deadline()

    def check_deadlines(self, now: float) -> None:
        """Close when it is overdue."""
        exchange = self.exchange
        if exchange is None:
            if self.has_expired(now):
                self.close()
            return
        error = exchange.overdue(now)
        if error is not None:
            exchange.fail(error)
            self.break_off()

    def start(self, exchange: Exchange, /) -> None:
        """Remember the exchange."""
        if self.is_closed:
            self._owner.discard(self)
            raise ClientConnectionResetError("the fake connection was closed")
        self.exchange = exchange
        self._owner.watch(exchange.next_deadline())

    def finish(self) -> None:
        """The exchange is over and went well."""
        self.exchange = None
        self._owner.release(self, self.expiry)

    def break_off(self) -> None:
        """The connection is gone."""
        self.is_closed = True
        self.exchange = None
        self._owner.discard(self)

    def release(self, exchange: Exchange, /) -> None:
        """End the exchange; the connection stays good."""
        if self.exchange is exchange:
            exchange.is_over = True
            self.finish()

    def abort(self, exchange: Exchange, /) -> None:
        """End the exchange and the connection."""
        if self.exchange is exchange or not exchange.is_over:
            exchange.is_over = True
            self.break_off()

    def take_over(self, exchange: Exchange, /) -> UpgradedConnection:
        """There is nothing to take over: `ClientConnectionResetError`."""
        raise ClientConnectionResetError("a fake connection has no bytes to hand over")

    def close(self) -> None:
        """Close, and tell the owner once."""
        if not self.is_closed:
            self.break_off()


class MemorySink:
    """A `ByteSink` that keeps what it is given. `write` lets other tasks run."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    @property
    def data(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)

    async def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Keep a copy of `data`."""
        self.pieces.append(bytes(data))
        await asyncio.sleep(0)


class FakeBody:
    """A `RequestBody` made of `pieces`; it raises `error` after them, or waits for ever.

    `size` is what it claims, right or wrong.
    """

    def __init__(
        self,
        pieces: Iterable[bytes],
        *,
        size: int | None = None,
        error: BaseException | None = None,
        is_endless: bool = False,
    ) -> None:
        self._pieces = list(pieces)
        self._size = size
        self._error = error
        self._is_endless = is_endless

    @property
    def size(self) -> int | None:
        """What it claims."""
        return self._size

    async def write(self, sink: ByteSink, /) -> None:
        """Write the pieces."""
        for piece in self._pieces:
            await sink.write(piece)
        if self._error is not None:
            raise self._error
        if self._is_endless:
            await asyncio.get_running_loop().create_future()
