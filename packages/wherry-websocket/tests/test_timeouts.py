"""Limits on time, and the heartbeat: no clock is used here."""

import copy
import dataclasses

import pytest

from wherry_websocket import ClientWSTimeout
from wherry_websocket._timeouts import Beat, Heartbeat, deadline


def test_defaults_are_the_documented_ones() -> None:
    """S-223."""
    assert ClientWSTimeout() == ClientWSTimeout(ws_receive=None, ws_close=10.0)
    assert ClientWSTimeout(ws_receive=5).ws_close == 10.0
    assert ClientWSTimeout(1, 2) == ClientWSTimeout(ws_receive=1, ws_close=2)


def test_it_is_a_frozen_value() -> None:
    """S-017."""
    timeout = ClientWSTimeout()

    with pytest.raises(AttributeError):
        timeout.ws_close = 1  # type: ignore[misc]  # what the test is about
    assert not hasattr(timeout, "__dict__")
    assert hash(timeout) == hash(copy.copy(timeout))
    assert dataclasses.replace(timeout, ws_close=1) == ClientWSTimeout(ws_close=1)


@pytest.mark.parametrize(
    ("delay", "when"), [(4.5, 104.75), (5, 105.25), (5.1, 106), (30, 131), (30.75, 131)]
)
def test_delays_above_the_threshold_end_at_a_whole_second(delay: float, when: float) -> None:
    """S-259, S-433: the threshold itself is still exact."""
    assert deadline(100.25, delay) == when


def test_the_threshold_can_be_set() -> None:
    """S-259."""
    assert deadline(0.5, 2, 1) == 3
    assert deadline(0.5, 30, 60) == 30.5


def test_silence_is_answered_with_a_ping_then_given_up() -> None:
    """S-257: after the interval, then after half of it."""
    heartbeat = Heartbeat(4, 100)
    assert heartbeat.wake_at == 104

    assert heartbeat.beat(104, reading=True) is Beat.PING
    assert heartbeat.wake_at == 106
    assert heartbeat.beat(106, reading=True) is Beat.DROP


def test_any_byte_puts_the_ping_off() -> None:
    """S-258."""
    heartbeat = Heartbeat(4, 100)
    heartbeat.received(103)

    assert heartbeat.beat(104, reading=True) is Beat.WAIT
    assert heartbeat.wake_at == 107
    assert heartbeat.beat(107, reading=True) is Beat.PING


def test_any_byte_after_the_ping_is_an_answer() -> None:
    """S-257, S-258."""
    heartbeat = Heartbeat(4, 100)
    heartbeat.beat(104, reading=True)
    heartbeat.received(105)

    assert heartbeat.beat(106, reading=True) is Beat.WAIT
    assert heartbeat.wake_at == 109


def test_a_timer_that_fires_early_changes_nothing() -> None:
    """Timers may be a little early; the limits hold."""
    heartbeat = Heartbeat(4, 100)
    assert heartbeat.beat(103.9, reading=True) is Beat.WAIT
    heartbeat.beat(104, reading=True)

    assert heartbeat.beat(105.9, reading=True) is Beat.WAIT
    assert heartbeat.wake_at == 106


def test_long_intervals_are_rounded_up() -> None:
    """S-259."""
    heartbeat = Heartbeat(30, 100.25)
    assert heartbeat.wake_at == 131

    assert heartbeat.beat(131, reading=True) is Beat.PING
    assert heartbeat.wake_at == 146


def test_while_we_do_not_read_nobody_is_given_up() -> None:
    """S-239, S-257: the answer may be waiting unread."""
    heartbeat = Heartbeat(4, 100)
    heartbeat.beat(104, reading=True)

    assert heartbeat.beat(106, reading=False) is Beat.PING
    assert heartbeat.wake_at == 110
    assert heartbeat.beat(110, reading=True) is Beat.PING
    assert heartbeat.beat(112, reading=True) is Beat.DROP
