"""A resolver around a resolver: remembers answers for a while, asks once for many.

Failures are not remembered. Time is the loop's.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .protocols import PoolObserver, Resolver, ResolveResult

_Key = tuple[str, int, socket.AddressFamily]


class CachingResolver:
    """Remembers the answers of `resolver` for `ttl` seconds (None: for ever), `max_size` of them.

    Concurrent lookups of one name are one lookup; cancelling one of those who wait does not
    cancel it for the others (S-137, S-138). An answer that is up to `stale_for` seconds too old is
    given where asking again fails; by default none is.
    """

    def __init__(
        self,
        resolver: Resolver,
        ttl: float | None = 10,
        max_size: int = 1000,
        stale_for: float = 0,
    ) -> None:
        self._resolver = resolver
        self._ttl = ttl
        self._max_size = max_size
        self._stale_for = stale_for
        self._answers: OrderedDict[_Key, tuple[float, list[ResolveResult]]] = OrderedDict()
        self._lookups: dict[_Key, asyncio.Task[list[ResolveResult]]] = {}

    def __len__(self) -> int:
        """How many answers it remembers, those that are too old included."""
        return len(self._answers)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
        observer: PoolObserver | None = None,
    ) -> list[ResolveResult]:
        """The addresses of `host`. Each hit starts with the next address of the list."""
        key = (host.lower(), port, family)
        known = self._recall(key)
        if known is not None:
            if observer is not None:
                await observer.dns_cache_hit(host)
            return known
        lookup = self._lookups.get(key)
        is_first = lookup is None
        if observer is not None:
            await (observer.dns_cache_miss(host) if is_first else observer.dns_cache_hit(host))
            if is_first:
                await observer.dns_resolve_start(host)
            # Another request may have begun meanwhile, or even have its answer.
            lookup = self._lookups.get(key)
            known = self._recall(key)
        if known is None:
            known = await self._join(lookup or self._begin(key, host, port, family))
        if observer is not None and is_first:
            await observer.dns_resolve_end(host)
        return known

    def clear(self, host: str | None = None, port: int | None = None) -> None:
        """Forget the answer for `host` and `port`, or all answers."""
        if host is None or port is None:
            self._answers.clear()
        else:
            for key in [key for key in self._answers if key[:2] == (host.lower(), port)]:
                del self._answers[key]

    async def close(self) -> None:
        """Cancel running lookups. The resolver inside is closed by whoever made it."""
        for lookup in list(self._lookups.values()):
            lookup.cancel()
        self._answers.clear()

    def _recall(self, key: _Key) -> list[ResolveResult] | None:
        found = self._answers.get(key)
        if found is None:
            return None
        expiry, answer = found
        if self._ttl is not None:
            now = asyncio.get_running_loop().time()
            if now >= expiry:
                if now >= expiry + self._stale_for:
                    del self._answers[key]
                return None
        return self._rotate(key, expiry, answer)

    def _recall_stale(self, key: _Key) -> list[ResolveResult] | None:
        """The answer that is too old, if it may serve where there is no better one."""
        found = self._answers.get(key)
        if found is None or asyncio.get_running_loop().time() >= found[0] + self._stale_for:
            return None
        return self._rotate(key, *found)

    def _rotate(self, key: _Key, expiry: float, answer: list[ResolveResult]) -> list[ResolveResult]:
        rotated = answer[1:] + answer[:1]
        self._answers[key] = (expiry, rotated)
        self._answers.move_to_end(key)
        return list(rotated)

    def _begin(
        self, key: _Key, host: str, port: int, family: socket.AddressFamily
    ) -> asyncio.Task[list[ResolveResult]]:
        lookup = asyncio.get_running_loop().create_task(self._look_up(key, host, port, family))
        self._lookups[key] = lookup
        lookup.add_done_callback(lambda done: self._forget_lookup(key, done))
        return lookup

    async def _look_up(
        self, key: _Key, host: str, port: int, family: socket.AddressFamily
    ) -> list[ResolveResult]:
        try:
            answer = await self._resolver.resolve(host, port, family=family)
        except OSError:
            stale = self._recall_stale(key)
            if stale is None:
                raise
            return stale
        now = asyncio.get_running_loop().time()
        self._answers[key] = (now + (self._ttl or 0), list(answer))
        self._answers.move_to_end(key)
        if len(self._answers) > self._max_size:
            self._answers.popitem(last=False)
        return answer

    def _forget_lookup(self, key: _Key, lookup: asyncio.Task[list[ResolveResult]]) -> None:
        if self._lookups.get(key) is lookup:
            del self._lookups[key]
        if not lookup.cancelled():
            # Marked as seen: all who waited may have been cancelled before it failed.
            lookup.exception()

    async def _join(self, lookup: asyncio.Task[list[ResolveResult]]) -> list[ResolveResult]:
        try:
            return list(await asyncio.shield(lookup))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if lookup.cancelled() and (task is None or not task.cancelling()):
                # Nobody wanted this task to end: the lookup was called off by `close`.
                raise OSError(None, "the lookup was given up: the resolver was closed") from None
            raise
