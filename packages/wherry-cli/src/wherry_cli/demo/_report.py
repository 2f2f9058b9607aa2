"""How the demo looks: a table on a terminal, plain lines elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went: one line about it, and the seconds it took."""

    name: str
    text: str
    seconds: float
    is_good: bool

    @property
    def time(self) -> str:
        """The duration as shown."""
        return f"{self.seconds * 1000:.1f} ms"


def show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Show `outcomes` on `console`, and a last line that sums them up."""
    if console.is_terminal:
        console.print(table(outcomes))
    else:
        for line in lines(outcomes):
            console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print(summary(outcomes), soft_wrap=True, highlight=False, markup=False)


def table(outcomes: Sequence[Outcome]) -> Table:
    """The table for a terminal."""
    result = Table(title="wherry demo", title_justify="left")
    result.add_column("")
    result.add_column("What", no_wrap=True)
    result.add_column("What came back")
    result.add_column("Time", justify="right", no_wrap=True)
    for outcome in outcomes:
        mark = Text("✓", "bold green") if outcome.is_good else Text("✗", "bold red")
        result.add_row(mark, outcome.name, Text(outcome.text), outcome.time)
    return result


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """One line for each step, in columns; ASCII but for what the steps say."""
    width = max((len(outcome.name) for outcome in outcomes), default=0)
    return [
        f"{'ok' if outcome.is_good else 'FAILED':6}  {outcome.name:{width}}  "
        f"{outcome.time:>10}  {outcome.text}"
        for outcome in outcomes
    ]


def summary(outcomes: Sequence[Outcome]) -> str:
    """The last line."""
    good = sum(outcome.is_good for outcome in outcomes)
    if good == len(outcomes):
        return f"all {good} answers were as expected"
    return f"{len(outcomes) - good} of {len(outcomes)} answers were not as expected"
