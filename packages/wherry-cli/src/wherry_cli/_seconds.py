"""Durations for people: three digits and a unit."""

_UNITS = ((60.0, 60.0, "min"), (1.0, 1.0, "s"), (1e-3, 1e-3, "ms"), (0.0, 1e-6, "µs"))


def seconds_text(seconds: float) -> str:
    """`seconds` as in `413 µs`, `4.13 ms`, `41.3 s`. Zero and less is `0 s`."""
    if seconds <= 0:
        return "0 s"
    for at_least, size, unit in _UNITS:
        # What would be rounded up to a thousand belongs to the next unit.
        if seconds >= at_least * 0.9995:
            return f"{_three_digits(seconds / size)} {unit}"
    return "0 s"


def _three_digits(number: float) -> str:
    if number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
