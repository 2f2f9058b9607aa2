"""What field values are made of: tokens, quoted strings, lists, parameters.

Decides how a value is taken apart, and what a malformed one is taken for; never raises for what a
peer sent. Every function takes time linear in its input. Knows no field but Connection, whose
options frame messages. RFC 9110 §5.6, §7.6.1.
"""

import re
from collections.abc import Iterable, Iterator

from ._errors import LocalProtocolError

# A quoted string that never ends takes everything up to the end of the text. Possessive repeats
# throughout: no input is read twice.
_QUOTED = r'"(?:[^"\\]++|\\.?)*+"?'
_list_element = re.compile(rf'(?:[^,"]++|{_QUOTED})++', re.DOTALL)
_parameter = re.compile(rf'(?:[^;"]++|{_QUOTED})++', re.DOTALL)
_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++").fullmatch
_is_quoted_string = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL).fullmatch
_quoted_pair = re.compile(r"\\(.)", re.DOTALL)
_needs_backslash = re.compile(r'(["\\])')
_find_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search

_OWS = " \t"


def is_token(text: str) -> bool:
    """Whether `text` is a token, RFC 9110 §5.6.2: one or more letters, digits, !#$%&'*+-.^_`|~."""
    return _is_token(text) is not None


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated list, blanks stripped, empty elements left out.

    Commas in quoted strings do not separate; a quoted string that does not end reaches to the end
    of the value. RFC 9110 §5.6.1.2.
    """
    elements = (element.strip(_OWS) for element in _list_element.findall(value))
    return [element for element in elements if element]


def parse_parameters(text: str) -> dict[str, str]:
    """Parameters `name=value` separated by semicolons; names in lower case, quotes undone.

    Whatever is not a parameter is left out; of equal names the first one stays. The value of an
    unquoted parameter may hold more than a token may, because peers do not always quote.
    RFC 9110 §5.6.6.
    """
    parameters: dict[str, str] = {}
    for piece in _parameter.findall(text):
        name, equals, value = piece.partition("=")
        name, value = name.strip(_OWS).lower(), value.strip(_OWS)
        if not equals or not value or not is_token(name) or name in parameters:
            continue
        if _is_quoted_string(value):
            parameters[name] = unquote_string(value)
        elif '"' not in value and _find_control(value) is None:
            parameters[name] = value
    return parameters


def connection_options(values: Iterable[str]) -> frozenset[str]:
    """The options in all Connection lines of a message, in lower case. RFC 9110 §7.6.1."""
    return frozenset(option.lower() for value in values for option in split_list(value))


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
