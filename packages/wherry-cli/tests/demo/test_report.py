"""How the outcomes of the demo look."""

from io import StringIO

from rich.console import Console

from wherry_cli.demo._report import Outcome, lines, show, summary

GOOD = Outcome("GET", "200 [b]OK[/b]", 0.00125, is_good=True)
BAD = Outcome("POST JSON", "status: expected 200, got 500", 1.5, is_good=False)


def shown(*, is_terminal: bool) -> str:
    file = StringIO()
    show([GOOD, BAD], Console(file=file, force_terminal=is_terminal, width=80, color_system=None))
    return file.getvalue()


def test_plain_lines_are_columns() -> None:
    """One line for each step, aligned, nothing interpreted as markup."""
    assert lines([GOOD, BAD]) == [
        "ok      GET            1.2 ms  200 [b]OK[/b]",
        "FAILED  POST JSON   1500.0 ms  status: expected 200, got 500",
    ]


def test_no_terminal_gets_plain_lines() -> None:
    """A log file has no use for boxes."""
    assert shown(is_terminal=False) == "\n".join([*lines([GOOD, BAD]), summary([GOOD, BAD]), ""])


def test_terminal_gets_a_table_with_marks() -> None:
    """A check mark or a cross in front of each step."""
    text = shown(is_terminal=True)

    assert "✓" in text
    assert "✗" in text
    assert "200 [b]OK[/b]" in text


def test_summary_counts_failures() -> None:
    """The last line says it all."""
    assert summary([GOOD]) == "all 1 answers were as expected"
    assert summary([GOOD, BAD]) == "1 of 2 answers were not as expected"
