"""The page about security explains every number that the tests cite."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_rule_that_a_test_cites_is_on_the_page() -> None:
    tests = [*ROOT.glob("packages/*/tests/**/*.py"), *ROOT.glob("tests-integration/**/*.py")]
    cited = {
        int(number)
        for path in tests
        for number in re.findall(r"SEC-(\d+)", path.read_text("utf-8"))
    }

    page = (Path(__file__).parent / "security.md").read_text("utf-8")
    numbers = re.findall(r"\| ([\d, ]+) \|$", page, re.MULTILINE)
    assert cited == {int(number) for cell in numbers for number in cell.split(",")}
