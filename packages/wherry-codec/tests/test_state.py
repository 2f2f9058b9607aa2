"""The tables, and the three consequences."""

import re
from pathlib import Path

import pytest

from wherry_codec import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    InformationalResponse,
    LocalProtocolError,
    RemoteProtocolError,
    Request,
    Response,
    Role,
    State,
)
from wherry_codec._state import TRANSITIONS, CycleState, transitions_as_markdown

EVENTS = (Request, InformationalResponse, Response, Data, EndOfMessage, ConnectionClosed)


def after(*steps: tuple[Role, type], keeps_alive: bool = True) -> CycleState:
    cycle = CycleState(Role.CLIENT)
    cycle.keeps_alive = keeps_alive
    for role, event in steps:
        cycle.advance(role, event)
    return cycle


CLIENT, SERVER = Role.CLIENT, Role.SERVER
WHOLE_CYCLE = [
    (CLIENT, Request),
    (CLIENT, EndOfMessage),
    (SERVER, Response),
    (SERVER, EndOfMessage),
]


def test_whole_cycle_can_be_followed_by_another() -> None:
    """RFC 9112 §9.3."""
    cycle = after(*WHOLE_CYCLE)
    assert cycle.can_cycle

    cycle.start_next_cycle()

    assert cycle[CLIENT] is cycle[SERVER] is State.IDLE


def test_without_persistence_both_sides_must_close() -> None:
    """RFC 9112 §9.6."""
    cycle = after(*WHOLE_CYCLE, keeps_alive=False)

    assert cycle[CLIENT] is cycle[SERVER] is State.MUST_CLOSE
    assert not cycle.can_cycle


def test_request_that_has_begun_is_to_be_answered() -> None:
    """A server may answer before the request is complete."""
    cycle = after((CLIENT, Request))

    assert cycle[SERVER] is State.ANSWERING
    cycle.advance(SERVER, InformationalResponse)
    cycle.advance(SERVER, Response)
    assert cycle[SERVER] is State.BODY


def test_side_that_is_left_alone_must_close() -> None:
    """RFC 9112 §9.5: a client may close its half after the request and still gets its answer."""
    cycle = after(*WHOLE_CYCLE[:2], (CLIENT, ConnectionClosed))
    assert cycle[SERVER] is State.ANSWERING

    cycle.advance(SERVER, Response)
    cycle.advance(SERVER, EndOfMessage)

    assert cycle[SERVER] is State.MUST_CLOSE


def test_after_the_switch_nothing_may_be_sent() -> None:
    """RFC 9110 §7.8."""
    cycle = after((CLIENT, Request), (CLIENT, EndOfMessage), (SERVER, InformationalResponse))
    cycle.switch()

    for event in EVENTS:
        with pytest.raises(LocalProtocolError, match="switched"):
            cycle.check(CLIENT, event)


@pytest.mark.parametrize("role", Role)
def test_event_without_entry_is_illegal_and_changes_nothing(role: Role) -> None:
    """Local for our side, remote for the other; the message names what is allowed."""
    error = LocalProtocolError if role is CLIENT else RemoteProtocolError
    for state, allowed in TRANSITIONS[role].items():
        for event in EVENTS:
            cycle = CycleState(CLIENT)
            cycle._states[role] = state
            if event in allowed:
                cycle.check(role, event)
                continue
            with pytest.raises(error, match=f"got {event.__name__}"):
                cycle.advance(role, event)
            assert cycle[role] is state


def test_closed_side_stays_closed() -> None:
    """Closing twice is harmless, nothing else follows."""
    for role in Role:
        assert TRANSITIONS[role][State.CLOSED] == {ConnectionClosed: State.CLOSED}


def test_end_of_persistence_counts_at_once() -> None:
    """RFC 9112 §9.6: a side that was done already must close then, whatever else happens."""
    cycle = after(*WHOLE_CYCLE)

    cycle.keeps_alive = False

    assert cycle[CLIENT] is cycle[SERVER] is State.MUST_CLOSE


def test_tables_in_the_readme_are_those_in_use() -> None:
    """If it fails, put the expected text between the two marks."""
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    printed = re.search(r"<!-- states:[^\n]*\n(.*)<!-- end of states -->", readme, re.S)

    expected = "\n".join(transitions_as_markdown(role) for role in Role)

    assert printed is not None
    assert printed[1] == expected, f"the README is stale, it should say:\n{expected}"
