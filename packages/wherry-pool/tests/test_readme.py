"""The examples in the README run."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(
    r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", README.read_text(encoding="utf-8"), re.DOTALL
)


@pytest.mark.network
@pytest.mark.parametrize(("source", "output"), EXAMPLES)
def test_example_runs(source: str, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a reader copies works, and prints what is said below it."""
    exec(compile(source, str(README), "exec"), {"__name__": "example"})

    assert capsys.readouterr().out == output


def test_there_are_examples() -> None:
    """The pattern above finds them."""
    assert len(EXAMPLES) == 4
