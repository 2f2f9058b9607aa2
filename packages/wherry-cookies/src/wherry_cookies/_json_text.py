"""JSON text, and the lines on which its members are.

A document that is read says nothing of lines, so the place of what is wrong in it is looked up in
the text, when there is an error to report and not before. Knows nothing of cookies.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What stands between members. In a document that could be read that is all one needs to know.
_GAP = re.compile(r"[ \t\r\n,:]*+")
# A string, which may have brackets in it, or a bracket.
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)


class JsonTextError(ValueError):
    """This is no JSON: what was `expected`, and `where` it is not, by line."""

    def __init__(self, expected: str, where: str) -> None:
        super().__init__(expected, where)
        self.expected = expected
        self.where = where


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a document: the names and indices that lead there from the top.

    As a string it names the line too, if there is a text: `line 3, cookies[2].name`.
    """

    text: str = ""
    steps: tuple[str | int, ...] = ()

    def at(self, step: str | int) -> "Place":
        """The member of that name or index."""
        return Place(self.text, (*self.steps, step))

    def __str__(self) -> str:
        line = f"line {_line_of(self.text, self.steps)}" if self.text else ""
        path = "".join(map(_subscript, self.steps)).removeprefix(".")
        return ", ".join(filter(None, (line, path))) or "the top"


def read_json(data: bytes) -> tuple[object, Place]:
    """The document, and the place of its top. Raises JsonTextError if it is none.

    Numbers of thousands of digits are infinite.
    """
    text = _decoded(data.removeprefix(_BYTE_ORDER_MARK))
    try:
        document: object = json.loads(text, parse_int=_number)
    except json.JSONDecodeError as exc:
        where = f"line {exc.lineno} column {exc.colno}"
        raise JsonTextError(f"expected JSON: {exc.msg}", where) from exc
    except RecursionError as exc:
        where = f"line {_deepest_line(text)}"
        raise JsonTextError("expected fewer brackets within brackets", where) from exc
    return document, Place(text)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        before = data[: exc.start].split(b"\n")
        where = f"line {len(before)} byte {len(before[-1]) + 1}"
        raise JsonTextError("expected UTF-8", where) from exc


def _number(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:  # the interpreter refuses thousands of digits, which take long
        return math.inf


_decoder = json.JSONDecoder(parse_int=_number)


def _line_of(text: str, steps: tuple[str | int, ...]) -> int:
    """The line of a value; where it is missing, that of what it is missing from."""
    position = _after_gap(text, 0)
    for step in steps:
        # Of equal names the last counts, as for the reader.
        starts = [start for name, start in _members(text, position) if name == step]
        if not starts:
            break
        position = starts[-1]
    return text.count("\n", 0, position) + 1


def _members(text: str, position: int) -> Iterator[tuple[object, int]]:
    """Name or index of each member of the value at `position`, and where its own value starts."""
    opening = text[position]
    if opening not in "{[":
        return
    position, index = _after_gap(text, position + 1), 0
    while text[position] not in "}]":
        name: object = index
        if opening == "{":
            name, position = _decoder.raw_decode(text, position)
            position = _after_gap(text, position)
        yield name, position
        _, position = _decoder.raw_decode(text, position)
        position, index = _after_gap(text, position), index + 1


def _after_gap(text: str, position: int) -> int:
    found = _GAP.match(text, position)
    return position if found is None else found.end()


def _deepest_line(text: str) -> int:
    depth, deepest, position = 0, 0, 0
    for found in _BRACKET.finditer(text):
        depth += (found[0] in "{[") - (found[0] in "}]")
        if depth > deepest:
            deepest, position = depth, found.start()
    return text.count("\n", 0, position) + 1


def _subscript(step: str | int) -> str:
    if isinstance(step, str) and step.isidentifier():
        return f".{step[:100]}"
    return f"[{step[:100]!r}]" if isinstance(step, str) else f"[{step}]"
