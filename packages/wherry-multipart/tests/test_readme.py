"""The examples in the README run."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("source", EXAMPLES)
def test_example_runs(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader copies works."""
    monkeypatch.chdir(tmp_path)

    exec(compile(source, str(README), "exec"), {"__name__": "example"})


def test_there_are_examples() -> None:
    """The pattern above finds them."""
    assert EXAMPLES
