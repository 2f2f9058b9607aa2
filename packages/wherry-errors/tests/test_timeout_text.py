"""The one line a time-out says."""

from __future__ import annotations

import pytest

from wherry_errors import timeout_text


@pytest.mark.parametrize("phase", ["total", "connect", "sock_connect", "sock_read", "pool"])
def test_a_phase_of_client_timeout_names_the_field_to_change(phase: str) -> None:
    text = timeout_text(phase=phase, limit=5, elapsed=5.0004, host="h:80")

    assert text == f"{phase} timed out after 5.0 s (limit: timeout.{phase} = 5.0) for h:80"


def test_another_phase_names_no_field() -> None:
    assert timeout_text(phase="heartbeat", limit=5) == "heartbeat timed out (limit: 5.0)"


def test_facts_that_are_unknown_are_left_out() -> None:
    assert timeout_text(elapsed=0.25) == "timed out after 0.25 s"
    assert timeout_text(host="h:80") == "timed out for h:80"


def test_the_message_follows_the_facts() -> None:
    assert timeout_text("3 waited", phase="pool") == "pool timed out; 3 waited"


def test_without_facts_there_is_only_the_message() -> None:
    assert timeout_text("No PONG received") == "No PONG received"
    assert timeout_text() == ""


def test_a_limit_of_zero_is_a_fact() -> None:
    assert timeout_text(limit=0.0) == "timed out (limit: 0.0)"
