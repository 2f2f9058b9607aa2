"""tools.tables: Markdown that lines up."""

from tools.tables import markdown_table


def test_table_is_padded_markdown() -> None:
    """The first column is text, the others numbers."""
    assert markdown_table(["what", "n"], [["a", "1"], ["longer", "1000"]]).splitlines() == [
        "| what   |    n |",
        "| ------ | ---: |",
        "| a      |    1 |",
        "| longer | 1000 |",
    ]
