"""Host names to addresses, by asking the name servers from within the loop.

With c-ares, through aiodns, which is an extra (`wherry-pool[aiodns]`). Knows `/etc/hosts`, but none
of the other sources of names that an operating system may have.
"""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._resolver import NUMERIC_FLAGS, AbstractResolver, ThreadedResolver, check_name

if TYPE_CHECKING:
    from types import ModuleType

    from .protocols import ResolveResult

ARES_AI_ADDRCONFIG = 1 << 5
"""c-ares' own number for the flag, which is not the operating system's everywhere."""


def find_aiodns() -> ModuleType | None:
    """The module `aiodns`, if it is installed and can do what is needed (from 3.5 on)."""
    if importlib.util.find_spec("aiodns") is None:
        return None
    import aiodns

    resolver = getattr(aiodns, "DNSResolver", None)
    is_enough = hasattr(resolver, "getaddrinfo") and hasattr(resolver, "close")
    return aiodns if is_enough else None


AIODNS = find_aiodns()


@dataclass(slots=True)
class _Shared:
    """The resolver of one loop, and how many use it."""

    resolver: Any  # aiodns is not there for everybody who checks types
    users: int = 0


_shared: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = weakref.WeakKeyDictionary()


class AsyncResolver(AbstractResolver):
    """Asks name servers through `aiodns`, to which all other arguments go (S-145).

    `nameservers` lists addresses, each with `:port` if it is not 53. Instances without arguments
    share one `aiodns` resolver per loop, let go of when the last of them is closed.

    Raises `RuntimeError` if aiodns is not installed or too old, or if there is no running loop.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None = None, *args: Any, **kwargs: Any
    ) -> None:
        if AIODNS is None:
            raise RuntimeError(
                "AsyncResolver needs aiodns 3.5 or newer: pip install 'wherry-pool[aiodns]', "
                "or use ThreadedResolver"
            )
        self._loop = loop or asyncio.get_running_loop()
        self._is_closed = False
        self._shared: _Shared | None = None
        if args or kwargs:
            self._resolver = AIODNS.DNSResolver(*args, loop=self._loop, **kwargs)
            return
        shared = _shared.get(self._loop)
        if shared is None:
            shared = _shared[self._loop] = _Shared(AIODNS.DNSResolver(loop=self._loop))
        shared.users += 1
        self._shared = shared
        self._resolver = shared.resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`, at least one; `OSError` otherwise, also once it is closed."""
        try:
            nodes = await self._look_up(host, port, family, ARES_AI_ADDRCONFIG)
        except OSError:
            if host.rstrip(".").lower() != "localhost":
                raise
            # As in ThreadedResolver: no interface may be "configured", and yet there is a loopback.
            nodes = await self._look_up(host, port, family, 0)
        return [
            {
                "hostname": host,
                "host": _numeric_host(node),
                "port": int(node.addr[1]),
                "family": int(node.family),
                "proto": 0,
                "flags": NUMERIC_FLAGS,
            }
            for node in nodes
        ]

    async def _look_up(
        self, host: str, port: int, family: socket.AddressFamily, flags: int
    ) -> list[Any]:
        check_name(host)
        if AIODNS is None or self._is_closed:
            raise OSError(None, "the resolver is closed")
        try:
            answer = await self._resolver.getaddrinfo(
                host, port=port, type=socket.SOCK_STREAM, family=family, flags=flags
            )
        except AIODNS.error.DNSError as error:
            text = error.args[1] if len(error.args) > 1 else str(error)
            raise OSError(None, f"{host[:100]}: {text}") from error
        except ValueError as error:  # a label that is empty or too long
            raise OSError(None, f"{host[:100]!r} cannot be a host name: {error}") from error
        nodes = list(answer.nodes)
        if not nodes:
            raise OSError(None, f"no address found for {host!r}")
        return nodes

    async def close(self) -> None:
        """Let go of the sockets, unless others still use them. May be called again."""
        if self._is_closed:
            return
        if self._is_last():
            self._resolver.cancel()
            await self._resolver.close()

    def _is_last(self) -> bool:
        """Leave the resolver; whether nobody else uses it."""
        self._is_closed = True
        shared = self._shared
        if shared is None:
            return True
        shared.users -= 1
        if shared.users:
            return False
        if _shared.get(self._loop) is shared:
            del _shared[self._loop]
        return True

    def __del__(self) -> None:
        # aiodns cleans up behind a resolver that is forgotten; the others' count must stay right.
        if not getattr(self, "_is_closed", True):
            self._is_last()


def _numeric_host(node: Any) -> str:
    raw = node.addr[0]
    host = raw.decode("ascii") if isinstance(raw, bytes) else str(raw)
    if node.family == socket.AF_INET6 and len(node.addr) > 3 and node.addr[3] and "%" not in host:
        return f"{host}%{node.addr[3]}"  # its zone, by number
    return host


DefaultResolver: type[AsyncResolver] | type[ThreadedResolver] = (
    ThreadedResolver if AIODNS is None else AsyncResolver
)
"""What a `TCPConnector` makes for itself: `AsyncResolver` where aiodns is installed (S-146)."""


def new_default_resolver(loop: asyncio.AbstractEventLoop) -> AbstractResolver:
    """A `DefaultResolver`, or a threaded one on a loop that c-ares cannot work with.

    c-ares watches sockets by `add_reader`, which the proactor loop of Windows does not have.
    """
    try:
        return DefaultResolver(loop)
    except RuntimeError:
        return ThreadedResolver(loop)
