"""Keep-Alive: promises about idle connections."""

import pytest

from wherry_codec._keep_alive import KeepAlive, parse_keep_alive


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("timeout=5, max=100", KeepAlive(5, 100)),
        ("Max = 7", KeepAlive(None, 7)),
        ('timeout="5"', KeepAlive(5, None)),
        ("timeout=5;max=3", KeepAlive(5, 3)),
        ("timeout=0", KeepAlive(0, None)),
        (f"timeout={'9' * 5000}", KeepAlive(2**31, None)),
        ("timeout=5, timeout=9", KeepAlive(5, None)),
        ("", KeepAlive()),
        ("300", KeepAlive()),
        ("timeout=-1, max=x, other=3", KeepAlive()),
    ],
)
def test_parameters_are_read_and_rubbish_left_out(value: str, expected: KeepAlive) -> None:
    """RFC 2068 §19.7.1.1."""
    assert parse_keep_alive(value) == expected


def test_parameters_may_come_on_several_lines() -> None:
    """RFC 9110 §5.3."""
    assert parse_keep_alive(["timeout=5", "max=1"]) == KeepAlive(5, 1)
