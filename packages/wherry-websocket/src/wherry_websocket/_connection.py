"""`ClientWebSocketResponse`: what users of a WebSocket hold. Checks arguments, names types, speaks
JSON.

What happens on the connection is decided by `_link`. Only from here on down to `_link`, `_inbox`
and `_outbox` is asyncio needed; the other modules work without.
"""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    Literal,
    Self,
    Unpack,
    cast,
    overload,
)

from ._arguments import (
    as_bytes,
    as_payload,
    checked_window,
    control_payload,
    refuse,
    refuse_message,
)
from ._frames import BINARY, PING, PONG, TEXT
from ._incoming import Incoming, IncomingSettings
from ._link import Link
from ._messages import Message
from ._protocol import WebSocketProtocol
from ._state import Role
from ._timeouts import ClientWSTimeout
from .messages import (
    WSCloseCode,
    WSMessageDecodeText,
    WSMessageNoDecodeText,
    WSMsgType,
)
from .protocols import FrameTransport

if TYPE_CHECKING:
    # The default makes a bare ClientWebSocketResponse one that decodes; type checkers bring this
    # module along.
    from typing_extensions import TypeVar

    DecodeText_co = TypeVar("DecodeText_co", bound=bool, covariant=True, default=Literal[True])
else:
    from typing import TypeVar

    DecodeText_co = TypeVar("DecodeText_co", bound=bool, covariant=True)

DEFAULT_TIMEOUT: Final = ClientWSTimeout()

_ENDS: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED})


class ClientWebSocketResponse(Generic[DecodeText_co]):
    """An open WebSocket, client side. Sessions make it; tests may, over a fake transport, within a
    running loop.

    `async with` closes it, `async for` yields messages until the end. One task may receive at a
    time, any number may send.

    `reader` is the connection, attached to at once: a `FrameTransport`, or an `Incoming`, which
    holds one and the settings that the arguments of aiohttp's class have no place for. `writer` is
    where frames go, the connection itself unless given; a subclass may put something in between.
    `protocol` is the subprotocol, and `compress`, `client_notakeover` and `server_notakeover` are
    what the handshake agreed on; `response` is kept alive as long as the WebSocket. Sizes are in
    bytes, times in seconds. For the rest see `Incoming`, of which the other keywords make one.
    """

    def __init__(
        self,
        reader: FrameTransport | Incoming,
        writer: FrameTransport | None = None,
        protocol: str | None = None,
        response: object | None = None,
        timeout: ClientWSTimeout = DEFAULT_TIMEOUT,
        autoclose: bool = True,
        autoping: bool = True,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        heartbeat: float | None = None,
        compress: int = 0,
        client_notakeover: bool = False,
        **settings: Unpack[IncomingSettings],
    ) -> None:
        if not isinstance(reader, Incoming):
            reader = Incoming(reader, **settings)
        elif settings:
            names = ", ".join(sorted(settings))
            raise TypeError(f"the Incoming given as reader settles {names}; give them to it alone")
        self._response = response
        self._protocol = protocol
        self._timeout = timeout
        self._compress = compress
        self._client_notakeover = client_notakeover
        self._transport = reader.transport
        frames = WebSocketProtocol(
            Role.CLIENT,
            compress=compress,
            client_notakeover=client_notakeover,
            server_notakeover=reader.server_notakeover,
            max_msg_size=reader.max_msg_size,
            decode_text=reader.decode_text,
            autoping=autoping,
            autoclose=autoclose,
            random=reader.random,
        )
        self._link = Link(
            reader.transport,
            frames,
            writer=writer or reader.transport,
            loop=loop or asyncio.get_running_loop(),
            timeout=timeout,
            heartbeat=heartbeat,
            ceil_threshold=reader.timeout_ceil_threshold,
            on_closed=reader.on_closed,
        )

    def __repr__(self) -> str:
        state = "closed" if self._link.closed else "open"
        code = "" if self._link.close_code is None else f" code={self._link.close_code}"
        return f"<{type(self).__name__} {state}{code}>"

    @property
    def closed(self) -> bool:
        """Whether this WebSocket has ended and everything it received was handed out."""
        return self._link.closed

    @property
    def close_code(self) -> int | None:
        """`None` while open; then the server's close code (0 if it named none), the code of its
        fault, or 1006.
        """
        return self._link.close_code

    @property
    def protocol(self) -> str | None:
        """The subprotocol the handshake agreed on."""
        return self._protocol

    @property
    def compress(self) -> int:
        """The window size for compression, 9 to 15; 0 without compression."""
        return self._compress

    @property
    def client_notakeover(self) -> bool:
        """Whether every message of ours is compressed on its own."""
        return self._client_notakeover

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows under `name`, for example `peername`; else `default`."""
        return self._transport.get_extra_info(name, default)

    def exception(self) -> BaseException | None:
        """The last failure, or `None`."""
        return self._link.exception

    # Sending

    async def ping(self, message: bytes | str = b"") -> None:
        """Send a ping. Text is sent as UTF-8. Raises ValueError above 125 bytes, else as
        `send_frame()`.
        """
        await self._send(PING, control_payload("ping", message))

    async def pong(self, message: bytes | str = b"") -> None:
        """Send a pong. Text is sent as UTF-8. Raises ValueError above 125 bytes, else as
        `send_frame()`.
        """
        await self._send(PONG, control_payload("pong", message))

    async def send_frame(
        self, message: bytes, opcode: WSMsgType, compress: int | None = None
    ) -> None:
        """Send one frame with FIN set: TEXT (already UTF-8), BINARY, PING or PONG.

        `compress` (9 to 15) compresses this message with a window and compressor of its own, if
        compression was negotiated. Waits only while the transport is full or the message is being
        compressed. Raises ClientConnectionResetError once closing began or the connection is lost,
        TypeError and ValueError for bad arguments.
        """
        payload = as_bytes("send_frame()", message)
        if opcode in (PING, PONG):
            payload = control_payload("control frame", payload)
        await self._send(opcode, payload, checked_window(compress))

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Send a text message; see `send_frame()`."""
        if not isinstance(data, str):
            refuse("send_str()", "str", data)
        waiting = self._link.send(TEXT, data.encode(), compress and checked_window(compress))
        if waiting is not None:
            await waiting

    async def send_bytes(
        self, data: bytes | bytearray | memoryview, compress: int | None = None
    ) -> None:
        """Send a binary message; see `send_frame()`. The buffer may change once this has
        returned.
        """
        payload = data if type(data) is bytes else as_bytes("send_bytes()", data)
        waiting = self._link.send(BINARY, payload, compress and checked_window(compress))
        if waiting is not None:
            await waiting

    async def send_json(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], str] = json.dumps
    ) -> None:
        """Send `dumps(data)` as a text message."""
        await self.send_str(dumps(data), compress)

    async def send_json_bytes(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], bytes]
    ) -> None:
        """Send `dumps(data)` as a binary message."""
        await self.send_bytes(dumps(data), compress)

    async def _send(self, opcode: int, payload: bytes, compress: int | None = None) -> None:
        waiting = self._link.send(opcode, payload, compress)
        if waiting is not None:
            await waiting

    # Receiving

    @overload
    async def receive(
        self: "ClientWebSocketResponse[Literal[True]]", timeout: float | None = None
    ) -> WSMessageDecodeText: ...
    @overload
    async def receive(
        self: "ClientWebSocketResponse[Literal[False]]", timeout: float | None = None
    ) -> WSMessageNoDecodeText: ...
    @overload
    async def receive(
        self: "ClientWebSocketResponse[bool]", timeout: float | None = None
    ) -> WSMessageNoDecodeText: ...
    async def receive(self, timeout: float | None = None) -> Message:
        """The next message: data, or what happened to the connection; CLOSED ones without end after
        the last.

        Raises TimeoutError after `timeout` (or else `ws_receive`) seconds, 0 and `None` meaning no
        limit; neither that nor a cancellation loses a message or ends the WebSocket. Raises
        RuntimeError if another task is receiving.
        """
        link = self._link
        message = link.take()
        while message is None:
            message = await link.wait(timeout or self._timeout.ws_receive) or link.take()
        return message

    @overload
    async def receive_str(
        self: "ClientWebSocketResponse[Literal[True]]", *, timeout: float | None = None
    ) -> str: ...
    @overload
    async def receive_str(
        self: "ClientWebSocketResponse[Literal[False]]", *, timeout: float | None = None
    ) -> bytes: ...
    @overload
    async def receive_str(
        self: "ClientWebSocketResponse[bool]", *, timeout: float | None = None
    ) -> str | bytes: ...
    async def receive_str(self, *, timeout: float | None = None) -> str | bytes:
        """The text of the next message; `bytes` with `decode_text=False`.

        Raises WSMessageTypeError for a message of another type, which is lost; else as `receive()`.
        """
        message = await self.receive(timeout)
        if message[0] is not WSMsgType.TEXT:
            refuse_message(message, "TEXT")
        return cast("str | bytes", message[1])

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """The data of the next message, which must be binary; else as `receive_str()`."""
        message = await self.receive(timeout)
        if message[0] is not WSMsgType.BINARY:
            refuse_message(message, "BINARY")
        return cast("bytes", message[1])

    async def receive_json(
        self, *, loads: Callable[[Any], Any] = json.loads, timeout: float | None = None
    ) -> Any:
        """`loads()` of `receive_str()`."""
        return loads(await self.receive_str(timeout=timeout))

    def __aiter__(self) -> Self:
        return self

    @overload
    async def __anext__(
        self: "ClientWebSocketResponse[Literal[True]]",
    ) -> WSMessageDecodeText: ...
    @overload
    async def __anext__(
        self: "ClientWebSocketResponse[Literal[False]]",
    ) -> WSMessageNoDecodeText: ...
    @overload
    async def __anext__(self: "ClientWebSocketResponse[bool]") -> WSMessageNoDecodeText: ...
    async def __anext__(self) -> Message:
        message = await self.receive()
        if message[0] > WSMsgType.BINARY and message[0] in _ENDS:
            raise StopAsyncIteration
        return message

    # Closing

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes | str = b"") -> bool:
        """Send a close frame and wait up to `ws_close` seconds for the server's; data before it is
        dropped.

        `code` 0 sends none; `message` is the reason, at most 123 bytes. Returns whether this call
        did the closing; false if it was done before. Raises ValueError for a code or reason that
        may not be sent, and then sends nothing. Cancelled, it drops the connection.
        """
        return await self._link.close(code, as_payload("close()", message))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.close()
