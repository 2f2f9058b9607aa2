"""Every Python example of the documentation runs, and prints what the page says it prints.

An example is a block marked `python`. It runs as a program of its own, with warnings as errors, in
an empty folder, with the tutorial's server at the address the pages use. If a block marked `text`
comes right after it, that is its output. An HTML comment `<!-- not run: reason -->` on the line
before a block excuses it.
"""

import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md")]
SERVER = ROOT / "docs" / "tutorial" / "server.py"
ADDRESS = "localhost:8080"

_find_blocks = re.compile(
    r"(?P<excuse>^<!-- not run: .+ -->\n)?"
    r"^```python\n(?P<code>.*?)^```\n"
    r"(?:\s*(?:It prints:?\s*)?^```text\n(?P<output>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
).finditer


@dataclass(frozen=True)
class Example:
    """One block of code, and what the page says about it."""

    place: str
    code: str
    output: str | None


def examples_of(page: Path) -> Iterator[Example]:
    """The examples of a page that are to run."""
    text = page.read_text("utf-8")
    for found in _find_blocks(text):
        if found["excuse"] is None:
            line = text.count("\n", 0, found.start("code")) + 1
            place = f"{page.relative_to(ROOT).as_posix()}:{line}"
            yield Example(place, found["code"], found["output"])


EXAMPLES = [example for page in sorted(PAGES) for example in examples_of(page)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Host and port of the tutorial's server."""
    command = [sys.executable, "-X", "dev", "-W", "error", str(SERVER), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no output to read its address from")
        port = process.stdout.readline().strip().rpartition(":")[2]
        yield f"localhost:{port}"
        process.terminate()


@pytest.mark.network
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
def test_an_example_runs(example: Example, address: str, tmp_path: Path) -> None:
    """What a reader copies works, and does what the page says."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-X", "utf8", "-W", "error", "-"],
        input=example.code.replace(ADDRESS, address),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        timeout=50,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    # In dev mode asyncio reports what took long, which on a busy machine is anything.
    assert [line for line in done.stderr.splitlines() if not line.startswith("Executing <")] == []
    if example.output is not None:
        assert done.stdout.replace(address, ADDRESS) == example.output


def test_the_examples_of_the_documentation_are_typed(tmp_path: Path) -> None:
    """`mypy --strict` has nothing to say about what a reader copies."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("needs a tool: pip install mypy")
    for number, example in enumerate(EXAMPLES):
        if not example.place.startswith("packages/"):
            header = f"# {example.place}\n"
            (tmp_path / f"example_{number}.py").write_text(header + example.code, "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "mypy.ini", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=50,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that is there."""
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_there_are_examples() -> None:
    """The pattern above finds those of the front page, the tutorial and nearly every package."""
    pages = {example.place.rpartition(":")[0] for example in EXAMPLES}

    assert {"README.md", "docs/tutorial/quickstart.md"} <= pages
    assert len(pages) >= 10


def test_the_front_page_and_the_gate_have_the_same_commands() -> None:
    """`.ci/run` runs the very lines that README.md promises to work."""
    promised = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text("utf-8"), re.M)
    gate = (ROOT / ".ci" / "run").read_text("utf-8")

    assert len(promised) == 3
    assert [line.rpartition(" ")[2] for line in promised if line in gate] == ["test", "check"]


def _declared(manifest: Path) -> tuple[set[str], set[str]]:
    """What a package depends on: siblings without their prefix, and others."""
    project = tomllib.loads(manifest.read_text("utf-8"))["project"]
    names = {re.split(r"[<>=;\[ ]", text)[0] for text in project.get("dependencies", ())}
    siblings = {name for name in names if name.startswith("wherry")}
    return {name.removeprefix("wherry-") for name in siblings}, names - siblings


def test_the_architecture_shows_what_packages_declare() -> None:
    """Its table and every `pyproject.toml` say the same."""
    text = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| (wherry[a-z-]*) \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", text, re.M)
    shown = {
        name: tuple(set(re.findall(r"[a-z]+", cell)) for cell in cells) for name, *cells in rows
    }

    manifests = (ROOT / "packages").glob("*/pyproject.toml")
    assert shown == {path.parent.name: _declared(path) for path in manifests}
