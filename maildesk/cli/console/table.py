"""A table for people: columns with a heading, wrapped between words on a narrow terminal."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 100_000  # in a pipe each row is one line


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Print the rows, or the sentence `empty` where there are none. The last column wraps first."""
    found = list(rows)
    if not found:
        print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in found:
        table.add_row(*(Text(" ".join(cell.split())) for cell in row))
    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if terminal else _PIPE_WIDTH, highlight=False)
    console.print(table, no_wrap=False)
