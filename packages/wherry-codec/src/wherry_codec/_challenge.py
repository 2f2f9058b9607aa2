"""The challenges of WWW-Authenticate and Proxy-Authenticate (RFC 9110 §11.2, §11.3, §11.6.1).

Decides where one challenge ends and the next begins: commas separate challenges and the parameters
of each alike. Knows no scheme.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ._field_syntax import OWS, field_lines, is_token, parameter_value, split_list

_match_scheme = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]++)(?:[ \t]++(.*+))?", re.DOTALL).fullmatch
# token68, RFC 9110 §11.2
_is_token68 = re.compile(r"[A-Za-z0-9\-._~+/]++=*+").fullmatch


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge. It has a token68 or parameters, or neither."""

    scheme: str
    """In lower case, e.g. `digest`."""
    token68: str | None = None
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Names in lower case, quotes undone; of equal names the first one."""


def parse_challenges(values: str | Iterable[str]) -> list[Challenge]:
    """The challenges in all WWW-Authenticate (or Proxy-Authenticate) lines of a message, in order.

    Malformed parameters are left out; so is all that follows something that is no scheme, up to
    the next scheme, lest the parameters of one challenge be taken for those of another.
    """
    return [challenge for line in field_lines(values) for challenge in _challenges_of(line)]


def _challenges_of(line: str) -> Iterator[Challenge]:
    # Where parameters go while no scheme is known.
    parameters: dict[str, str] = {}
    for element in split_list(line):
        if _take_parameter(element, parameters):
            continue
        parameters = {}
        match = _match_scheme(element)
        if match is None:
            continue
        scheme, rest = match[1].lower(), (match[2] or "").strip(OWS)
        if _is_token68(rest) is not None:
            yield Challenge(scheme, rest)
        elif not rest or _take_parameter(rest, parameters):
            # The parameters that follow are put behind this read-only view.
            yield Challenge(scheme, None, MappingProxyType(parameters))


def _take_parameter(text: str, parameters: dict[str, str]) -> bool:
    """Whether `text` has the form of a parameter; then it is added, unless its value is broken."""
    name, equals, rest = text.partition("=")
    name = name.strip(OWS).lower()
    if not equals or not is_token(name):
        return False
    value = parameter_value(rest)
    if value is not None:
        parameters.setdefault(name, value)
    return True
