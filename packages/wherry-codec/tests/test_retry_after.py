"""Retry-After: seconds, or a date."""

import pytest

from wherry_codec._retry_after import parse_retry_after

NOW = 784_111_700.5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, 2.0**31),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 76.5),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 76.5),
    ],
)
def test_time_to_wait_is_read(value: str, expected: float) -> None:
    """RFC 9110 §10.2.3: a date in the past means now."""
    assert parse_retry_after(value, now=NOW) == expected


@pytest.mark.parametrize("value", ["", "-1", "1.5", "soon", "inf", "1, 2", "Sun, 06 Nov 1994"])
def test_malformed_value_says_nothing(value: str) -> None:
    """RFC 9110 §10.2.3."""
    assert parse_retry_after(value, now=NOW) is None
