"""Chunk extensions (RFC 9112 §7.1.1).

Decides what an extension is, and how those of one chunk are told apart. Knows no extension, and
nothing about sizes. They belong to the connection they came on and are never passed on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import _abnf
from ._field_syntax import OWS, is_token, parameter_value, split_parameters

_VALUE = _abnf.TOKEN + rb'|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*+"'

EXTENSIONS = (
    rb"(?:[ \t]*+;[ \t]*+"
    + _abnf.TOKEN
    # The equals sign and its value are optional.
    + rb"(?:[ \t]*+=[ \t]*+(?:"
    + _VALUE
    + rb"))?)*+"
)
"""chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )"""


@dataclass(frozen=True, slots=True)
class ChunkExtensions:
    """The extensions of one chunk, understood when asked for."""

    start: int
    """Bytes of body before the chunk; for the last chunk, the size of the whole body."""
    raw: bytes
    """As sent, from the first semicolon (or the blank before it) to the end of the line."""

    def parse(self) -> tuple[tuple[str, str | None], ...]:
        """Names and values in the order sent, quotes undone; None for a name without a value.

        UTF-8 with surrogateescape. What is malformed, which only a lenient reader lets pass, is
        left out. Takes time linear in the size.
        """
        text = self.raw.decode("utf-8", "surrogateescape")
        return tuple(found for piece in split_parameters(text) for found in _parse_one(piece))


def _parse_one(piece: str) -> Iterator[tuple[str, str | None]]:
    name, equals, rest = piece.partition("=")
    name = name.strip(OWS)
    value = parameter_value(rest)
    # An empty value has to be quoted.
    is_sound = value is not None and (not equals or bool(rest.strip(OWS)))
    if is_sound and is_token(name):
        yield name, value if equals else None
