"""The life of a connection as a table, RFC 6455 §7.1.

Two rules: every move is in the table, and a move that is not there raises.
The drawing in the README is made from this table.
"""

from enum import Enum
from types import MappingProxyType
from typing import Final


class State(Enum):
    """Where the closing handshake stands."""

    OPEN = "open"
    CLOSE_SENT = "close sent"
    CLOSE_RECEIVED = "close received"
    CLOSED = "closed"


class Move(Enum):
    """What changes the state."""

    SEND_CLOSE = "send close"
    RECEIVE_CLOSE = "receive close"
    FAIL = "fail"
    LOSE = "lose"


class Role(Enum):
    """Which end of the connection this is; clients mask, servers do not."""

    CLIENT = "client"
    SERVER = "server"


class WebSocketStateError(RuntimeError):
    """A frame may not be sent in this state, for example after a close frame."""


TRANSITIONS: Final = MappingProxyType(
    {
        (State.OPEN, Move.SEND_CLOSE): State.CLOSE_SENT,
        (State.OPEN, Move.RECEIVE_CLOSE): State.CLOSE_RECEIVED,
        (State.CLOSE_SENT, Move.RECEIVE_CLOSE): State.CLOSED,
        (State.CLOSE_RECEIVED, Move.SEND_CLOSE): State.CLOSED,
        # Read after the loss, from bytes that came before it.
        (State.CLOSED, Move.RECEIVE_CLOSE): State.CLOSED,
        **{(state, Move.FAIL): State.CLOSED for state in State},
        **{(state, Move.LOSE): State.CLOSED for state in State},
    }
)


def after(state: State, move: Move) -> State:
    """The state after `move`. Raises WebSocketStateError if the move is not possible there."""
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise WebSocketStateError(f"cannot {move.value}: the connection is {state.value}") from None
