"""The value of `Sec-WebSocket-Extensions`, RFC 6455 §9.1: syntax only, no extension is known
here.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - RFC 9110 §5.6.2, not a secret
_TOKEN_RE: Final = re.compile(_TOKEN)
# extension-param = token [ "=" (token / quoted-string) ]; unquoted, the value is a token again,
# so no comma or semicolon can hide in it and splitting comes first.
_PARAMETER_RE: Final = re.compile(
    rf'({_TOKEN})(?:[ \t]*=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)"))?'
)
_QUOTED_PAIR_RE: Final = re.compile(r"\\(.)")


class ExtensionSyntaxError(ValueError):
    """The field does not follow RFC 6455 §9.1."""


class Extension(NamedTuple):
    """One extension of the list: its name, and its parameters in order; a parameter without `=` has
    `None`.
    """

    name: str
    parameters: tuple[tuple[str, str | None], ...]


def split_list(values: Iterable[str]) -> list[str]:
    """The elements of a comma-separated field given on any number of lines; empty ones are left out
    (RFC 9110 §5.6.1).
    """
    elements = (element.strip(" \t") for value in values for element in value.split(","))
    return [element for element in elements if element]


def parse_extensions(values: Iterable[str]) -> list[Extension]:
    """The extensions in the order listed. Raises ExtensionSyntaxError."""
    return [_parse_extension(element) for element in split_list(values)]


def _parse_extension(element: str) -> Extension:
    name, *parameters = (piece.strip(" \t") for piece in element.split(";"))
    if _TOKEN_RE.fullmatch(name) is None:
        raise ExtensionSyntaxError(f"expected the token of an extension; got {name[:100]!r}")
    return Extension(name, tuple(_parse_parameter(piece) for piece in parameters))


def _parse_parameter(piece: str) -> tuple[str, str | None]:
    match = _PARAMETER_RE.fullmatch(piece)
    if match is not None:
        name, token, quoted = match.groups()
        value = token if quoted is None else _QUOTED_PAIR_RE.sub(r"\1", quoted)
        if value is None or _TOKEN_RE.fullmatch(value):
            return name, value
    raise ExtensionSyntaxError(
        f"expected an extension parameter, name or name=token; got {piece[:100]!r}"
    )
