"""The public names."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import wherry
import wherry.abc
import wherry.payload
import wherry.typedefs

ROOT = Path(__file__).parents[1]


def test_all_names_exist_once_and_in_order() -> None:
    """S-4."""
    assert sorted(set(wherry.__all__), key=wherry.__all__.index) == wherry.__all__
    for name in wherry.__all__:
        assert getattr(wherry, name) is not None


@pytest.mark.parametrize("module", [wherry.abc, wherry.payload, wherry.typedefs])
def test_names_of_submodules_exist(module: object) -> None:
    for name in module.__all__:  # type: ignore[attr-defined]  # a module
        assert hasattr(module, name)


def test_a_name_is_one_object_wherever_it_is_found() -> None:
    """S-5."""
    import wherry_errors
    import wherry_pool

    assert wherry.ClientError is wherry_errors.ClientError
    assert wherry.TCPConnector is wherry_pool.TCPConnector
    assert wherry.abc.AbstractCookieJar.__module__.startswith("wherry_cookies")


def test_server_side_names_are_not_provided() -> None:
    """S-1."""
    for name in ("web", "GunicornWebWorker"):
        assert not hasattr(wherry, name)


def test_the_version_is_a_string() -> None:
    """S-4."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert isinstance(wherry.__version__, str)
    assert project["name"] == "wherry"


def test_the_package_is_typed() -> None:
    assert (Path(wherry.__file__).parent / "py.typed").exists()


def test_importing_starts_no_thread_and_no_loop() -> None:
    """S-6."""
    code = (
        "import threading, asyncio, wherry\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "try: asyncio.get_running_loop()\n"
        "except RuntimeError: print('no loop')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "no loop\n"
