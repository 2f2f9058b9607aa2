"""The Keep-Alive field: how long a peer says it keeps an idle connection (RFC 2068 §19.7.1.1).

It never became a standard but most servers send it. Decides what it says, not whether to trust it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ._field_syntax import field_lines, parse_delta_seconds, parse_parameters, split_list


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """What a peer promises about an idle connection; None where it said nothing."""

    timeout: int | None = None
    """Seconds it stays open without a request."""
    max_requests: int | None = None
    """Requests it still takes (`max`)."""


def parse_keep_alive(values: str | Iterable[str]) -> KeepAlive:
    """The parameters in all Keep-Alive lines of a message; malformed and unknown ones are left out.

    Of equal names the first one counts. Numbers of many digits give 2**31.
    """
    elements = [element for line in field_lines(values) for element in split_list(line)]
    # Separated by commas here, which is why a list is put together as parameters.
    numbers = parse_parameters(";".join(elements))
    return KeepAlive(
        parse_delta_seconds(numbers.get("timeout", "")),
        parse_delta_seconds(numbers.get("max", "")),
    )
