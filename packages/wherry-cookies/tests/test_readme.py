"""The README's examples run as they stand."""

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
    monkeypatch.chdir(tmp_path)

    exec(compile(block, str(README), "exec"), {"__name__": "__main__"})

    expected = re.findall(r"# prints (.*)$", block, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == expected


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3
