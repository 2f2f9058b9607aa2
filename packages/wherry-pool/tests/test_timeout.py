"""Limits on time."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_pool import NO_DEADLINE, ClientTimeout, deadline_after, total_deadline
from wherry_pool._timeout import seconds_or_none


def test_order_of_fields_is_the_known_one() -> None:
    """S-425: `pool` is keyword only."""
    timeout = ClientTimeout(1, 2, 3, 4, 6, pool=7)

    assert timeout == ClientTimeout(
        total=1, connect=2, sock_read=3, sock_connect=4, ceil_threshold=6, pool=7
    )
    assert ClientTimeout() == ClientTimeout(None, None, None, None, 5)


def test_timeout_is_frozen() -> None:
    """S-425."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ClientTimeout().total = 1  # type: ignore[misc]


@pytest.mark.parametrize("seconds", [None, 0, -1, -0.5])
def test_limit_can_be_off(seconds: float | None) -> None:
    """S-425."""
    assert deadline_after(10.5, seconds, 5) == NO_DEADLINE
    assert total_deadline(10.5, ClientTimeout(total=seconds)) == NO_DEADLINE
    assert seconds_or_none(seconds) is None


@given(st.floats(0, 1e6), st.floats(0.001, 1e6), st.floats(0, 100))
def test_long_limits_end_on_a_whole_second(start: float, seconds: float, threshold: float) -> None:
    """S-433: short ones exactly, and none early."""
    when = deadline_after(start, seconds, threshold)

    assert seconds_or_none(seconds) == seconds
    if seconds > threshold:
        assert when == math.ceil(start + seconds)
    else:
        assert when == start + seconds


@pytest.mark.parametrize(
    ("seconds", "total", "other"), [(4.9, 15.3, 15.3), (5.0, 16.0, 15.4), (5.1, 16.0, 16.0)]
)
def test_total_ends_on_a_whole_second_at_the_threshold_too(
    seconds: float, total: float, other: float
) -> None:
    """S-433: the others only above it."""
    assert total_deadline(10.4, ClientTimeout(total=seconds)) == pytest.approx(total)
    assert deadline_after(10.4, seconds, 5) == pytest.approx(other)
