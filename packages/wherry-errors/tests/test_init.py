"""What importing the package loads, and what it offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import wherry_errors


def modules_after(statement: str) -> set[str]:
    """The names in sys.modules of a fresh interpreter that ran `statement`."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_the_package_loads_neither_asyncio_nor_ssl() -> None:
    """The lowest layer must cost nothing; yarl is for typing only."""
    loaded = modules_after("import wherry_errors")

    assert "wherry_errors" in loaded
    assert not loaded & {"asyncio", "ssl", "_ssl", "socket", "yarl", "multidict"}


@pytest.mark.parametrize("name", ["ClientConnectorSSLError", "ClientConnectorCertificateError"])
def test_asking_for_a_tls_error_loads_ssl(name: str) -> None:
    """PEP 562."""
    loaded = modules_after(f"from wherry_errors import {name}")

    assert "ssl" in loaded
    assert "asyncio" not in loaded


def test_dir_lists_the_tls_errors_before_they_are_loaded() -> None:
    loaded = modules_after(
        "import wherry_errors as w\n"
        "if not set(w.__all__) <= set(dir(w)): raise SystemExit('dir() lacks a name')"
    )

    assert "ssl" not in loaded


def test_dir_lists_every_public_name() -> None:
    assert set(wherry_errors.__all__) <= set(dir(wherry_errors))


def test_all_names_exist_once_and_in_order() -> None:
    names = wherry_errors.__all__

    assert names == sorted(set(names))
    for name in names:
        assert getattr(wherry_errors, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'wherry_errors' has no attribute 'Nope'"):
        wherry_errors.__getattr__("Nope")


def test_a_pickled_tls_error_needs_no_import_beforehand() -> None:
    """S-496: the receiving process finds the lazy class by its public name."""
    code = (
        "import pickle\n"
        "print(pickle.loads(b'cwherry_errors\\nClientConnectorSSLError\\n.').__name__)"
    )

    assert {"ClientConnectorSSLError", "ssl"} <= modules_after(code)
