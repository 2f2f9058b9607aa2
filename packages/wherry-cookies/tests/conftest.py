"""Fixtures of this package: a clock that stands still, a jar that reads it, and the corpus."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from wherry_cookies import CookieJar
from wherry_cookies.testing import ManualClock

# A slow machine is no bug: tests here never judge time.
settings.register_profile("wherry-cookies", deadline=None)
settings.load_profile("wherry-cookies")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def jar(clock: ManualClock) -> CookieJar:
    return CookieJar(now=clock)


@pytest.fixture(scope="session")
def corpus() -> Callable[[str], Any]:
    """The content of a JSON file in tests/corpus."""
    folder = Path(__file__).parent / "corpus"
    return lambda name: json.loads((folder / name).read_text("utf-8"))
