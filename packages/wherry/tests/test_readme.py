"""The examples of the README run as they stand and print what it says."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
EXAMPLES = re.findall(
    r"^```python\n(.*?)^```\n\nIt prints\n\n```text\n(.*?)^```", README, re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize(("code", "output"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs(code: str, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})

    assert capsys.readouterr().out == output


def test_every_example_says_what_it_prints() -> None:
    assert len(EXAMPLES) == README.count("```python") == 2
