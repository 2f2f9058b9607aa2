"""Default path and path-match."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_cookies._path import default_path, matching_cookie_paths, path_match

paths = st.text("/ab", max_size=12).map("/".__add__)


def test_path_match_follows_the_corpus(corpus: Callable[[str], Any]) -> None:
    """RFC 6265 §5.1.4, S-187."""
    wrong = [
        case
        for case in corpus("paths.json")
        if path_match(case["request"], case["cookie"]) is not case["matches"]
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("uri_path", "expected"),
    [("/a/b", "/a"), ("/a/b/", "/a/b"), ("/a", "/"), ("/", "/"), ("", "/"), ("a/b", "/")],
)
def test_default_path_is_the_directory(uri_path: str, expected: str) -> None:
    """§5.1.4, S-187."""
    assert default_path(uri_path) == expected


@given(paths)
def test_a_request_path_matches_its_default_path(path: str) -> None:
    assert path_match(path, default_path(path))


@given(paths, paths)
def test_the_listed_paths_are_those_that_match(request_path: str, cookie_path: str) -> None:
    listed = list(matching_cookie_paths(request_path))

    assert (cookie_path in listed) is path_match(request_path, cookie_path)


@given(paths)
def test_paths_are_listed_once_and_longest_first(request_path: str) -> None:
    lengths = [len(path) for path in matching_cookie_paths(request_path)]

    assert lengths == sorted(set(lengths), reverse=True)
