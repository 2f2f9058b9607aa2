"""The README's examples run as they stand; those with another client if it is installed."""

import importlib.util
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_runs(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it prints is what its comments after `# prints` say."""
    if "import httpx" in block and importlib.util.find_spec("httpx") is None:
        pytest.skip("pip install httpx")
    monkeypatch.chdir(tmp_path)
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)  # no business between an example and its server

    exec(compile(block, str(README), "exec"), {"__name__": "__main__"})

    expected = re.findall(r"# prints (.*)$", block, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == expected


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 6
    assert sum("import httpx" in block for block in BLOCKS) == 1
