"""tools.check_types: which paths go through mypy together, and what pyright says of packages."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.check_types._complete import judged, packages_of
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


def report(*symbols: tuple[str, str], score: float = 1.0, general: str = "") -> dict[str, Any]:
    """What pyright says: names of symbols with a message each; Any as JSON is."""
    place = {"file": "/r/a.py", "range": {"start": {"line": 4}}, "severity": "error"}
    return {
        "generalDiagnostics": [{"message": general}] if general else [],
        "typeCompleteness": {
            "packageName": "a",
            "completenessScore": score,
            "symbols": [
                {"name": name, "diagnostics": [{**place, "message": message}]}
                for name, message in symbols
            ],
        },
    }


def test_package_without_findings_is_complete() -> None:
    """A score of 1 and nothing to say."""
    assert judged(report(), Path("/r")).is_complete


def test_missing_type_is_named_with_its_place() -> None:
    """As file:line, relative to the root."""
    found = judged(report(("a.x", "Type is\n  missing"), score=0.5), Path("/r"))

    assert found.causes == ("a.py:5: a.x: Type is missing",)
    assert not found.is_complete


def test_what_follows_from_another_finding_is_left_out() -> None:
    """Unless nothing else was found."""
    follows = ("a.y", "Return type is partially unknown")

    assert len(judged(report(("a.x", "Type is missing"), follows), Path("/r")).causes) == 1
    assert len(judged(report(follows), Path("/r")).causes) == 1


def test_package_that_pyright_does_not_find_is_incomplete() -> None:
    """It says so outside of the symbols."""
    found = judged(report(score=0, general="No py.typed file found"), Path("/r"))

    assert found.causes == ("No py.typed file found",)


def test_packages_can_be_chosen(root: Path) -> None:
    """By distribution name; all if none is given."""
    assert [project.distribution for project in packages_of(root)] == ["a", "b"]
    assert [project.distribution for project in packages_of(root, ["b"])] == ["b"]
    with pytest.raises(ValueError, match="expected some of a, b; got c"):
        packages_of(root, ["c"])


def test_pyright_that_is_missing_is_exit_code_two(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to install."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", str(root / "python"))

    assert main(["--complete", "--root", str(root)]) == 2
    assert "pip install pyright" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.network  # the first run fetches pyright from npm
def test_errors_have_types_throughout(capsys: pytest.CaptureFixture[str]) -> None:
    """With pyright itself."""
    if shutil.which("pyright") is None:
        pytest.skip("needs pyright, which needs node and npm: never required")

    assert main(["--complete", "wherry-errors"]) == 0
    assert "100.0" in capsys.readouterr().out
