"""tools.check_alone: what it installs, what it looks for, and how it reports."""

import os
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tools.check_alone._installer import CommandError, python_of, run
from tools.check_alone._run import argument_parser, chosen, main, summary
from tools.check_alone._verify import Outcome
from tools.check_alone._wheels import missing_files, requirements, wheel_names
from tools.projects import read_projects

Tree = Callable[..., None]


def test_only_the_declared_closure_is_installed(tree: Tree, tmp_path: Path) -> None:
    """Siblings come by file, from this run's wheels; what is not declared is not there."""
    tree("a", requires=("b", "yarl"))
    tree("b")
    tree("c")
    projects = read_projects(tmp_path)
    wheels = {name: tmp_path / f"{name}-0.1.0-py3-none-any.whl" for name in projects}

    lines = requirements("a", projects, wheels)

    assert lines[:2] == [f"a @ {wheels['a'].as_uri()}", f"b @ {wheels['b'].as_uri()}"]
    assert not any(line.startswith("c ") for line in lines)
    assert any(line.startswith("pytest>=") for line in lines)


def test_test_extra_is_installed_with_the_siblings_it_names(tree: Tree, tmp_path: Path) -> None:
    """A package lists what only its tests need in its extra `test`."""
    tree("a", extra=("b", "trustme"), extra_name="test")
    tree("b")
    projects = read_projects(tmp_path)
    wheels = {name: tmp_path / f"{name}.whl" for name in projects}

    lines = requirements("a", projects, wheels)

    assert wheel_names("a", projects) == ["a", "b"]
    assert lines[0].startswith("a[test] @ file://")
    assert lines[1].startswith("b @ file://")


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        (("a/py.typed", "a-0.1.0.dist-info/licenses/LICENSE"), []),
        (("a/py.typed", "a-0.1.0.dist-info/LICENSE"), []),
        (("a/__init__.py", "LICENSE"), ["a/py.typed", "LICENSE"]),
    ],
)
def test_wheel_holds_type_marker_and_licence(
    tree: Tree, tmp_path: Path, files: Sequence[str], missing: Sequence[str]
) -> None:
    """py.typed lies in the package and LICENSE in the metadata."""
    tree("a")
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in files:
            archive.writestr(file, "")

    assert missing_files(read_projects(tmp_path)["a"], wheel) == missing


def test_packages_are_named_by_distribution_or_folder(tree: Tree, tmp_path: Path) -> None:
    """No name means all; an unknown one is refused with the names there are."""
    tree("wherry-codec")
    tree("wherry")
    projects = read_projects(tmp_path)

    assert chosen([], projects) == ["wherry", "wherry-codec"]
    assert chosen(["packages/wherry-codec/"], projects) == ["wherry-codec"]
    with pytest.raises(ValueError, match=r"expected names of packages \(wherry, wherry-codec\)"):
        chosen(["nothing"], projects)


def test_failed_command_tells_what_it_printed() -> None:
    """Exit code, command and output are in the error."""
    with pytest.raises(CommandError, match="exit code 3") as caught:
        run([sys.executable, "-c", "print('why'); raise SystemExit(3)"])

    assert caught.value.code == 3
    assert "why" in str(caught.value)


def test_commands_do_not_see_the_callers_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTHONPATH would make siblings importable that are not declared."""
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))

    assert "None" in run([sys.executable, "-c", "import os; print(os.environ.get('PYTHONPATH'))"])


def test_summary_shows_the_failed_step_and_its_output() -> None:
    """Steps after the failed one are shown as not reached."""
    text = summary([Outcome("a", ("wheel", "install"), "", 1.25, "importing a loads ssl")])

    assert text.splitlines()[:2] == ["--- a", "importing a loads ssl"]
    assert (
        text.splitlines()[-1] == "| a       |    ok |      ok | FAILED |    - |     - |     1.2 |"
    )


def test_options_have_defaults() -> None:
    """All packages, one at a time, with this interpreter."""
    options = argument_parser().parse_args([])

    assert (options.packages, options.jobs, options.keep) == ([], 1, False)
    assert options.python == sys.executable


def test_unknown_package_is_refused(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 before anything is built."""
    tree("a")

    assert main(["b", "--root", str(tmp_path)]) == 2
    assert "expected names of packages (a), got b" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    os.environ.get("WHERRY_REQUIRE_PEERS") != "1",
    reason="needs a package index and half a minute; run with WHERRY_REQUIRE_PEERS=1",
)
def test_undeclared_import_fails_alone(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real thing: b is a sibling, a does not declare it, so a's environment has no b."""
    tree("a", {"py.typed": "", "_x.py": "import b\n"})
    tree("b", {"py.typed": ""})
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
    for name, text in {"a": "from a import _x", "b": "import b"}.items():
        folder = tmp_path / "packages" / name
        (folder / "LICENSE").write_text("MIT", encoding="utf-8")
        (folder / "tests").mkdir()
        (folder / "tests" / "test_it.py").write_text(
            f"def test_it() -> None:\n    {text}\n", encoding="utf-8"
        )

    assert main(["--root", str(tmp_path), "-j2"]) == 1
    *_, row_a, row_b = capsys.readouterr().out.splitlines()
    assert row_a.split("|")[1:6] == [" a       ", "    ok ", "      ok ", "   ok ", " FAILED "]
    assert "1 passed" in row_b


def test_interpreter_of_an_environment_is_known() -> None:
    """Bin on POSIX, Scripts on Windows."""
    assert python_of(Path("env")).parts[1] in {"bin", "Scripts"}
