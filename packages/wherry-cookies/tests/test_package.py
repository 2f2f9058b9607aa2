"""What importing the package brings with it, and what it offers."""

import subprocess
import sys

import pytest

import wherry_cookies


@pytest.mark.parametrize("module", ["wherry_cookies", "wherry_cookies.testing"])
@pytest.mark.parametrize("options", [[], ["-O"]])
def test_neither_asyncio_nor_ssl_is_loaded(module: str, options: list[str]) -> None:
    """The package must work with any client, threaded ones too; transitively."""
    program = f"import sys, {module}; print({{'asyncio', 'ssl', '_ssl'}} & sys.modules.keys())"

    run = [sys.executable, *options, "-c", program]
    result = subprocess.run(run, capture_output=True, text=True, check=True)

    assert result.stdout == "set()\n"


def test_all_is_sorted_and_complete() -> None:
    names = wherry_cookies.__all__

    assert names == sorted(names)
    assert all(hasattr(wherry_cookies, name) for name in names)
    assert wherry_cookies.__version__.count(".") == 2
