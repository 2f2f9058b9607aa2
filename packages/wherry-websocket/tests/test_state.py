"""The table of states, RFC 6455 §7.1."""

from pathlib import Path

import pytest

from wherry_websocket import State, WebSocketStateError
from wherry_websocket._state import TRANSITIONS, Move, after


def test_the_closing_handshake_ends_closed_whoever_begins() -> None:
    """RFC 6455 §7.1.4."""
    ours_first = after(after(State.OPEN, Move.SEND_CLOSE), Move.RECEIVE_CLOSE)
    theirs_first = after(after(State.OPEN, Move.RECEIVE_CLOSE), Move.SEND_CLOSE)

    assert ours_first is theirs_first is State.CLOSED


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", [Move.FAIL, Move.LOSE])
def test_failing_and_losing_are_possible_everywhere(state: State, move: Move) -> None:
    """RFC 6455 §7.1.7."""
    assert after(state, move) is State.CLOSED


@pytest.mark.parametrize("state", [State.CLOSE_SENT, State.CLOSED])
def test_a_second_close_frame_cannot_be_sent(state: State) -> None:
    """RFC 6455 §5.5.1: no frame after a close frame."""
    with pytest.raises(WebSocketStateError, match=f"cannot send close: .* {state.value}"):
        after(state, Move.SEND_CLOSE)


def test_the_readme_shows_the_table() -> None:
    """The table in the README has one row for each transition, no other."""
    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    rows = {
        f"| {state.value} | {move.value} | {end.value} |"
        for (state, move), end in TRANSITIONS.items()
    }

    assert {line for line in readme.splitlines() if line.count("|") == 4} - rows == {
        "| state | move | next state |",
        "|---|---|---|",
    }
    assert all(row in readme for row in rows)
