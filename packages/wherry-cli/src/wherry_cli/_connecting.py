"""How connections are made: proxy, addresses of one's own, certificates.

Decides what the texts of those options mean, and turns them into what a session takes. Nothing is
connected here.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

import wherry
from wherry.abc import AbstractResolver, ResolveResult

from ._errors import CommandError, ExitStatus

Made = TypeVar("Made")

USUAL_LIMIT = 100
"""Connections at a time, as in the client itself, unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Override:
    """`--resolve`: connections to `host` and `port` go to these addresses."""

    host: str
    port: int
    addresses: tuple[str, ...]


def parse_override(text: str) -> Override:
    """What `HOST:PORT:ADDRESS[,ADDRESS…]` says. IPv6 addresses may stand in brackets.

    Raises `ValueError`.
    """
    host, _, rest = text.partition(":")
    if text.startswith("["):
        host, _, rest = text[1:].partition("]:")
    port, _, addresses = rest.partition(":")
    if not (host and port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"expected HOST:PORT:ADDRESS; got {text[:100]!r}")
    given = [each.strip().removeprefix("[").removesuffix("]") for each in addresses.split(",")]
    return Override(host.lower(), int(port), tuple(str(ip_address(each)) for each in given))


@dataclass(frozen=True, slots=True)
class Connecting:
    """The options about connections, as they were given."""

    proxy: str | None = None
    trusts_environment: bool = False
    overrides: tuple[Override, ...] = ()
    verifies_tls: bool = True
    authorities: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None

    def tls(self) -> ssl.SSLContext | bool:
        """The session's `ssl`. `CommandError` for files that hold no certificate or key."""
        if self.authorities is None and self.certificate is None:
            return self.verifies_tls
        context = ssl.create_default_context()
        if self.authorities is not None:
            path = self.authorities
            # As in curl, these authorities alone.
            context = _reading(path, lambda: ssl.create_default_context(cafile=path))
        if self.certificate is not None:
            path, key = self.certificate, self.private_key
            _reading(path, lambda: context.load_cert_chain(path, key))
        if not self.verifies_tls:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def connector(self, limit: int = USUAL_LIMIT) -> wherry.TCPConnector:
        """A connector; needs a running loop."""
        resolver = OverridingResolver(self.overrides) if self.overrides else None
        return wherry.TCPConnector(resolver=resolver, limit=limit)


def _reading(path: Path, read: Callable[[], Made]) -> Made:
    try:
        return read()
    except OSError as error:  # SSLError is one, and FileNotFoundError without a name
        reason = error.strerror or str(error)
        raise CommandError(
            ExitStatus.LOCAL_FILE, f"cannot use the certificates in {str(path)!r}: {reason}"
        ) from error


class OverridingResolver(AbstractResolver):
    """Answers for the hosts of `overrides` itself, and asks the system for all others."""

    def __init__(self, overrides: tuple[Override, ...]) -> None:
        self._addresses = {(each.host, each.port): each.addresses for each in overrides}
        self._others = wherry.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses; `OSError` if there is none of that family."""
        addresses = self._addresses.get((host.lower(), port))
        if addresses is None:
            return await self._others.resolve(host, port, family)
        answers = [_answer(host, port, address) for address in addresses]
        fitting = [a for a in answers if family in (socket.AF_UNSPEC, a["family"])]
        if not fitting:
            raise OSError(None, f"--resolve has no address of that family for {host!r}")
        return fitting

    async def close(self) -> None:
        """Nothing to let go of but the other resolver."""
        await self._others.close()


def _answer(host: str, port: int, address: str) -> ResolveResult:
    is_v6 = ip_address(address).version == 6
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if is_v6 else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
