"""tools.projects: names, and who needs whom."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.projects import normalized, read_projects, required_name, sibling_closure


@pytest.mark.parametrize("written", ["Wherry_Codec", "wherry.codec", "wherry--codec"])
def test_names_are_compared_normalized(written: str) -> None:
    """PEP 503: runs of - _ . are one hyphen, and case does not matter."""
    assert normalized(written) == "wherry-codec"


@pytest.mark.parametrize(
    "line",
    ["yarl", "yarl>=1.12", " yarl ; python_version < '3.14'", "yarl[x] (>1)", "yarl @ file:///x"],
)
def test_requirement_starts_with_its_name(line: str) -> None:
    """Version, extra, marker and place may follow."""
    assert required_name(line) == "yarl"


def test_requirement_without_a_name_is_refused() -> None:
    """A line that starts with no name is a mistake in the file."""
    with pytest.raises(ValueError, match="expected a requirement that starts with a name"):
        required_name(">=1")


def test_closure_follows_siblings_only(tree: Callable[..., None], tmp_path: Path) -> None:
    """Siblings of siblings count, outside packages do not, extras only when asked for."""
    tree("a", requires=("b>=1", "yarl"))
    tree("b", requires=("c",))
    tree("c")
    tree("d", requires=("c",), extra=("a",), extra_name="test")
    projects = read_projects(tmp_path)

    assert sibling_closure("a", projects) == ["b", "c"]
    assert sibling_closure("d", projects) == ["c"]
    assert sibling_closure("d", projects, extras=("test",)) == ["a", "b", "c"]


def test_import_name_has_underscores(tree: Callable[..., None], tmp_path: Path) -> None:
    """wherry-codec is imported as wherry_codec."""
    tree("wherry-codec")

    assert read_projects(tmp_path)["wherry-codec"].import_name == "wherry_codec"
