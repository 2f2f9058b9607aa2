"""The client role of the façade: requests out, responses in.

Adds to `_connection` what only a client knows: which request a response belongs to, and that bytes
nobody asked for are not a response. RFC 9112 §6.3, §9; RFC 9110 §7.8, §10.1.1, §15.2.
"""

from ._body import BodyReader, CodedReader, make_reader, make_writer
from ._connection import Connection
from ._errors import LocalProtocolError, RemoteProtocolError, quote
from ._events import ConnectionClosed, Event, InformationalResponse, Request, Response
from ._framing import CHUNKED, TUNNEL, UNTIL_CLOSE, message_body_length
from ._head import ResponseHead, match_response_head
from ._head_slow import ResponseHeadReader
from ._limits import DEFAULT_LIMITS, Limits
from ._message_head import HttpVersion11
from ._state import Role, State
from ._transfer_coding import make_transfer_decoder
from ._write import check_host, declared_body_length, write_request_head
from .fields import connection_options


class ClientConnection(Connection):
    """The client's side of a connection, without the socket.

    For each cycle: `send(Request(...))`, `send(Data(...))` as often as needed and
    `send(EndOfMessage())`, writing what they return to the socket. Then read from the socket into
    `receive_data()` and take events until `EndOfMessage`. If `can_cycle`, call `next_cycle()` and
    begin again; otherwise close the socket.

    The request's own fields frame its body: Content-Length, or `Transfer-Encoding: chunked`, or
    neither for no body. Nothing is added to them.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, strict: bool = False) -> None:
        super().__init__(Role.CLIENT, limits)
        self._strict = strict
        self._request = Request("GET", "/")
        self._head_reader: ResponseHeadReader | None = None
        self._informational = 0
        self._is_waiting_for_continue = False

    @property
    def is_waiting_for_continue(self) -> bool:
        """Whether the request asked for 100 (Continue) and no answer has come yet.

        Hold the body back while it is true; send it all the same after a while, as servers may
        never answer (RFC 9110 §10.1.1).
        """
        return self._is_waiting_for_continue

    @property
    def can_cycle(self) -> bool:
        """As for both roles; never with bytes left over, which belong to no response."""
        return super().can_cycle and not self._received

    def next_cycle(self) -> None:
        """Begin the next request and response; see `Connection.next_cycle`."""
        if self._received:
            raise LocalProtocolError(
                f"no next cycle: {len(self._received)} bytes came after the response; "
                "close the connection"
            )
        super().next_cycle()
        self._informational = 0

    def _send_head(self, event: Event) -> bytes:
        if not isinstance(event, Request):
            raise LocalProtocolError(f"a client sends no {type(event).__name__}")
        check_host(event.headers, event.version.minor)
        length = declared_body_length(event.headers)
        fields = event.headers.items()
        data = write_request_head(event.method, event.target, fields, event.version.minor)
        self._writer = make_writer(length or 0)
        self._request = event
        options = connection_options(event.headers.getall("Connection", ()))
        if "close" in options or (event.version < HttpVersion11 and "keep-alive" not in options):
            self._cycle.keeps_alive = False
        expectation = event.headers.get("Expect", "")
        self._is_waiting_for_continue = expectation.lower() == "100-continue"
        self._cycle.advance(Role.CLIENT, Request)
        return data

    def _read_head(self) -> Event | None:
        if self.server_state is State.IDLE:
            if self._received:
                raise RemoteProtocolError(
                    f"bytes came although no request was sent: {quote(self._received)}"
                )
            return self._take_event(ConnectionClosed()) if self._has_ended else None
        head = self._parse_head()
        if head is not None:
            return self._take_head(head)
        if self._has_ended:
            raise RemoteProtocolError("connection ended before a whole response head came")
        return None

    def _parse_head(self) -> ResponseHead | None:
        received, self._received = self._received, b""
        if self._head_reader is None:
            found = None if self._strict else match_response_head(received, self._limits)
            if found is not None:
                head, end = found
                self._received = received[end:]
                return head
            self._head_reader = ResponseHeadReader(self._limits, strict=self._strict)
        slow_head = self._head_reader.feed(received)
        if slow_head is not None:
            self._received = self._head_reader.surplus
            self._head_reader = None
        return slow_head

    def _take_head(self, head: ResponseHead) -> Event:
        self._is_waiting_for_continue = False
        if head.status < 200:
            return self._take_informational(head)
        length = message_body_length(self._request.method, head)
        response = Response(head.status, head.headers, head.reason, head.version)
        if length == TUNNEL:
            self._check_can_switch("2xx to CONNECT")
            self._cycle.advance(Role.SERVER, Response)
            self._cycle.switch()
            return response
        if length == UNTIL_CLOSE or not head.keeps_alive:
            self._cycle.keeps_alive = False
        self._reader = self._make_reader(length, head)
        return self._take_event(response)

    def _make_reader(self, length: int, head: ResponseHead) -> BodyReader:
        reader = make_reader(length, self._limits, strict=self._strict)
        if length not in (CHUNKED, UNTIL_CLOSE):
            return reader
        decoder = make_transfer_decoder(head.transfer_encoding)
        return reader if decoder is None else CodedReader(reader, decoder)

    def _take_informational(self, head: ResponseHead) -> Event:
        limit = self._limits.max_informational
        self._informational += 1
        if self._informational > limit:
            raise RemoteProtocolError(f"more than {limit} informational responses to one request")
        event = InformationalResponse(head.status, head.headers, head.reason, head.version)
        self._cycle.advance(Role.SERVER, InformationalResponse)
        if head.status == 101:
            if "Upgrade" not in self._request.headers:
                raise RemoteProtocolError("101 (Switching Protocols) came to a request without it")
            self._check_can_switch("101")
            self._cycle.switch()
        return event

    def _check_can_switch(self, what: str) -> None:
        if self.client_state not in (State.DONE, State.MUST_CLOSE):
            raise RemoteProtocolError(f"{what} came before the request was complete")
