"""How it is built: with a compiler, without one, and what is said then."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the distribution, with what an older build for another Python may have left."""
    for name in ("hatchling", "setuptools"):
        pytest.importorskip(name, reason=f"pip install {name}")
    if not (FOLDER / "src").is_dir():
        pytest.skip("the tests were copied without the sources")
    copy = tmp_path / "sources"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    (copy / "src" / "wherry_speedups" / "_native.cpython-39-other.so").write_bytes(b"stale")
    return copy


def build(sources: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(sources / "dist")],
        cwd=sources,
        env={**os.environ, "WHERRY_REQUIRE_NATIVE": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def unpacked(sources: Path) -> tuple[str, list[str], Path]:
    """The name of the only wheel, the files in its package, and a folder that has them."""
    [wheel] = (sources / "dist").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(sources / "installed")
        names = [Path(name).name for name in archive.namelist() if ".dist-info" not in name]
    return wheel.name, names, sources / "installed"


def said_by(installed: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(installed)!r}); {code}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


def test_wheel_has_the_extension_for_this_interpreter_only(sources: Path) -> None:
    """Built in a folder of its own; the tag says whom it is for."""
    if shutil.which(os.environ.get("CC", "cc")) is None:
        pytest.skip("no C compiler")
    done = build(sources, WHERRY_REQUIRE_NATIVE="1")
    assert done.returncode == 0, done.stdout

    name, files, installed = unpacked(sources)
    assert not name.endswith("-any.whl")
    assert len([file for file in files if file.endswith((".so", ".pyd"))]) == 1
    assert "_native.cpython-39-other.so" not in files
    assert "_native.pyi" in files
    assert "py.typed" in files
    assert said_by(installed, "import wherry_speedups as s; print(s.IS_NATIVE)") == "True\n"


def test_without_a_compiler_the_wheel_is_plain_and_says_so_once(sources: Path) -> None:
    """When it is built, and once in each process that imports it; nothing fails."""
    done = build(sources, CC="/no/such/compiler")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("installed without its C part") == 1

    name, files, installed = unpacked(sources)
    assert name.endswith("-py3-none-any.whl")
    assert [file for file in files if file.endswith((".so", ".pyd"))] == []
    twice = "import wherry_speedups as s, wherry_speedups; print(s.IS_NATIVE, s.CONTRACT)"
    warning, answer = said_by(installed, twice).splitlines()
    assert warning.startswith("wherry-speedups has no C part here")
    assert answer == "False 1"


def test_build_fails_without_a_compiler_where_native_is_required(sources: Path) -> None:
    """WHERRY_REQUIRE_NATIVE=1 makes every fallback an error, this one too."""
    done = build(sources, CC="/no/such/compiler", WHERRY_REQUIRE_NATIVE="1")

    assert done.returncode != 0
    assert "/no/such/compiler" in done.stdout
    assert not list(sources.glob("dist/*.whl"))
