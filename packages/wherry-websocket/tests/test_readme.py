"""The examples of the README run, and print what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```\n\nIt prints\n\n```text\n(.*?)```", README, re.S)


def test_every_python_block_of_the_readme_is_an_example() -> None:
    """None is left out below."""
    assert len(EXAMPLES) == README.count("```python") == 3


@pytest.mark.parametrize(("code", "output"), EXAMPLES, ids=["sockets", "trio", "asyncio"])
def test_the_example_prints_what_the_readme_says(code: str, output: str) -> None:
    """In an interpreter of its own, warnings being errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == (output, "")
