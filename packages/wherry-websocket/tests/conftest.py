"""Fixtures of this package: two ends back to back, a `FrameTransport` over a real socket, and the
twins of hot functions.
"""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from multidict import CIMultiDict

from wherry_websocket import (
    ClientWebSocketResponse,
    FrameReceiver,
    FrameTransport,
    Role,
    WebSocketProtocol,
    _frames,
    _mask,
    _messages,
    _protocol,
    check_handshake,
    handshake_fields,
    make_key,
)
from wherry_websocket._native import find_speedups
from wherry_websocket.testing import MemoryTransport, ServerEnd, memory_pair

Ends = tuple[WebSocketProtocol, WebSocketProtocol]
Pair = tuple[ClientWebSocketResponse, ServerEnd]
Open = Callable[..., Pair]


@pytest.fixture(scope="module", params=["plain", "native"])
def twin(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test file over the plain functions and, if they are there, over the C ones.

    They are put wherever the package or the test file has them by their name.
    """
    twins: dict[str, object] = {
        "apply_mask": _mask.apply_mask_plainly,
        "write_frame": _frames.write_frame_plainly,
        "read_head": _frames.read_head_plainly,
        "take_small_frames": _messages.take_small_frames_plainly,
    }
    if request.param == "native":
        speedups = find_speedups({})
        if speedups is None:
            pytest.skip("wherry-speedups is not installed, or without its C part")
        twins |= {
            "apply_mask": speedups.apply_mask,
            "write_frame": speedups.write_frame,
            "read_head": _frames.native_read(speedups),
            "take_small_frames": _messages.native_take(speedups),
        }
    with pytest.MonkeyPatch.context() as patch:
        for module in (_mask, _frames, _messages, _protocol, request.module):
            for name in twins.keys() & vars(module).keys():
                patch.setattr(module, name, twins[name])
        yield request.param


@pytest.fixture
def ends() -> Callable[..., Ends]:
    """Make a client and a server that agreed on the same settings."""

    def make(compress: int = 0, *, client_no: bool = False, server_no: bool = False) -> Ends:
        client, server = (
            WebSocketProtocol(
                role, compress=compress, client_notakeover=client_no, server_notakeover=server_no
            )
            for role in (Role.CLIENT, Role.SERVER)
        )
        return client, server

    return make


@pytest.fixture
def near() -> list[MemoryTransport]:
    """The client's transport of each WebSocket that `open_ws` made."""
    return []


@pytest.fixture
def open_ws(near: list[MemoryTransport]) -> Open:
    """Make a client over a connection in memory, and the server's end."""

    def make(*, early: bytes = b"", high_water: int = 65536, **settings: Any) -> Pair:
        one, other = memory_pair(high_water=high_water, extra_info={"peername": "memory"})
        near.append(one)
        flags = {
            name: settings[name]
            for name in ("compress", "client_notakeover", "server_notakeover")
            if name in settings
        }
        server = ServerEnd(other, **flags)
        server.write(early)
        return ClientWebSocketResponse(one, **settings), server

    return make


class JumpingSelector(selectors.DefaultSelector):
    """Never waits: where it would, the clock of the loop jumps."""

    clock = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is None:
            raise RuntimeError("nothing is scheduled: this would wait for ever")
        if not events and timeout:
            self.clock += timeout
        return events


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose time passes only while it has nothing to do, and then at once."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.clock


@pytest.fixture
def without_waiting() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Run a coroutine that works in memory, its time starting at 0 and taking none."""

    def run(scenario: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(scenario)

    return run


class SocketTransport(asyncio.Protocol):
    """The least that makes an asyncio transport a `FrameTransport`: bytes are kept until
    `attach()`.
    """

    def __init__(self) -> None:
        self._early = bytearray()
        self._news = asyncio.Event()
        self._receiver: FrameReceiver | None = None
        self._transport: asyncio.Transport | None = None
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream transport is needed")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._receiver is None:
            self._early += data
            self._news.set()
        else:
            self._receiver.data_received(data)

    def eof_received(self) -> bool:
        self._closing = True
        return False

    def connection_lost(self, exc: BaseException | None) -> None:
        self._closing = True
        self._news.set()
        if self._receiver is not None:
            self._receiver.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._receiver is not None:
            self._receiver.pause_writing()

    def resume_writing(self) -> None:
        if self._receiver is not None:
            self._receiver.resume_writing()

    async def head(self) -> bytes:
        """Everything up to the empty line; what follows stays for `attach()`."""
        while b"\r\n\r\n" not in self._early and not self._closing:
            self._news.clear()
            await self._news.wait()
        end = self._early.index(b"\r\n\r\n") + 4
        head = bytes(self._early[:end])
        del self._early[:end]
        return head

    async def early(self, size: int) -> None:
        """Wait until `size` bytes are kept."""
        while len(self._early) < size:
            self._news.clear()
            await self._news.wait()

    def attach(self, receiver: FrameReceiver, /) -> None:
        self._receiver = receiver
        if self._early:
            receiver.data_received(bytes(self._early))
            self._early.clear()

    @property
    def stream(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("not connected")
        return self._transport

    def write(self, data: bytes, /) -> None:
        if not self.is_closing():
            self.stream.write(data)

    def pause_reading(self) -> None:
        self.stream.pause_reading()

    def resume_reading(self) -> None:
        self.stream.resume_reading()

    def close(self) -> None:
        self.stream.close()

    def abort(self) -> None:
        self.stream.abort()

    def is_closing(self) -> bool:
        return self._closing or self.stream.is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self.stream.get_extra_info(name, default)


_: Callable[[], FrameTransport] = SocketTransport


@pytest.fixture
def socket_transport() -> Callable[[], SocketTransport]:
    """Make a `FrameTransport` to be used as the protocol of an asyncio connection."""
    return SocketTransport


@pytest.fixture
def connect() -> Callable[..., object]:
    """Open a WebSocket to a port of this machine: the opening handshake, then a client."""

    @asynccontextmanager
    async def open_ws(
        port: int, *, compress: int = 0, max_msg_size: int = 1 << 23
    ) -> AsyncIterator[ClientWebSocketResponse]:
        loop = asyncio.get_running_loop()
        _, transport = await loop.create_connection(SocketTransport, "127.0.0.1", port)
        key = make_key()
        lines = [f"{name}: {value}" for name, value in handshake_fields(key, compress=compress)]
        request = "\r\n".join(["GET / HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines, "", ""])
        transport.write(request.encode())
        status, *fields = (await transport.head()).decode().split("\r\n")
        pairs = [field.split(": ", 1) for field in fields if field]
        headers = CIMultiDict([(name, value) for name, value in pairs])
        agreed = check_handshake(int(status.split()[1]), headers, key, compress=compress)
        ws = ClientWebSocketResponse(
            transport,
            compress=agreed.compress,
            client_notakeover=agreed.client_notakeover,
            server_notakeover=agreed.server_notakeover,
            max_msg_size=max_msg_size,
        )
        async with ws:
            yield ws

    return open_ws
