"""An event loop that never reads or writes, and a transport that answers what is written to it.

Only what a request costs in the client and in asyncio itself is left, so instructions can be
counted without the kernel's. Both kinds of protocol work on it, and both ways to connect: by host
and port, and with a socket that happy eyeballs has connected (here: that `sock_connect` has
accepted).
"""

import asyncio
import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

_P = TypeVar("_P", bound=asyncio.BaseProtocol)
_END_OF_HEAD = b"\r\n\r\n"
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_PATIENCE = 2.0
"""Seconds a run may wait for timers: closing a session may take a moment, a request none."""


class StuckError(RuntimeError):
    """The client waits for something that will not happen on this loop."""


class SilentSelector(selectors.BaseSelector):
    """Registers what it is given and reports nothing. Waits for timers, but not for long."""

    def __init__(self) -> None:
        self._keys: dict[Any, selectors.SelectorKey] = {}
        self._waited = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Remembers the file object, for `get_map`."""
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Forgets the file object. Raises KeyError if it is unknown."""
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing, ever. Raises StuckError where a real selector would sleep for long."""
        if timeout is None or timeout > 0:
            self._wait(timeout)
        return []

    def _wait(self, timeout: float | None) -> None:
        left = _PATIENCE - self._waited
        if timeout is None or timeout > left:
            what = (
                "for bytes or another thread" if timeout is None else f"{timeout:.1f} s for a timer"
            )
            raise StuckError(
                f"the client waits {what}; expected it to go on with the answers it was given"
            )
        time.sleep(timeout)
        self._waited += timeout

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is registered, by file object."""
        return self._keys


def whole_requests(written: bytes) -> tuple[int, bytes]:
    """How many whole requests there are, and what is left of one that is not whole.

    Those that begin with a GET have no bodies; any other has as long a one as its Content-Length
    says. Raises ValueError for one without: the harness does not read chunks.
    """
    if written.startswith(b"GET "):
        if written.endswith(_END_OF_HEAD):
            return written.count(_END_OF_HEAD), b""
        return 0, written
    whole = 0
    while (end := written.find(_END_OF_HEAD)) >= 0:
        length = _CONTENT_LENGTH.search(written, 0, end + 2)
        if length is None:
            raise ValueError(f"expected a Content-Length in {written[:100]!r}")
        end += len(_END_OF_HEAD) + int(length[1])
        if end > len(written):
            break
        whole += 1
        written = written[end:]
    return whole, written


class AnsweringServer:
    """Gives the next canned answer to each whole request. Counts requests in `answered`."""

    def __init__(self, canned: Iterable[bytes]) -> None:
        self._canned: Iterator[bytes] = iter(canned)
        self.answered = 0

    def answer(self) -> bytes:
        """The next answer. Raises StuckError if there were more requests than answers."""
        found = next(self._canned, None)
        if found is None:
            raise StuckError(f"expected {self.answered} requests, got one more")
        self.answered += 1
        return found


class AnsweringTransport(asyncio.Transport):
    """Answers each request written to it, on the next turn of the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.BaseProtocol,
        server: AnsweringServer,
        sock: socket.socket,
    ) -> None:
        super().__init__(
            {"socket": sock, "peername": ("127.0.0.1", 80), "sockname": ("127.0.0.1", 1)}
        )
        self._loop = loop
        self._server = server
        self._sock = sock
        self._protocol = protocol
        self._written = b""
        self._incoming: deque[bytes] = deque()
        self._paused = False
        self._closing = False
        self._loop.call_soon(protocol.connection_made, self)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Later answers go to `protocol`."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who gets the answers."""
        return self._protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Takes bytes; answers each request that is whole with them."""
        if self._closing:
            return
        written = self._written + data if self._written else bytes(data)
        whole, self._written = whole_requests(written)
        for _ in range(whole):
            self._incoming.append(self._server.answer())
        if whole:
            self._loop.call_soon(self._deliver)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """The pieces as one write."""
        self.write(b"".join(list_of_data))

    def _deliver(self) -> None:
        while self._incoming and not self._paused and not self._closing:
            self._give(self._incoming.popleft())

    def _give(self, data: bytes) -> None:
        protocol = self._protocol
        if isinstance(protocol, asyncio.BufferedProtocol):
            buffer = memoryview(protocol.get_buffer(len(data))).cast("B")
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            buffer.release()
            if size < len(data):
                self._incoming.appendleft(data[size:])
            protocol.buffer_updated(size)
        elif isinstance(protocol, asyncio.Protocol):
            protocol.data_received(data)

    def pause_reading(self) -> None:
        """Holds answers back."""
        self._paused = True

    def resume_reading(self) -> None:
        """Gives what was held back, on the next turn."""
        self._paused = False
        self._loop.call_soon(self._deliver)

    def is_reading(self) -> bool:
        """Whether answers are given as they come."""
        return not self._paused and not self._closing

    def get_write_buffer_size(self) -> int:
        """Nothing is ever buffered."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Of no consequence, for the same reason."""

    def can_write_eof(self) -> bool:
        """As with a TCP transport."""
        return True

    def write_eof(self) -> None:
        """Of no consequence: the server answers requests as they come."""

    def is_closing(self) -> bool:
        """Whether `close` or `abort` was called."""
        return self._closing

    def close(self) -> None:
        """Drops what was not given yet; the protocol hears of it on the next turn."""
        if not self._closing:
            self._closing = True
            self._incoming.clear()
            self._loop.call_soon(self._lost)

    def abort(self) -> None:
        """The same as `close`: nothing is left to flush."""
        self.close()

    def _lost(self) -> None:
        self._protocol.connection_lost(None)
        self._sock.close()


class SilentLoop(asyncio.SelectorEventLoop):
    """A loop whose every connection leads to `server`."""

    def __init__(self, server: AnsweringServer) -> None:
        super().__init__(SilentSelector())
        self._server = server

    async def create_connection(
        self,
        protocol_factory: Callable[[], _P],
        *args: Any,
        **kwargs: Any,
    ) -> tuple[AnsweringTransport, _P]:
        """An answering transport, for any host or for a socket the caller brings.

        Raises ValueError for TLS, which this harness has not.
        """
        if kwargs.get("ssl"):
            raise ValueError("expected an http:// URL, got a connection with TLS")
        given = kwargs.get("sock")
        sock = given if isinstance(given, socket.socket) else socket.socket()
        protocol = protocol_factory()
        transport = AnsweringTransport(self, protocol, self._server, sock)
        await asyncio.sleep(0)
        return transport, protocol

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Accepts; the socket stays unconnected and unused."""

    async def getaddrinfo(self, host: Any, port: Any, **_hints: Any) -> list[Any]:
        """One loopback address, without asking a thread."""
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]
