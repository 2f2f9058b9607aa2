"""Whether a default is the one a text describes.

The text is what a reader of the documentation sees: a literal, an enum member, a function by name,
or `<unset>` for a private marker.
"""

import enum
import inspect
from ast import literal_eval

MARKERS = frozenset({"<unset>", "<session>"})
"""Texts for "not given": any private marker will do."""

_ORDINARY = (str, bytes, int, float, tuple, list, dict, type(None))


def is_default(text: str, value: object) -> bool:
    """Whether `value` is what `text` describes."""
    if text in MARKERS:
        return isinstance(value, enum.Enum) or not isinstance(value, _ORDINARY)
    if text.startswith("<function"):
        return callable(value)
    return text in _descriptions(value) or _is_equal_literal(text, value)


def _descriptions(value: object) -> set[str]:
    found = {repr(value)}
    if isinstance(value, enum.Enum):
        found.add(f"{type(value).__name__}.{value.name}")
    if isinstance(value, tuple):
        found.add(f"{type(value).__name__}{tuple(value)!r}")
    if inspect.isclass(value) or inspect.isfunction(value) or inspect.isbuiltin(value):
        found |= {value.__qualname__, f"{value.__module__.partition('.')[0]}.{value.__qualname__}"}
    return found


def _is_equal_literal(text: str, value: object) -> bool:
    try:
        literal: object = literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return literal == value and isinstance(literal, bool) == isinstance(value, bool)
