"""What importing the package loads, and what it offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import wherry_tracing


@pytest.mark.parametrize(
    "module",
    [
        "wherry_tracing",
        "wherry_tracing.testing",
        "wherry_tracing.timeline",
        "wherry_tracing.har",
        "wherry_tracing.curl",
    ],
)
def test_importing_loads_neither_asyncio_nor_ssl(module: str) -> None:
    """Tracing works with any event loop and costs nothing to have."""
    code = f"import {module}, sys; print(*sys.modules)"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert module in run.stdout.split()
    assert not set(run.stdout.split()) & {"asyncio", "ssl", "_ssl", "socket"}


def test_all_names_exist_once_and_in_order() -> None:
    names = wherry_tracing.__all__

    assert names == sorted(set(names))
    for name in names:
        assert getattr(wherry_tracing, name) is not None
