"""The limits."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from wherry_cookies import CookieLimits


def test_the_defaults_are_what_the_rfc_asks_for_at_least() -> None:
    """RFC 6265 §6.1."""
    limits = CookieLimits()

    assert limits.name_and_value >= 4096
    assert limits.per_domain >= 50
    assert limits.total >= 3000


@pytest.mark.parametrize("name", [field.name for field in fields(CookieLimits)])
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        replace(CookieLimits(), **{name: 0})


def test_limits_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        CookieLimits().total = 1  # type: ignore[misc]  # that is the point
