"""The server role of the façade: requests in, responses out.

Adds to `_connection` what only a server decides: how a response is framed for the client at hand,
and whether the connection lives on. RFC 9112 §6, §7, §9; RFC 9110 §8.6, §10.1.1, §15.2.
"""

from multidict import CIMultiDict

from ._body import SilentWriter, make_reader, make_writer
from ._connection import Connection
from ._errors import LocalProtocolError, RemoteProtocolError
from ._events import ConnectionClosed, Event, InformationalResponse, Request, Response
from ._framing import CHUNKED, UNTIL_CLOSE
from ._limits import DEFAULT_LIMITS, Limits
from ._message_head import HttpVersion11
from ._request_head import RequestHead, RequestHeadReader
from ._state import Role, State
from ._write import declared_body_length, write_response_head
from .fields import connection_options


class ServerConnection(Connection):
    """The server's side of a connection, without the socket.

    Feed `receive_data()` and take events: `Request`, `Data`, `EndOfMessage`. Answer with
    `send(Response(...))`, `send(Data(...))`, `send(EndOfMessage())`, writing what they return to
    the socket. If `can_cycle`, call `next_cycle()` and go on with the events, since the next
    request may have arrived already; otherwise close the socket.

    A response without Content-Length or Transfer-Encoding is sent chunked, or to an HTTP/1.0
    client until close; `Connection: close` is added when this response is the last one. Otherwise
    the fields go out as they are. Answer HEAD as you would answer GET: the body is left out.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(Role.SERVER, limits)
        self._request: RequestHead | None = None
        self._head_reader = RequestHeadReader(limits)
        self._is_waiting_for_continue = False

    @property
    def is_waiting_for_continue(self) -> bool:
        """Whether the client holds its body back until it gets 100 (Continue), or a refusal."""
        return self._is_waiting_for_continue

    def next_cycle(self) -> None:
        """Begin the next request and response; see `Connection.next_cycle`."""
        super().next_cycle()
        self._request = None

    def _read_head(self) -> Event | None:
        received, self._received = self._received, b""
        head = self._head_reader.feed(received) if received else None
        if head is not None:
            self._received = self._head_reader.surplus
            self._head_reader = RequestHeadReader(self._limits)
            return self._take_head(head)
        if not self._has_ended:
            return None
        if self._head_reader.has_begun:
            raise RemoteProtocolError("connection ended inside a request head")
        return self._take_event(ConnectionClosed())

    def _take_head(self, head: RequestHead) -> Event:
        self._request = head
        length = head.body_length
        framing = CHUNKED if length is None else length
        self._reader = make_reader(framing, self._limits, strict=True)
        self._is_waiting_for_continue = head.expects_continue and length != 0
        if not head.keeps_alive:
            self._cycle.keeps_alive = False
        return self._take_event(Request(head.method, head.target, head.headers, head.version))

    def _read_body(self) -> Event | None:
        if self._received:
            # The client did not wait; RFC 9110 §10.1.1 lets it.
            self._is_waiting_for_continue = False
        return super()._read_body()

    def _send_head(self, event: Event) -> bytes:
        if isinstance(event, InformationalResponse):
            return self._send_informational(event)
        if not isinstance(event, Response):
            raise LocalProtocolError(f"a server sends no {type(event).__name__}")
        if event.status < 200:
            raise LocalProtocolError(f"status {event.status} needs an InformationalResponse")
        if self._is_tunnel(event):
            return self._send_tunnel_response(event)
        keeps_alive = self._cycle.keeps_alive and self._may_live_on(event)
        headers = CIMultiDict(event.headers)
        length = self._frame(event, headers)
        keeps_alive = keeps_alive and length != UNTIL_CLOSE
        self._write_persistence(headers, keeps_alive=keeps_alive)
        data = write_response_head(event.status, headers.items(), event.reason)
        self._writer = SilentWriter() if self._is_head else make_writer(length)
        self._is_waiting_for_continue = False
        self._cycle.keeps_alive = keeps_alive
        self._cycle.advance(Role.SERVER, Response)
        return data

    def _send_informational(self, event: InformationalResponse) -> bytes:
        if not 100 <= event.status < 200:
            raise LocalProtocolError(f"status {event.status} needs a Response")
        if self._is_old:
            raise LocalProtocolError("an HTTP/1.0 client does not know informational responses")
        if declared_body_length(event.headers) is not None:
            raise LocalProtocolError("an informational response has no body and no length")
        if event.status == 101:
            self._check_can_switch(event)
        data = write_response_head(event.status, event.headers.items(), event.reason)
        self._cycle.advance(Role.SERVER, InformationalResponse)
        self._is_waiting_for_continue = False
        if event.status == 101:
            self._cycle.switch()
        return data

    @property
    def _is_head(self) -> bool:
        return self._request is not None and self._request.method == "HEAD"

    @property
    def _is_old(self) -> bool:
        return self._request is not None and self._request.version < HttpVersion11

    def _check_can_switch(self, event: InformationalResponse | Response) -> None:
        request = self._request
        if event.status == 101 and (request is None or request.upgrade is None):
            raise LocalProtocolError("101 answers only a request that has an Upgrade field")
        if self.client_state not in (State.DONE, State.MUST_CLOSE):
            raise LocalProtocolError("switch protocols only after EndOfMessage of the request")

    def _is_tunnel(self, event: Response) -> bool:
        request = self._request
        return request is not None and request.method == "CONNECT" and event.status < 300

    def _send_tunnel_response(self, event: Response) -> bytes:
        self._check_can_switch(event)
        if declared_body_length(event.headers) is not None:
            raise LocalProtocolError("a 2xx response to CONNECT has no body and no length")
        data = write_response_head(event.status, event.headers.items(), event.reason)
        self._cycle.advance(Role.SERVER, Response)
        self._cycle.switch()
        return data

    def _may_live_on(self, event: Response) -> bool:
        if self._request is None or self._failure is not None:
            return False
        # The client now has to guess whether to send its body, so nobody knows where it ends.
        if self._is_waiting_for_continue:
            return False
        return "close" not in connection_options(event.headers.getall("Connection", ()))

    def _frame(self, event: Response, headers: CIMultiDict[str]) -> int:
        """Add a framing field if there is none and one is needed; the length of the body."""
        declared = declared_body_length(headers)
        if declared == CHUNKED and self._is_old:
            raise LocalProtocolError("an HTTP/1.0 client does not know Transfer-Encoding")
        if event.status == 204 and declared is not None:
            raise LocalProtocolError("a 204 response has no Content-Length or Transfer-Encoding")
        if self._is_head or event.status in (204, 304):
            return 0
        if declared is not None:
            return declared
        if self._is_old:
            return UNTIL_CLOSE
        headers["Transfer-Encoding"] = "chunked"
        return CHUNKED

    def _write_persistence(self, headers: CIMultiDict[str], *, keeps_alive: bool) -> None:
        options = connection_options(headers.getall("Connection", ()))
        if not keeps_alive and "close" not in options:
            headers.add("Connection", "close")
        if keeps_alive and self._is_old and "keep-alive" not in options:
            headers.add("Connection", "keep-alive")
