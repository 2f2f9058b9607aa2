"""The reference lists what the code has: every name, in its order, with its default."""

import inspect
import re
from pathlib import Path

import pytest

import wherry
from wherry._options import RequestOptions
from wherry._ws import WSOptions

PAGE = (Path(__file__).parent / "arguments.md").read_text("utf-8")


def _rows(section: str) -> list[list[str]]:
    """The cells of the table below a heading, without their code marks."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[1:]]


def _shown(default: object) -> str:
    """A default as the page writes it."""
    if default is wherry.HttpVersion11:
        return "HttpVersion11"
    if repr(default).endswith("'unset'>"):
        return "unset"
    if inspect.isfunction(default):
        return f"{default.__module__.partition('.')[0]}.{default.__name__}"
    return default.__name__ if isinstance(default, type) else repr(default)


def test_the_reference_of_a_session_has_its_arguments_and_their_defaults() -> None:
    parameters = inspect.signature(wherry.ClientSession).parameters.values()

    shown = [(name, default) for name, default, _ in _rows("ClientSession")]
    assert shown == [(each.name, _shown(each.default)) for each in parameters]


@pytest.mark.parametrize(
    ("section", "options"), [("Requests", RequestOptions), ("WebSockets", WSOptions)]
)
def test_the_reference_of_a_method_has_its_arguments(section: str, options: type) -> None:
    assert [name for name, *_ in _rows(section)] == list(options.__annotations__)


def test_the_reference_of_a_response_has_all_that_is_public() -> None:
    cells = " ".join(f"`{names}`" for names, _ in _rows("Responses"))
    shown = re.findall(r"`(?:await )?(\w+)(?:\(\))?`", cells)

    public = [name for name in dir(wherry.ClientResponse) if not name.startswith("_")]
    # What is set by the constructor and not by the class.
    assert sorted(shown) == sorted([*public, "status"])
