"""Connections that stay on this machine: Unix sockets and Windows named pipes."""

from __future__ import annotations

import asyncio
from ssl import SSLError
from typing import TYPE_CHECKING, Any, cast

from ._timeout import seconds_or_none
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
    ) -> asyncio.Transport:
        """Connect to the socket; `UnixClientConnectorError` if that fails (S-162)."""
        loop = asyncio.get_running_loop()
        setting = check_setting(route.ssl)
        context = context_for(setting, self._ssl) if route.is_ssl else None
        name = (route.server_hostname or route.host) if route.is_ssl else None
        try:
            async with asyncio.timeout(seconds_or_none(attempt_timeout)) as limit:
                transport, _ = await loop.create_unix_connection(
                    protocol_factory, self.path, ssl=context, server_hostname=name
                )
        except OSError as error:
            if isinstance(error, TimeoutError) and limit.expired():
                raise attempt_timed_out(self.path, attempt_timeout) from error
            if isinstance(error, SSLError):
                raise connect_failed(route, error) from error
            raise unix_connect_failed(self.path, route, error) from error
        check_fingerprint(transport, route, setting, self._ssl)
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
    ) -> asyncio.Transport:
        """Connect to the pipe; `ClientConnectorError` if that fails."""
        # create_pipe_connection exists on the proactor loop only, and typeshed knows it there only.
        loop = cast("Any", asyncio.get_running_loop())
        try:
            async with asyncio.timeout(seconds_or_none(attempt_timeout)) as limit:
                transport, _ = await loop.create_pipe_connection(protocol_factory, self.path)
        except OSError as error:
            if isinstance(error, TimeoutError) and limit.expired():
                raise attempt_timed_out(self.path, attempt_timeout) from error
            raise connect_failed(route, error) from error
        return cast("asyncio.Transport", transport)

    async def close(self) -> None:
        """Nothing outlives a dial."""
