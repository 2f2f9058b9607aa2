"""What micro prints: one table, a row for each contestant of each case."""

from collections.abc import Iterator, Sequence

from tools.tables import markdown_table

from ._micro import MicroResult

_HEADER = ("case", "contestant", "per", "µs", "± %", "of the first's time")


def micro_table(results: Sequence[MicroResult]) -> str:
    """Medians, half the quartile distance, and the ratio to the first contestant of the case."""
    return markdown_table(_HEADER, [row for result in results for row in _rows(result)])


def _rows(result: MicroResult) -> Iterator[list[str]]:
    case = result.case
    for number, contestant in enumerate(case.contestants):
        title = contestant.title
        yield [
            "" if number else case.name,
            title,
            case.unit,
            f"{result.median(title) * 1e6:,.2f}",
            f"{result.spread(title) * 100:.0f}",
            f"{result.times_of_reference(title):.2f}",
        ]
