"""Connections that stay on this machine: Unix sockets and Windows named pipes."""

from __future__ import annotations

import asyncio
import socket
from ssl import SSLError
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from ._timeout import seconds_or_none
from ._timings import DialTimings
from ._tls import SSLSetting, check_fingerprint, check_setting, context_for
from ._translate import attempt_timed_out, connect_failed, unix_connect_failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._route import ConnectionKey
    from .protocols import PoolObserver


class UnixDialer:
    """Dials a Unix socket at `path`, whatever the host; https does TLS (DECISIONS C-15)."""

    def __init__(self, path: str, ssl: SSLSetting = True) -> None:
        self.path = path
        self._ssl = ssl

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
        timings: DialTimings | None = None,
    ) -> asyncio.Transport:
        """Connect to the socket; `UnixClientConnectorError` if that fails (S-162)."""
        setting = check_setting(route.ssl)
        timings = timings or DialTimings()
        try:
            async with asyncio.timeout(seconds_or_none(attempt_timeout)) as limit:
                sock = await self._connect(timings)
                transport = await self._attach(sock, route, setting, protocol_factory, timings)
        except OSError as error:
            if isinstance(error, TimeoutError) and limit.expired():
                raise attempt_timed_out(self.path, attempt_timeout) from error
            if isinstance(error, SSLError):
                raise connect_failed(route, error) from error
            raise unix_connect_failed(self.path, route, error) from error
        check_fingerprint(transport, route, setting, self._ssl)
        return transport

    async def _connect(self, timings: DialTimings) -> socket.socket:
        begun = monotonic()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, self.path)
        except BaseException:
            sock.close()
            raise
        finally:
            timings.connect += monotonic() - begun
        return sock

    async def _attach(
        self,
        sock: socket.socket,
        route: ConnectionKey,
        setting: SSLSetting,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        timings: DialTimings,
    ) -> asyncio.Transport:
        loop = asyncio.get_running_loop()
        if not route.is_ssl:
            transport, _ = await loop.create_unix_connection(protocol_factory, sock=sock)
            return transport
        begun = monotonic()
        try:
            transport, _ = await loop.create_unix_connection(
                protocol_factory,
                sock=sock,
                ssl=context_for(setting, self._ssl),
                server_hostname=route.server_hostname or route.host.rstrip("."),
            )
        finally:
            timings.tls += monotonic() - begun
        return transport

    async def close(self) -> None:
        """Nothing outlives a dial."""


class NamedPipeDialer:
    """Dials a Windows named pipe at `path`. Needs the proactor loop; no TLS (S-163)."""

    def __init__(self, path: str) -> None:
        self.path = path

    async def dial(
        self,
        route: ConnectionKey,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *,
        attempt_timeout: float | None = None,
        observer: PoolObserver | None = None,
        timings: DialTimings | None = None,
    ) -> asyncio.Transport:
        """Connect to the pipe; `ClientConnectorError` if that fails."""
        # create_pipe_connection exists on the proactor loop only, and typeshed knows it there only.
        loop = cast("Any", asyncio.get_running_loop())
        begun = monotonic()
        try:
            async with asyncio.timeout(seconds_or_none(attempt_timeout)) as limit:
                transport, _ = await loop.create_pipe_connection(protocol_factory, self.path)
        except OSError as error:
            if isinstance(error, TimeoutError) and limit.expired():
                raise attempt_timed_out(self.path, attempt_timeout) from error
            raise connect_failed(route, error) from error
        finally:
            if timings is not None:
                timings.connect += monotonic() - begun
        return cast("asyncio.Transport", transport)

    async def close(self) -> None:
        """Nothing outlives a dial."""
