"""`_warn`: warnings that point at the caller."""

import warnings
from typing import Any

import pytest

from wherry_errors import warn_caller

OURS = "def call(f, *a):\n    return f(*a)\n"


@pytest.mark.parametrize("module", ["wherry", "wherry_pool._any", "asyncio.events"])
def test_the_line_outside_of_this_project_is_warned(module: str) -> None:
    """S-571: however many calls of its own lie in between."""
    inside: dict[str, Any] = {"__name__": module}
    exec(compile(OURS, "inside.py", "exec"), inside)
    call = inside["call"]

    with pytest.warns(DeprecationWarning, match="old") as caught:
        call(call, warn_caller, "old")

    assert [warning.filename for warning in caught] == [__file__]


def test_a_module_with_a_like_name_is_not_ours() -> None:
    """S-571."""
    inside: dict[str, Any] = {"__name__": "wherryman"}
    exec(compile(OURS, "inside.py", "exec"), inside)

    with pytest.warns(DeprecationWarning, match="old") as caught:
        inside["call"](warn_caller, "old")

    assert [warning.filename for warning in caught] == ["inside.py"]


def test_where_all_is_ours_the_outermost_line_is_named() -> None:
    """No line to blame is no reason to fail."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_caller("old", ResourceWarning)

    assert [(warning.filename, warning.category) for warning in caught] == [
        (__file__, ResourceWarning)
    ]
