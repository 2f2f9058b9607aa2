"""The corpus as a whole: no step of the algorithms is without a case."""

import re
from collections.abc import Callable
from typing import Any

import pytest

ALGORITHMS = {
    "§5.1.1 step": ["1", "2.1", "2.2", "2.3", "2.4", "3", "4", "5", "6"],
    "§5.1": [".2", ".3", ".4"],
    "§5.2 step": ["1", "2", "3", "4", "5"],
    "§5.2": [".1", ".2", ".3", ".4", ".5", ".6"],
    # Steps 1 and 2 leave everything to the client and create a record; 10 is about other protocols.
    "§5.3 step": ["3", "4", "5", "6", "7", "8", "9", "11", "12"],
    # Step 3 shows in what is evicted, which tests of the store look at.
    "§5.4 step": ["1", "2", "4"],
    "rfc6265bis §4.1.3": [".1", ".2"],
    "rfc6265bis §5.6 step": ["1", "5", "6"],
    "rfc6265bis §5.7 step": ["11", "16"],
}


@pytest.fixture(scope="session")
def rules(corpus: Callable[[str], Any]) -> list[str]:
    """The rule each case is about."""
    names = ("dates", "domains", "paths", "set_cookie", "jar")
    return [str(case["rule"]) for name in names for case in corpus(f"{name}.json")]


@pytest.mark.parametrize(
    ("algorithm", "step"), [(name, step) for name, steps in ALGORITHMS.items() for step in steps]
)
def test_every_step_has_a_case(rules: list[str], algorithm: str, step: str) -> None:
    """RFC 6265 §5.1 to §5.4, and what rfc6265bis adds."""
    word = algorithm.replace(" step", " steps?")
    separator = " " if algorithm.endswith("step") else ""
    pattern = re.compile(f"{word}{separator}{re.escape(step)}(?![0-9]|[.][0-9])")

    assert any(pattern.search(rule) for rule in rules)


def test_every_case_names_its_rule(rules: list[str]) -> None:
    assert all(rules)
    assert len(rules) > 150
