"""Parameters behind a header value: `value; name=token; name="quoted"` (RFC 9110 §5.6.6).

Finds them in one pass over any input. `wherry_codec.fields` passes over malformed or doubled ones;
here nothing is, because for Content-Disposition both have a meaning.
"""

import re
from typing import NamedTuple

# Possessive quantifiers: whatever the input, a failing match costs no more than its length.
_match_parameter = re.compile(
    r"""[ \t]*+ ([^\s;="]*+) [ \t]*+ = [ \t]*+
    (?: "((?:[^"\\]|\\.)*+)" | ([^\s;"]*+) )
    [ \t]*+ (?:;|\Z)""",
    re.VERBOSE | re.DOTALL,
).match
_unescape = re.compile(r"\\(.)", re.DOTALL).sub


class Parameter(NamedTuple):
    """One parameter: its name in lower case, its value unescaped, and whether that was quoted."""

    name: str
    value: str
    quoted: bool


class ParsedValue(NamedTuple):
    """A header value taken apart. `rest` is what follows the last parameter that made sense."""

    value: str
    parameters: list[Parameter]
    rest: str


def scan_parameters(text: str) -> ParsedValue:
    """Take `text` apart at its semicolons, as far as it has the form of parameters."""
    value, semicolon, _ = text.partition(";")
    found = []
    position = len(value) + len(semicolon)
    while match := _match_parameter(text, position):
        found.append(_parameter(*match.groups()))
        position = match.end()
        if position == len(text):
            break
    rest = text[position:]
    if semicolon and not rest and text.endswith(";"):
        rest = ";"
    return ParsedValue(value.strip(" \t"), found, rest)


def _parameter(name: str, quoted: str | None, plain: str | None) -> Parameter:
    if quoted is None:
        return Parameter(name.lower(), plain or "", False)
    return Parameter(name.lower(), _unescape(r"\1", quoted), True)
