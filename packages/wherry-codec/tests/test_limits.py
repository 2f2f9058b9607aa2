"""Limits: what they are unless said otherwise."""

import dataclasses

import pytest

from wherry_codec import DEFAULT_LIMITS, Limits


def test_defaults_are_those_users_know() -> None:
    """S-053, S-054, S-055, SEC-11."""
    assert Limits() == DEFAULT_LIMITS
    assert dataclasses.asdict(DEFAULT_LIMITS) == {
        "max_line_size": 8190,
        "max_field_size": 8190,
        "max_headers": 128,
        "max_head_size": 262_144,
        "max_informational": 64,
    }


def test_limits_are_chosen_once() -> None:
    """S-057: a connection that shares them with others cannot change theirs."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT_LIMITS.max_headers = 1  # type: ignore[misc]
    assert dataclasses.replace(DEFAULT_LIMITS, max_headers=1).max_headers == 1
