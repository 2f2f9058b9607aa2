"""The typed examples also run, and their Protocols are those of the package."""

import runpy
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parent / "typing").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_type_checks_also_runs(path: Path) -> None:
    assert "__name__" in runpy.run_path(str(path))
