"""JSON text, and where in it things are."""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._json_text import JsonTextError, Place, read_json

names = st.text('ab"\\,:[]{}\n é', max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.text('"\\[]{},:'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def places_of(value: object) -> list[tuple[str | int, ...]]:
    """The steps to every value within this one."""
    members: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    return [(), *((name, *steps) for name, inner in members for steps in places_of(inner))]


def replaced(document: Any, steps: tuple[str | int, ...], value: object) -> Any:
    if not steps:
        return value
    document = copy.deepcopy(document)
    inner = document
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = value
    return document


def damage(data: bytes) -> JsonTextError:
    with pytest.raises(JsonTextError) as caught:
        read_json(data)
    return caught.value


@given(values, st.sampled_from([None, 0, 2, "\t"]), st.sampled_from(["", "\n", " \r\n\n"]))
def test_every_value_is_found_on_its_line(document: Any, indent: Any, before: str) -> None:
    """Whatever the layout: the line is that of a mark put in its place."""
    text = before + json.dumps(document, indent=indent)
    _, top = read_json(text.encode())
    for steps in places_of(document):
        place = top
        for step in steps:
            place = place.at(step)
        marked = before + json.dumps(replaced(document, steps, "MARK"), indent=indent)
        expected = marked.count("\n", 0, marked.index('"MARK"')) + 1

        assert str(place).partition(", ")[0] == f"line {expected}"


@given(values)
def test_a_document_is_read_as_by_json(document: Any) -> None:
    assert read_json(json.dumps(document).encode())[0] == document


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), "line 1"),
        (("cookies",), "line 1, cookies"),
        (("cookies", 12, "name"), "line 1, cookies[12].name"),
        (("x|/", "a[b]", "max-age"), "line 1, ['x|/']['a[b]']['max-age']"),
        (("a" * 200,), "line 1, " + "a" * 100),
    ],
)
def test_a_place_reads_like_python(steps: tuple[str | int, ...], expected: str) -> None:
    place = Place("{}")
    for step in steps:
        place = place.at(step)

    assert str(place) == expected


def test_a_place_without_text_has_no_line() -> None:
    """As in a pickle."""
    assert str(Place()) == "the top"
    assert str(Place().at("a").at(1)) == "a[1]"


def test_a_missing_member_is_on_the_line_of_what_lacks_it() -> None:
    _, top = read_json(b'{\n"a":\n{"b": 1}}')

    assert str(top.at("a").at("c").at("d")) == "line 3, a.c.d"


def test_of_equal_names_the_last_counts() -> None:
    """As in what `json` makes of them."""
    document, top = read_json(b'{"a": 1,\n"a": 2}')

    assert document == {"a": 2}
    assert str(top.at("a")) == "line 2, a"


def test_a_number_of_thousands_of_digits_is_infinite() -> None:
    """Whether read or passed over."""
    document, top = read_json(b"[" + b"9" * 10_000 + b",\n1]")

    assert document == [math.inf, 1]
    assert str(top.at(1)) == "line 2, [1]"


@pytest.mark.parametrize(
    ("data", "where", "expected"),
    [
        (b"", "line 1 column 1", "expected JSON: Expecting value"),
        (b"{}\n{}", "line 2 column 1", "expected JSON: Extra data"),
        (b'{"a":\r\n"b\xff"}', "line 2 byte 3", "expected UTF-8"),
        (b"\xef\xbb\xbf\xff", "line 1 byte 1", "expected UTF-8"),
        (b'["\\"[[[[",\n' + b"[" * 99_999, "line 2", "expected fewer brackets within brackets"),
    ],
)
def test_what_is_no_json_is_named_by_line(data: bytes, where: str, expected: str) -> None:
    """S-210."""
    error = damage(data)

    assert (error.where, error.expected) == (where, expected)


@given(st.binary(max_size=40))
def test_other_data_gives_a_document_or_the_documented_error(data: bytes) -> None:
    """S-210."""
    try:
        where = str(read_json(data)[1])
    except JsonTextError as error:
        where = error.where

    assert where.startswith("line ")
