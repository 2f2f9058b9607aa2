"""What field values are made of: tokens, quoted strings, lists, parameters.

Decides how a value is taken apart, and what a malformed one is taken for; never raises for what a
peer sent. Every function takes time linear in its input. Knows no field but Connection, whose
options frame messages. RFC 9110 §5.6, §7.6.1.
"""

import re
from collections.abc import Iterable

from ._errors import LocalProtocolError

# A quoted string that never ends takes everything up to the end of the text. Possessive repeats
# throughout: no input is read twice.
QUOTED = r'"(?:[^"\\]++|\\.?)*+"?'
"""A quoted string or the beginning of one, as a pattern to be compiled with `re.DOTALL`."""

_list_element = re.compile(rf'(?:[^,"]++|{QUOTED})++', re.DOTALL)
_parameter = re.compile(rf'(?:[^;"]++|{QUOTED})++', re.DOTALL)
_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++").fullmatch
_is_quoted_string = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL).fullmatch
_quoted_pair = re.compile(r"\\(.)", re.DOTALL)
_is_digits = re.compile(r"[0-9]++").fullmatch
_needs_backslash = re.compile(r'(["\\])')
_find_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search

OWS = " \t"
"""Optional white space, RFC 9110 §5.6.3, for `str.strip`."""

MAX_DELTA_SECONDS = 2**31
"""What a number of seconds too large to mean anything is taken for, as RFC 9111 §1.2.2 does."""


def field_lines(values: str | Iterable[str]) -> Iterable[str]:
    """The values of the lines of one field, also if there is one and it came as a text."""
    return (values,) if isinstance(values, str) else values


def is_token(text: str) -> bool:
    """Whether `text` is a token, RFC 9110 §5.6.2: one or more letters, digits, !#$%&'*+-.^_`|~."""
    return _is_token(text) is not None


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated list, blanks stripped, empty elements left out.

    Commas in quoted strings do not separate; a quoted string that does not end reaches to the end
    of the value. RFC 9110 §5.6.1.2.
    """
    elements = (element.strip(OWS) for element in _list_element.findall(value))
    return [element for element in elements if element]


def parse_parameters(text: str) -> dict[str, str]:
    """Parameters `name=value` separated by semicolons; names in lower case, quotes undone.

    Whatever is not a parameter is left out; of equal names the first one stays. The value of an
    unquoted parameter may hold more than a token may, because peers do not always quote.
    RFC 9110 §5.6.6.
    """
    parameters: dict[str, str] = {}
    for piece in split_parameters(text):
        name, _, text_of_value = piece.partition("=")
        name = name.strip(OWS).lower()
        value = parameter_value(text_of_value)
        if text_of_value.strip(OWS) and value is not None and is_token(name):
            parameters.setdefault(name, value)
    return parameters


def split_parameters(text: str) -> list[str]:
    """The pieces between semicolons outside quoted strings; blanks around them are kept."""
    return _parameter.findall(text)


def parameter_value(text: str) -> str | None:
    """What stands after the equals sign, quotes undone; None if it is malformed.

    Without quotes it may hold more than a token may, but no quotes; control characters, which could
    never be written again, are in neither form.
    """
    value = text.strip(OWS)
    if _find_control(value) is not None:
        return None
    if _is_quoted_string(value) is not None:
        return _quoted_pair.sub(r"\1", value[1:-1])
    return None if '"' in value else value


def parse_delta_seconds(text: str) -> int | None:
    """A count of seconds or of anything else, at most `MAX_DELTA_SECONDS`; None if it is none."""
    if _is_digits(text) is None:
        return None
    digits = text.lstrip("0") or "0"
    return min(int(digits), MAX_DELTA_SECONDS) if len(digits) <= 10 else MAX_DELTA_SECONDS


def connection_options(values: str | Iterable[str]) -> frozenset[str]:
    """The options in all Connection lines of a message, in lower case. RFC 9110 §7.6.1."""
    lines = field_lines(values)
    return frozenset(option.lower() for line in lines for option in split_list(line))


def quote_string(text: str) -> str:
    """`text` as a quoted-string. Raises `LocalProtocolError` for control characters but tab."""
    found = _find_control(text)
    if found is not None:
        raise LocalProtocolError(
            f"text has the control character {found.group()!r} at position {found.start()}, "
            "which cannot be quoted"
        )
    return '"' + _needs_backslash.sub(r"\\\1", text) + '"'


def unquote_string(text: str) -> str:
    """What a quoted-string stands for; `text` itself if it is none. RFC 9110 §5.6.4."""
    if _is_quoted_string(text) is None:
        return text
    return _quoted_pair.sub(r"\1", text[1:-1])
