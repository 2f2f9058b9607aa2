"""tools.check_types: which paths go through mypy together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.check_types._run import main, planned

Tree = Callable[..., None]


@pytest.fixture
def root(tree: Tree, tmp_path: Path) -> Path:
    """Two packages, each with a test file of the same name."""
    (tmp_path / "mypy.ini").write_text("[mypy]\nexplicit_package_bases = True\n", encoding="utf-8")
    for name in ("a", "b"):
        tree(name)
        tests = tmp_path / "packages" / name / "tests"
        tests.mkdir()
        (tests / "test_same.py").write_text("def test_it() -> None: ...\n", encoding="utf-8")
    return tmp_path


def test_each_tests_folder_has_a_run_of_its_own(root: Path) -> None:
    """Same-named test modules of two packages cannot share a run."""
    runs = {run.title: run.paths for run in planned(root)}

    assert runs == {
        "sources": ("packages/a/src", "packages/b/src"),
        "a": ("packages/a/tests",),
        "b": ("packages/b/tests",),
    }


def test_folder_without_python_is_left_out(root: Path) -> None:
    """Mypy refuses a folder with nothing to check."""
    (root / "packages/b/tests/test_same.py").unlink()
    (root / "tools").mkdir()

    assert [run.title for run in planned(root)] == ["sources", "a"]


def test_runs_can_be_chosen(root: Path) -> None:
    """By title; an unknown one is refused."""
    assert [run.title for run in planned(root, ["b"])] == ["b"]
    with pytest.raises(ValueError, match="expected some of sources, a, b; got c"):
        planned(root, ["c"])


def test_unknown_run_is_exit_code_two(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before mypy is started."""
    assert main(["c", "--root", str(root)]) == 2
    assert "got c" in capsys.readouterr().out


@pytest.mark.slow
def test_type_error_fails_its_run_only(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary names the run; the others still run."""
    wrong = "def test_it() -> int:\n    return 'x'\n"
    (root / "packages/a/tests/test_same.py").write_text(wrong, encoding="utf-8")

    assert main(["a", "b", "--root", str(root)]) == 1

    output = capsys.readouterr().out
    assert "Incompatible return value type" in output
    assert "Success" in output.splitlines()[-1]
