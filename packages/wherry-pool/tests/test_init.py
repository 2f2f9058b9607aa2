"""What the package offers."""

import subprocess
import sys

import wherry_pool
from wherry_pool import testing


def test_public_names_are_there() -> None:
    """`__all__` is the promise."""
    for module in (wherry_pool, testing):
        assert len(set(module.__all__)) == len(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)


def test_fakes_are_loaded_on_demand_only() -> None:
    """Nobody pays for `testing` who does not test."""
    code = "import sys, wherry_pool; sys.exit('wherry_pool.testing' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
