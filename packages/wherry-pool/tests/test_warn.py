"""Deprecations."""

import warnings
from typing import Any

import pytest

from wherry_pool._warn import warn_deprecated

OURS = "def call(f, *a):\n    return f(*a)\n"


@pytest.mark.parametrize("module", ["wherry", "wherry_pool._any", "asyncio.events"])
def test_line_outside_of_this_project_is_warned(module: str) -> None:
    """S-107 ff.: however many calls of its own lie in between."""
    inside: dict[str, Any] = {"__name__": module}
    exec(compile(OURS, "inside.py", "exec"), inside)
    call = inside["call"]

    with pytest.warns(DeprecationWarning, match="old") as caught:
        call(call, warn_deprecated, "old")

    assert [warning.filename for warning in caught] == [__file__]


def test_warning_where_all_is_ours_names_the_outermost() -> None:
    """No line to blame is no reason to fail."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_deprecated("old")

    assert [warning.filename for warning in caught] == [__file__]
