"""Helpers for tests of code that speaks HTTP/1.1: cutting bytes, and a server without sockets.

`serve_bytes` answers like a small web server but moves no bytes itself, so that a thread, an event
loop or a plain list can be its network. Everything a test wants to see on the wire can be planned,
broken bytes included.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from multidict import CIMultiDict

from ._errors import RemoteProtocolError
from ._events import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    Fields,
    InformationalResponse,
    Request,
    Response,
    Upgraded,
)
from ._limits import DEFAULT_LIMITS, Limits
from ._server_connection import ServerConnection
from ._state import State

__all__ = [
    "ByteServer",
    "Handler",
    "RawPlan",
    "ResponsePlan",
    "cut",
    "every_split",
    "feed_in_pieces",
    "serve_bytes",
]

T = TypeVar("T")


def cut(data: bytes, size: int) -> list[bytes]:
    """`data` in pieces of `size` bytes, the last one may be shorter."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def every_split(data: bytes) -> Iterator[list[bytes]]:
    """`data` whole, cut in two at every place, and cut into single bytes."""
    yield [data]
    for middle in range(1, len(data)):
        yield [data[:middle], data[middle:]]
    yield cut(data, 1)


def feed_in_pieces(feed: Callable[[bytes], T], data: bytes, size: int = 1) -> list[T]:
    """Call `feed` with each piece of `data` in turn; what it returned."""
    return [feed(piece) for piece in cut(data, size)]


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """What to answer to one request.

    A body of bytes gets a Content-Length, any other iterable is sent piece by piece as it is
    iterated over: chunked, unless `headers` give a Content-Length. `Connection: close` in `headers`
    ends the connection afterwards. To a HEAD request only the head is sent.
    """

    status: int = 200
    headers: Fields = ()
    body: bytes | Iterable[bytes] = b""
    reason: str | None = None
    trailers: Fields = ()
    informational: Sequence[InformationalResponse] = ()
    """Sent before the response, e.g. a 103."""
    takeover: Callable[[bytes], Iterable[bytes] | None] | None = None
    """For status 101, or 200 to CONNECT: gets the bytes that arrive from then on, `b""` at their
    end, and gives the bytes to send, or None to close."""


@dataclass(frozen=True, slots=True)
class RawPlan:
    """Bytes to send as they are, valid or not; then the connection is closed, or left open."""

    pieces: Iterable[bytes]
    closes: bool = True


Handler = Callable[[Request, bytes], ResponsePlan | RawPlan]
"""Gets a request and its whole body."""


class ByteServer:
    """Answers the requests in the bytes of one connection. Made by `serve_bytes`."""

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        on_expect: Callable[[Request], ResponsePlan | None] | None,
    ) -> None:
        self._handler = handler
        self._on_expect = on_expect
        self._connection = ServerConnection(limits)
        self._request = Request("GET", "/")
        self._body: list[bytes] = []
        self._takeover: Callable[[bytes], Iterable[bytes] | None] | None = None
        self.is_closed = False
        """Whether to close the socket once everything has been sent."""

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Take bytes (`b""` at their end); iterate over the bytes to send, none of them empty.

        Send each piece before asking for the next one, as a streamed body is made meanwhile. After
        the last one close the socket if `is_closed`, otherwise receive more. What the handler
        raises comes out here.
        """
        if self._takeover is not None:
            return self._hand_over(data)
        if self.is_closed:
            return iter(())
        self._connection.receive_data(data)
        return filter(None, self._answer())

    def _answer(self) -> Iterator[bytes]:
        connection = self._connection
        try:
            while not self.is_closed:
                event = connection.next_event()
                if event is not None:
                    yield from self._handle(event)
                elif connection.can_cycle:
                    connection.next_cycle()
                else:
                    break
        except RemoteProtocolError as exc:
            yield from self._refuse(exc)

    def _handle(self, event: object) -> Iterator[bytes]:
        match event:
            case Request():
                self._request = event
                self._body = []
                yield from self._answer_expectation()
            case Data():
                self._body.append(event.data)
            case EndOfMessage() if self._connection.server_state is State.ANSWERING:
                yield from self._respond(self._handler(self._request, b"".join(self._body)))
            case Upgraded():
                if event.leftover:
                    yield from self._hand_over(event.leftover)
            case ConnectionClosed():
                self.is_closed = True

    def _answer_expectation(self) -> Iterator[bytes]:
        if not self._connection.is_waiting_for_continue:
            return
        refusal = self._on_expect(self._request) if self._on_expect else None
        if refusal is None:
            yield self._connection.send(InformationalResponse(100))
        else:
            yield from self._respond(refusal)

    def _respond(self, plan: ResponsePlan | RawPlan) -> Iterator[bytes]:
        if isinstance(plan, RawPlan):
            yield from plan.pieces
            self.is_closed = plan.closes
            return
        send = self._connection.send
        for informational in plan.informational:
            yield send(informational)
        self._takeover = plan.takeover
        if plan.status == 101:
            yield send(InformationalResponse(101, plan.headers, plan.reason))
            return
        head = send(Response(plan.status, self._complete_headers(plan), plan.reason))
        if self._connection.server_state is State.SWITCHED:
            yield head
        elif isinstance(plan.body, bytes):
            yield head + send(Data(plan.body)) + send(EndOfMessage(plan.trailers))
        else:
            yield head
            yield from self._stream(plan.body, plan.trailers)
        self.is_closed = self._connection.server_state is State.MUST_CLOSE

    def _stream(self, body: Iterable[bytes], trailers: Fields) -> Iterator[bytes]:
        send = self._connection.send
        # A body made for a HEAD request would be made for nothing, and may be endless.
        if self._request.method != "HEAD":
            for piece in body:
                yield send(Data(piece))
        yield send(EndOfMessage(trailers))

    def _complete_headers(self, plan: ResponsePlan) -> CIMultiDict[str]:
        headers = CIMultiDict(plan.headers)
        is_framed = "Content-Length" in headers or "Transfer-Encoding" in headers
        has_body = plan.status not in (204, 304) and self._request.method != "CONNECT"
        if isinstance(plan.body, bytes) and has_body and not is_framed and not plan.trailers:
            headers["Content-Length"] = str(len(plan.body))
        return headers

    def _refuse(self, exc: RemoteProtocolError) -> Iterator[bytes]:
        self.is_closed = True
        if self._connection.server_state in (State.IDLE, State.ANSWERING):
            yield from self._respond(ResponsePlan(exc.code, body=str(exc).encode()))
            self.is_closed = True

    def _hand_over(self, data: bytes) -> Iterator[bytes]:
        answer = self._takeover(data) if self._takeover is not None else None
        if answer is not None:
            yield from filter(None, answer)
        if answer is None or not data:
            self.is_closed = True


def serve_bytes(
    handler: Handler,
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_expect: Callable[[Request], ResponsePlan | None] | None = None,
) -> ByteServer:
    """A server for one connection that calls `handler` for each request.

    Keep-alive, pipelined requests, HEAD, chunked bodies both ways and `Expect: 100-continue` are
    taken care of. `on_expect` may refuse an expectation with a plan of its own. Bytes that are not
    HTTP/1.1 are answered with the status of the error, and the connection is closed.
    """
    return ByteServer(handler, limits, on_expect)
