"""The Content-Range field (RFC 9110 §14.4).

Decides which part of a representation a 206 holds, or how long the whole is after a 416. Leaves to
the caller whether that is the part it asked for.
"""

import re
from dataclasses import dataclass

from ._field_syntax import OWS

_match = re.compile(
    r"([!#$%&'*+\-.^_`|~0-9A-Za-z]++) (?:([0-9]{1,19})-([0-9]{1,19})|\*)/(?:([0-9]{1,19})|\*)"
).fullmatch


@dataclass(frozen=True, slots=True)
class ContentRange:
    """A range of a representation, both ends inclusive. All numbers count `unit`s from 0."""

    unit: str
    """In lower case; `bytes` nearly always."""
    first: int | None
    """None, as `last`, if no range could be served (416)."""
    last: int | None
    complete_length: int | None
    """Of the whole representation; None if the server did not know it."""

    @property
    def size(self) -> int:
        """How many units the range has; 0 if there is none."""
        return 0 if self.first is None or self.last is None else self.last - self.first + 1


def parse_content_range(value: str) -> ContentRange | None:
    """What a Content-Range says; None if it is malformed or contradicts itself.

    It does if it ends before it begins or beyond the complete length: such a range must not be
    combined with others (§14.4).
    """
    match = _match(value.strip(OWS))
    if match is None:
        return None
    unit, *digits = match.groups()
    first, last, length = (None if text is None else int(text) for text in digits)
    if first is None or last is None:
        return None if length is None else ContentRange(unit.lower(), None, None, length)
    if last < first or (length is not None and length <= last):
        return None
    return ContentRange(unit.lower(), first, last, length)
