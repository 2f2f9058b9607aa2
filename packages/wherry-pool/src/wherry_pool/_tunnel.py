"""The first words on a connection to a proxy, and handing the connection over to who it is for.

Bytes are decided by a `Handshake`, which knows no socket. What the proxy sends beyond its answer
never reaches the protocol or the TLS that comes after (SEC-59). RFC 9110 §9.3.6.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from wherry_errors import ClientConnectionError, ServerDisconnectedError

from ._translate import broken_off, connect_failed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from ._route import ConnectionKey


class Handshake(Protocol):
    """What is said to a proxy until it has made the connection: bytes in, bytes out."""

    @property
    def is_done(self) -> bool:
        """Whether the proxy has made the connection."""
        ...

    @property
    def has_begun(self) -> bool:
        """Whether the proxy has said anything."""
        ...

    def start(self) -> bytes:
        """The first bytes for the proxy."""
        ...

    def receive(self, data: bytes, /) -> bytes:
        """Take the proxy's next bytes; the bytes to send in return. Raises if it refuses."""
        ...


class Conversation(asyncio.Protocol):
    """Holds `handshake` on the connection it is attached to. `name` is the proxy in messages."""

    def __init__(self, handshake: Handshake, name: str) -> None:
        self._handshake = handshake
        self._name = name
        self._transport: asyncio.Transport | None = None
        # Its result is always None: an exception that nobody comes for would be logged.
        self._ended = asyncio.get_running_loop().create_future()
        self._failure: Exception | None = None

    async def hold(self, transport: asyncio.Transport) -> None:
        """Speak until the proxy has made the connection; then nothing more is read.

        Raises what the handshake raises, `ServerDisconnectedError` or `ClientOSError`. The
        transport is the caller's to abort.
        """
        self._transport = transport
        transport.write(self._handshake.start())
        await self._ended
        if self._failure is not None:
            raise self._failure

    def data_received(self, data: bytes) -> None:
        """The proxy's next bytes."""
        if self._transport is None:
            self._fail(ClientConnectionError(f"{self._name} spoke before it was spoken to"))
            return
        if self._ended.done():
            # Some transports deliver after a pause.
            self._fail(ClientConnectionError(f"{self._name} sent more than its answer"))
            return
        try:
            answer = self._handshake.receive(data)
        except Exception as error:
            self._fail(error)
            return
        if answer:
            self._transport.write(answer)
        if self._handshake.is_done:
            self._transport.pause_reading()
            self._ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, with or without an answer."""
        begun = self._handshake.has_begun
        self._fail(broken_off(exc, self._name, uses=1, idle_s=0.0, has_begun=begun))

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        if not self._ended.done():
            self._ended.set_result(None)


class _Landing(asyncio.Protocol):
    """Stands in for the final protocol while TLS is set up.

    `start_tls` may deliver bytes before it has returned, to a protocol that has not been given
    its transport yet.
    """

    has_received = False

    def data_received(self, data: bytes) -> None:
        """The server speaks before it was asked."""
        self.has_received = True


async def secure(
    transport: asyncio.Transport,
    route: ConnectionKey,
    context: ssl.SSLContext,
    shutdown_timeout: float | None = None,
) -> asyncio.Transport:
    """TLS with the target of `route` inside the connection `transport`.

    Its protocol is a placeholder: `attach` the final one. Raises the errors of a direct connection
    (S-172), or `TypeError` or `NotImplementedError` if the loop cannot do TLS there. The caller
    aborts `transport` if this fails or is cancelled.
    """
    landing = _Landing()
    name = route.server_hostname or route.host.rstrip(".")
    loop = asyncio.get_running_loop()
    try:
        inner = await loop.start_tls(
            _carrier(transport),
            landing,
            context,
            server_hostname=name,
            ssl_shutdown_timeout=shutdown_timeout,
        )
    except OSError as error:
        raise connect_failed(route, error) from error
    # None: typeshed does not know it, but that is what comes if the connection breaks meanwhile.
    if inner is None or inner.is_closing():
        raise ServerDisconnectedError(f"the connection to {route.authority} ended after TLS began")
    if landing.has_received:
        raise ClientConnectionError(f"{route.authority} sent bytes before it was asked")
    return inner


class _TlsCarrier:
    """A TLS transport that carries TLS, as asyncio needs it.

    When the TLS inside fails, asyncio force-closes what carries it. Before Python 3.11.8 and 3.12.2
    TLS transports trip over that with a TypeError, which hides the cause and fills the log
    (python/cpython#113214).
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def _force_close(self, exc: BaseException | None) -> None:
        self._transport.abort()


def _carrier(transport: asyncio.Transport) -> asyncio.Transport:
    if type(transport).__module__ != "asyncio.sslproto":
        return transport  # other loops have TLS of their own, and want their own transports
    return cast("asyncio.Transport", _TlsCarrier(transport))  # everything else it passes on


def attach(
    transport: asyncio.Transport, protocol_factory: Callable[[], asyncio.BaseProtocol]
) -> None:
    """Hand the connection over: `transport` may be new to whoever reads from it now."""
    protocol = protocol_factory()
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    transport.resume_reading()
