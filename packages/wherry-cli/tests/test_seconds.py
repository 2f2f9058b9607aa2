"""Durations for people."""

import pytest

from wherry_cli._seconds import seconds_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (-1.0, "0 s"),
        (4.2e-7, "0.42 µs"),
        (0.000_012_34, "12.3 µs"),
        (0.000_999_4, "999 µs"),
        (0.000_999_6, "1.00 ms"),
        (0.004_126, "4.13 ms"),
        (0.099_96, "100 ms"),
        (0.999_6, "1.00 s"),
        (41.34, "41.3 s"),
        (90.0, "1.50 min"),
    ],
)
def test_three_digits_and_a_unit(seconds: float, text: str) -> None:
    """What is rounded up to a thousand is one of the next unit."""
    assert seconds_text(seconds) == text
