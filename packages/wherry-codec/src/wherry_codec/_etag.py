"""Entity tags (RFC 9110 §8.8.3, §13.1.1, §13.1.2).

Decides what is an entity tag and when two of them match. Leaves to the caller which comparison a
condition asks for: If-Match and If-Range the strong one, If-None-Match the weak one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ._errors import LocalProtocolError
from ._field_syntax import OWS, field_lines

# etagc has no escapes, so the backslash is an ordinary character, unlike in a quoted-string; and
# there may be commas inside.
_ETAGC = r"[^\x00-\x20\"\x7f]"
_is_opaque = re.compile(rf"{_ETAGC}*+").fullmatch
_match_etag = re.compile(rf'(W/)?"({_ETAGC}*+)"').fullmatch
_element = re.compile(
    rf'[ \t,]*+(?:(?P<weak>W/)?"(?P<opaque>{_ETAGC}*+)"(?=[ \t]*+(?:,|\Z))|[^,]++|\Z)'
)


@dataclass(frozen=True, slots=True)
class ETag:
    """An entity tag: its opaque part without the quotes."""

    value: str
    is_weak: bool = False

    def matches_strongly(self, other: "ETag") -> bool:
        """Whether both are strong and equal: the representations are the same, byte by byte."""
        return self.value == other.value and not self.is_weak and not other.is_weak

    def matches_weakly(self, other: "ETag") -> bool:
        """Whether the opaque parts are equal: one representation may stand for the other."""
        return self.value == other.value


def parse_etag(value: str) -> ETag | None:
    """The entity tag in an ETag value; None if it is malformed, such as one without quotes."""
    match = _match_etag(value.strip(OWS))
    return None if match is None else ETag(match[2], match[1] is not None)


def parse_etag_list(values: str | Iterable[str]) -> list[ETag] | Literal["*"]:
    """The entity tags in all lines of an If-Match or If-None-Match field, or `"*"` for any.

    What is no entity tag is left out.
    """
    lines = list(field_lines(values))
    if any(line.strip(OWS) == "*" for line in lines):
        return "*"
    return [
        ETag(match["opaque"], match["weak"] is not None)
        for line in lines
        for match in _element.finditer(line)
        if match["opaque"] is not None
    ]


def format_etag(etag: ETag) -> str:
    """The entity tag as it stands in a field.

    Raises `LocalProtocolError` for blanks, quotes and control characters, which it cannot hold.
    """
    if _is_opaque(etag.value) is None:
        raise LocalProtocolError(
            f"an entity tag has no blanks, quotes or control characters, got {etag.value!r}"
        )
    return f'W/"{etag.value}"' if etag.is_weak else f'"{etag.value}"'
