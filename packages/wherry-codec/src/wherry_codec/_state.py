"""Which event may follow which, for both sides of a connection.

Two rules: a state changes only as the tables say, or by one of the three consequences in
`CycleState`; and an event that has no entry for the current state is illegal. Knows nothing about
bytes. RFC 9112 §9.
"""

from enum import Enum
from typing import Final

from ._errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from ._events import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    InformationalResponse,
    Request,
    Response,
)


class Role(Enum):
    """The two sides of a connection."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def peer(self) -> "Role":
        """The other side."""
        return Role.SERVER if self is Role.CLIENT else Role.CLIENT


class State(Enum):
    """Where one side is in its half of a cycle of request and response."""

    IDLE = "idle"
    """Nothing sent in this cycle."""
    ANSWERING = "answering"
    """Server only: a request has begun, the final response has not."""
    BODY = "body"
    """The head is sent, the end of the message is not."""
    DONE = "done"
    """The message is sent; the next cycle starts when the other side is done, too."""
    MUST_CLOSE = "must close"
    """The message is sent; nothing but the end of the connection may follow."""
    CLOSED = "closed"
    """This side sends no more."""
    SWITCHED = "switched"
    """The connection belongs to another protocol."""


Table = dict[State, dict[type, State]]

_AFTER_THE_HEAD: Final[Table] = {
    State.BODY: {Data: State.BODY, EndOfMessage: State.DONE},
    State.DONE: {ConnectionClosed: State.CLOSED},
    State.MUST_CLOSE: {ConnectionClosed: State.CLOSED},
    State.CLOSED: {ConnectionClosed: State.CLOSED},
    State.SWITCHED: {},
}

TRANSITIONS: Final[dict[Role, Table]] = {
    Role.CLIENT: {
        State.IDLE: {Request: State.BODY, ConnectionClosed: State.CLOSED},
        **_AFTER_THE_HEAD,
    },
    Role.SERVER: {
        # A response without a request is the answer to bytes that are no request.
        State.IDLE: {Response: State.BODY, ConnectionClosed: State.CLOSED},
        State.ANSWERING: {InformationalResponse: State.ANSWERING, Response: State.BODY},
        **_AFTER_THE_HEAD,
    },
}
"""For each side and state the events it may send, and the state each leads to."""


def transitions_as_markdown(role: Role) -> str:
    """The table of one side for people: a row for each state and each event it may send.

    The README has both; a test compares.
    """
    lines = [f"| {role.value} is | sends | and is then |", "|---|---|---|"]
    for state, allowed in TRANSITIONS[role].items():
        rows = [(f"`{event.__name__}`", after.value) for event, after in allowed.items()]
        lines += [
            f"| {state.value} | {sent} | {then} |" for sent, then in rows or [("nothing", "")]
        ]
    return "\n".join(lines) + "\n"


class CycleState:
    """The states of both sides during one connection."""

    def __init__(self, own: Role) -> None:
        self._own = own
        self._states = {Role.CLIENT: State.IDLE, Role.SERVER: State.IDLE}
        self._keeps_alive = True

    def __getitem__(self, role: Role) -> State:
        return self._states[role]

    @property
    def keeps_alive(self) -> bool:
        """Whether another cycle may follow. Set it to false, never back."""
        return self._keeps_alive

    @keeps_alive.setter
    def keeps_alive(self, value: bool) -> None:
        self._keeps_alive = value
        self._apply_consequences()

    @property
    def can_cycle(self) -> bool:
        """Whether both sides are done and the connection lives on."""
        return all(state is State.DONE for state in self._states.values())

    def check(self, role: Role, event: type) -> None:
        """Raise `LocalProtocolError`, or for the peer `RemoteProtocolError`, if it is illegal."""
        state = self._states[role]
        if event in TRANSITIONS[role][state]:
            return
        error: type[ProtocolError] = RemoteProtocolError
        if role is self._own:
            error = LocalProtocolError
        allowed = ", ".join(kind.__name__ for kind in TRANSITIONS[role][state]) or "nothing"
        raise error(
            f"{role.value} is in state {state.value!r}: expected {allowed}, got {event.__name__}"
        )

    def advance(self, role: Role, event: type) -> None:
        """Record that `role` sent an event of this class; see `check` for errors."""
        self.check(role, event)
        self._states[role] = TRANSITIONS[role][self._states[role]][event]
        self._apply_consequences()

    def switch(self) -> None:
        """Record that another protocol begins."""
        self._states = dict.fromkeys(self._states, State.SWITCHED)

    def start_next_cycle(self) -> None:
        """Begin anew; only if `can_cycle`."""
        self._states = dict.fromkeys(self._states, State.IDLE)

    def _apply_consequences(self) -> None:
        states = self._states
        # 1. A request that has begun is what a server answers.
        if states[Role.CLIENT] is State.BODY and states[Role.SERVER] is State.IDLE:
            states[Role.SERVER] = State.ANSWERING
        for role, state in states.items():
            # 2. Without persistence the end of the message is the end of this side.
            is_last = state is State.DONE and not self.keeps_alive
            # 3. Nor can another cycle follow when the other side has gone.
            is_alone = state in (State.DONE, State.IDLE) and states[role.peer] is State.CLOSED
            if is_last or is_alone:
                states[role] = State.MUST_CLOSE
