"""The README's example runs."""

import re
from pathlib import Path

import wherry_speedups

README = Path(__file__).parents[1] / "README.md"


def test_readme_example_runs() -> None:
    """With the C part and without."""
    [code] = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.S)

    exec(compile(code, str(README), "exec"), {"__name__": "__main__"})


def test_readme_names_every_function() -> None:
    """And `__all__` nothing else but what says whether they are there."""
    described = set(re.findall(r"^\| `(\w+)` \|", README.read_text("utf-8"), re.M))

    assert set(wherry_speedups.__all__) == described | {"CONTRACT", "IS_NATIVE", "__version__"}
