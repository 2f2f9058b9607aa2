"""Helpers for tests of code that speaks HTTP/1.1: cutting bytes, and a server without sockets.

`serve_bytes` answers like a small web server but moves no bytes itself, so that a thread, an event
loop or a plain list can be its network. Everything a test wants to see on the wire can be planned,
broken bytes included. It cannot wait, having no clock; but it can stop, before an answer or inside
one, and go on when its owner says so, who may have waited for anything meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from multidict import CIMultiDict

from ._errors import LocalProtocolError, RemoteProtocolError
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
    "Later",
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
    iterated over: chunked, unless `headers` give a Content-Length. A None among its pieces stops
    the answer there until `ByteServer.resume` is called. `Connection: close` in `headers` ends the
    connection afterwards. To a HEAD request only the head is sent.
    """

    status: int = 200
    headers: Fields = ()
    body: bytes | Iterable[bytes | None] = b""
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


@dataclass(frozen=True, slots=True)
class Later:
    """No answer yet: `ByteServer.answer` will be given one. Requests behind it wait as well."""


Plan = ResponsePlan | RawPlan

Handler = Callable[[Request, bytes], Plan | Later]
"""Gets a request and its whole body."""


class ByteServer:
    """Answers the requests in the bytes of one connection. Made by `serve_bytes`."""

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        on_head: Callable[[Request], Plan | None] | None,
        on_expect: Callable[[Request], ResponsePlan | None] | None,
    ) -> None:
        self._handler = handler
        self._on_head = on_head
        self._on_expect = on_expect
        self._connection = ServerConnection(limits)
        self._request = Request("GET", "/")
        self._body: list[bytes] = []
        self._takeover: Callable[[bytes], Iterable[bytes] | None] | None = None
        self._owes_answer = False
        self._rest: Iterator[bytes | None] | None = None
        self._trailers: Fields = ()
        self.is_closed: bool = False
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

    @property
    def is_waiting(self) -> bool:
        """Whether `answer`, or `resume`, has to be called before more is sent."""
        return self._owes_answer or self._rest is not None

    def answer(self, plan: Plan) -> Iterator[bytes]:
        """Answer the request for which the handler gave `Later`; the bytes, as from `receive`.

        Raises `LocalProtocolError` if there is none.
        """
        if not self._owes_answer:
            raise LocalProtocolError("no request waits for an answer: its handler gave no Later")
        self._owes_answer = False
        return filter(None, chain(self._respond(plan), self._answer()))

    def resume(self) -> Iterator[bytes]:
        """Go on with a body that stopped at None; the bytes, as from `receive`.

        Raises `LocalProtocolError` if none has.
        """
        if self._rest is None:
            raise LocalProtocolError("no answer has stopped: there was no None among its pieces")
        return filter(None, chain(self._stream(self._rest), self._answer()))

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
                early = self._on_head(event) if self._on_head else None
                yield from self._answer_expectation() if early is None else self._respond(early)
            case Data():
                self._body.append(event.data)
            case EndOfMessage() if self._connection.server_state is State.ANSWERING:
                plan = self._handler(self._request, b"".join(self._body))
                if isinstance(plan, Later):
                    self._owes_answer = True
                else:
                    yield from self._respond(plan)
            case Upgraded():
                if event.leftover:
                    yield from self._hand_over(event.leftover)
            case ConnectionClosed():
                # A client that has said all may still listen.
                self.is_closed = not self.is_waiting

    def _answer_expectation(self) -> Iterator[bytes]:
        if not self._connection.is_waiting_for_continue:
            return
        refusal = self._on_expect(self._request) if self._on_expect else None
        if refusal is None:
            yield self._connection.send(InformationalResponse(100))
        else:
            yield from self._respond(refusal)

    def _respond(self, plan: Plan) -> Iterator[bytes]:
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
            self._trailers = plan.trailers
            # A body made for a HEAD request would be made for nothing, and may be endless.
            yield from self._stream(iter(() if self._request.method == "HEAD" else plan.body))
        self.is_closed = self._connection.server_state is State.MUST_CLOSE

    def _stream(self, body: Iterator[bytes | None]) -> Iterator[bytes]:
        send = self._connection.send
        self._rest = body
        for piece in body:
            if piece is None:
                return
            yield send(Data(piece))
        self._rest = None
        yield send(EndOfMessage(self._trailers))
        self.is_closed = self._connection.server_state is State.MUST_CLOSE

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
    on_head: Callable[[Request], Plan | None] | None = None,
    on_expect: Callable[[Request], ResponsePlan | None] | None = None,
) -> ByteServer:
    """A server for one connection that calls `handler` for each request.

    Keep-alive, pipelined requests, HEAD, chunked bodies both ways and `Expect: 100-continue` are
    taken care of. `on_head` sees each request before its body and may answer it at once: then the
    body is read and dropped. `on_expect` may refuse an expectation with a plan of its own. Bytes
    that are not HTTP/1.1 are answered with the status of the error, and the connection is closed.
    """
    return ByteServer(handler, limits, on_head, on_expect)
