"""What both roles of the façade share: bytes in, events out, and events in, bytes out.

Holds the bytes received but not yet understood, the reader and the writer of the bodies under way,
and the states. Does no I/O and knows no clock: whoever owns the socket moves the bytes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from ._body import BodyReader, BodyWriter, make_reader, make_writer
from ._errors import LocalProtocolError, RemoteProtocolError
from ._events import ConnectionClosed, Data, EndOfMessage, Event, Upgraded
from ._limits import DEFAULT_LIMITS, Limits
from ._state import CycleState, Role, State


class Connection(ABC):
    """One side of an HTTP/1.1 connection. Use `ClientConnection` or `ServerConnection`."""

    def __init__(self, role: Role, limits: Limits = DEFAULT_LIMITS) -> None:
        self._role = role
        self._limits = limits
        self._cycle = CycleState(role)
        self._received = b""
        self._has_ended = False
        self._reader: BodyReader = make_reader(0, limits)
        self._writer: BodyWriter = make_writer(0)
        self._has_announced_upgrade = False
        self._failure: RemoteProtocolError | None = None

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} client {self.client_state.value}, "
            f"server {self.server_state.value}, {len(self._received)} bytes unread>"
        )

    @property
    def client_state(self) -> State:
        """Where the client is in this cycle."""
        return self._cycle[Role.CLIENT]

    @property
    def server_state(self) -> State:
        """Where the server is in this cycle."""
        return self._cycle[Role.SERVER]

    @property
    def can_cycle(self) -> bool:
        """Whether `next_cycle()` may be called: both messages complete, the connection lives on."""
        return self._failure is None and self._cycle.can_cycle

    @property
    def is_paused(self) -> bool:
        """Whether the peer's message is complete, so that what it sends now has to wait.

        Leave such bytes in the socket if you can; what is fed all the same is kept.
        """
        return self._cycle[self._role.peer] in (State.DONE, State.MUST_CLOSE, State.SWITCHED)

    @property
    def trailing_data(self) -> bytes:
        """The bytes received but not part of any event so far."""
        return self._received

    def receive_data(self, data: bytes) -> None:
        """Add bytes from the peer; `b""` says that it has closed its side.

        After this, call `next_event()` until it returns None. Raises `LocalProtocolError` after
        the end or after an upgrade, when bytes are no longer for us.
        """
        if self._cycle[self._role.peer] is State.SWITCHED and self._has_announced_upgrade:
            raise LocalProtocolError(
                "the connection was upgraded: its bytes belong to that protocol"
            )
        if self._has_ended and data:
            raise LocalProtocolError("bytes came after the end of the connection")
        if data:
            self._received = self._received + data if self._received else data
        else:
            self._has_ended = True

    def next_event(self) -> Event | None:
        """The next thing the peer has said; None when there is none yet.

        After None: while `is_paused`, finish your own message and call `next_cycle()`; otherwise
        read from the socket and call `receive_data()`. Raises `RemoteProtocolError`, now and on
        each later call, if the peer breaks the protocol: close the connection then (a server may
        send one last response before).
        """
        if self._failure is not None:
            raise self._failure
        try:
            return self._read_event()
        except RemoteProtocolError as exc:
            self._fail(exc)
            raise

    def events(self) -> Iterator[Event]:
        """Call `next_event()` until it returns None."""
        while (event := self.next_event()) is not None:
            yield event

    def send(self, event: Event) -> bytes:
        """The bytes that tell the peer about `event`: write all of them to the socket.

        Raises `LocalProtocolError` if the event is not allowed now or must not be written as it
        is. Then there is nothing to write and nothing has changed.
        """
        if isinstance(event, Upgraded):
            raise LocalProtocolError("Upgraded follows from a response, it cannot be sent")
        self._cycle.check(self._role, type(event))
        match event:
            case Data():
                data = self._writer.write(event.data)
            case EndOfMessage():
                data = self._writer.finish(event.trailers)
            case ConnectionClosed():
                data = b""
            case _:
                return self._send_head(event)
        self._cycle.advance(self._role, type(event))
        return data

    def next_cycle(self) -> None:
        """Begin the next request and response on this connection.

        After this, `next_event()` looks at bytes that had to wait. Raises `LocalProtocolError`
        unless `can_cycle`.
        """
        if not self.can_cycle:
            raise LocalProtocolError(
                f"no next cycle: client is {self.client_state.value}, "
                f"server is {self.server_state.value}; both must be done"
            )
        self._cycle.start_next_cycle()

    @abstractmethod
    def _send_head(self, event: Event) -> bytes:
        """Check and write a head; advance the state."""

    @abstractmethod
    def _read_head(self) -> Event | None:
        """The event for the head at the start of what was received, if it is whole."""

    def _read_event(self) -> Event | None:
        state = self._cycle[self._role.peer]
        if state is State.SWITCHED:
            return self._announce_upgrade()
        if state is State.BODY:
            return self._read_body()
        if state in (State.IDLE, State.ANSWERING):
            return self._read_head()
        is_last = state is State.MUST_CLOSE or not self._received
        if self._has_ended and is_last and state is not State.CLOSED:
            return self._take_event(ConnectionClosed())
        return None

    def _read_body(self) -> Event | None:
        reader = self._reader
        pieces: list[bytes] = []
        if (self._received or reader.has_pending) and not reader.is_done:
            try:
                end = reader.feed(self._received, 0, pieces)
            except RemoteProtocolError as exc:
                if not pieces:
                    raise
                # What came before the fault is told first, however the bytes were cut.
                end = len(self._received)
                self._fail(exc)
            self._received = self._received[end:]
        if pieces:
            extensions = reader.take_extensions(of_last_chunk=False)
            return self._take_event(Data(b"".join(pieces), extensions))
        is_close_delimited = False
        if self._has_ended and not reader.is_done:
            reader.end()
            is_close_delimited = True
        if not reader.is_done:
            return None
        extensions = reader.take_extensions(of_last_chunk=True)
        return self._take_event(EndOfMessage(reader.trailers, is_close_delimited, extensions))

    def _fail(self, exc: RemoteProtocolError) -> None:
        self._failure = exc
        self._cycle.keeps_alive = False

    def _take_event(self, event: Event) -> Event:
        self._cycle.advance(self._role.peer, type(event))
        return event

    def _announce_upgrade(self) -> Event | None:
        if self._has_announced_upgrade:
            return None
        self._has_announced_upgrade = True
        leftover, self._received = self._received, b""
        return Upgraded(leftover)
