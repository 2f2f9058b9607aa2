"""The Link field (RFC 8288).

Decides where one link ends and the next begins, which is not at every comma, and what its
parameters say. Leaves to the caller what a target is relative to and what a relation type means.
RFC 8288 §3 and Appendix B.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ._ext_value import decode_ext_value
from ._field_syntax import OWS, QUOTED, field_lines, is_token, parameter_value, split_parameters

# A link, or an element that is none and is passed over, or nothing at the end. A target that never
# ends takes everything up to the end of the text, so that nothing is read twice.
_element = re.compile(
    rf"""[ \t,]*+(?:<(?P<target>[^>]*+)(?:>(?P<parameters>(?:[^,"]++|{QUOTED})*+)|\Z)"""
    rf"""|(?:[^,"]++|{QUOTED})++|\Z)""",
    re.DOTALL,
)
# Never in a URI reference, RFC 3986 Appendix A; blanks are, by mistake.
_find_broken_target = re.compile(r"[\x00-\x1f\x7f<]").search


@dataclass(frozen=True, slots=True)
class Link:
    """One link: a URI reference as sent, relative to the response's own URI, and its parameters."""

    target: str
    parameters: tuple[tuple[str, str], ...] = ()
    """In the order sent, names in lower case, quotes undone; without a value, `""`."""

    @property
    def relations(self) -> tuple[str, ...]:
        """The relation types in lower case, of the first `rel` only; usually one."""
        return tuple((self.get("rel") or "").lower().split())

    def get(self, name: str) -> str | None:
        """The first value of a parameter, the one in its own character set (`name*`) before others.

        None if it is not there.
        """
        values = dict(reversed(self.parameters))
        extended = decode_ext_value(values.get(f"{name}*", ""))
        return values.get(name) if extended is None else extended


def parse_links(values: str | Iterable[str]) -> list[Link]:
    """The links in all Link lines of a message, in order. What is no link is left out."""
    return [link for line in field_lines(values) for link in _links_of(line)]


def _links_of(line: str) -> Iterator[Link]:
    for match in _element.finditer(line):
        target, parameters = match["target"], match["parameters"]
        # Without a closing bracket there are no parameters: the rest of the line is the target.
        if parameters is not None and _find_broken_target(target) is None:
            yield Link(target.strip(OWS), tuple(_parse(parameters)))


def _parse(text: str) -> Iterator[tuple[str, str]]:
    if not text.lstrip(OWS).startswith(";"):
        return
    for piece in split_parameters(text):
        name, _, value_text = piece.partition("=")
        name = name.strip(OWS).lower()
        value = parameter_value(value_text)
        if value is not None and is_token(name):
            yield name, value
