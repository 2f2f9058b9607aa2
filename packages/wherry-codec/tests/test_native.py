"""The choice between the twins: by what is installed, by contract, and by the environment."""

import os
import sys
from types import SimpleNamespace

import pytest

from wherry_codec import _chunked, _head
from wherry_codec._native import CONTRACT, find_speedups

REQUIRED = {"WHERRY_REQUIRE_NATIVE": "1"}


def install(patch: pytest.MonkeyPatch, *, native: bool = True, contract: int = CONTRACT) -> object:
    """Puts something that looks like wherry-speedups where it is looked for."""
    module = SimpleNamespace(IS_NATIVE=native, CONTRACT=contract)
    patch.setitem(sys.modules, "wherry_speedups", module)
    return module


def remove(patch: pytest.MonkeyPatch) -> None:
    """Makes `import wherry_speedups` fail, as where it is not installed."""
    patch.setitem(sys.modules, "wherry_speedups", None)


def test_twins_are_taken_where_they_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be switched on."""
    installed = install(monkeypatch)

    assert find_speedups({}) is installed
    assert find_speedups(REQUIRED) is installed


def test_environment_does_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """`WHERRY_PURE=1` is a wish, so it is no fallback either."""
    install(monkeypatch)

    assert find_speedups({"WHERRY_PURE": "1"}) is None
    assert find_speedups({"WHERRY_PURE": "1", **REQUIRED}) is None
    assert find_speedups({"WHERRY_PURE": ""}) is not None


def test_missing_package_is_an_error_only_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is optional, unless somebody relies on its speed."""
    remove(monkeypatch)

    assert find_speedups({}) is None
    with pytest.raises(ImportError, match=r"wherry-codec\[speedups\]"):
        find_speedups(REQUIRED)


def test_package_without_its_c_part_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is how it installs where there is no compiler."""
    install(monkeypatch, native=False)

    assert find_speedups({}) is None
    with pytest.raises(ImportError, match="no C part"):
        find_speedups(REQUIRED)


def test_package_of_another_contract_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin that means something else is none."""
    install(monkeypatch, contract=CONTRACT + 1)

    assert find_speedups({}) is None
    with pytest.raises(ImportError, match=f"contract is {CONTRACT + 1}, expected {CONTRACT}"):
        find_speedups(REQUIRED)


def test_modules_run_a_plain_function_or_its_twin() -> None:
    """Chosen when they are imported, by this very rule."""
    is_plain = find_speedups(os.environ) is None

    assert (_head.scan_head is _head.scan_head_plainly) is is_plain
    assert (_chunked.take_chunks is _chunked.take_chunks_plainly) is is_plain
