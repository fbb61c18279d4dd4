"""An HTML tree laid out as text: one line per block, bullets, and tables in columns. Pure.

One walk over the tree without recursion, so the depth of the tree does not matter. The blanks
that align the columns of tables are bounded by `PADDED` characters for the whole tree; where they
are used up, the cells of a table are written below each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from maildesk.ingest.html.style import Look, look_of

PADDED = 4_000_000
_LINE_COST = 16  # what a line of a table costs beside its characters
_INDENT = 4  # characters per level of lists
_MOST_INDENT = 40
_GAP = "  "  # between the cells of a row

_BULLETS = ("* ", "+ ", "o ", "- ")
_Cell = list[str]


@dataclass(slots=True)
class _Canvas:
    """Lines in the making: those of the mail, or those of one cell."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    spaced: bool = True  # the line is empty or ends with a blank that may be dropped
    margin: bool = True  # a blank line is above, or nothing is
    indent: int = 0
    bullet: str = ""

    def write(self, text: str) -> None:
        """Text whose white space is collapsed."""
        words = " ".join(text.split())
        if not self.spaced and text[:1].isspace():
            self.line.append(" ")
            self.spaced = True
        if words:
            self._begin()
            self.line.append(words)
            self.spaced = False
            if text[-1].isspace():
                self.line.append(" ")
                self.spaced = True

    def write_kept(self, text: str) -> None:
        """Text whose white space is kept."""
        first, *more = text.split("\n")
        self._write_rest(first)
        for rest in more:
            self.new_line()
            self._write_rest(rest)

    def _write_rest(self, text: str) -> None:
        if text:
            self._begin()
            self.line.append(text)
            self.spaced = False

    def _begin(self) -> None:
        if not self.line:
            self.line.append(self._prefix())

    def _prefix(self) -> str:
        bullet, self.bullet = self.bullet, ""
        return bullet.rjust(min(self.indent, _MOST_INDENT))

    def end_line(self) -> None:
        """End the line where it has text."""
        if self.line:
            self.lines.append("".join(self.line))
            self.line.clear()
            self.spaced, self.margin = True, False

    def new_line(self) -> None:
        """End the line; without text it is a blank one."""
        if self.line:
            self.end_line()
        else:
            self.lines.append("")

    def edge(self, margin: bool) -> None:
        """A block begins or ends, with a blank line or without."""
        self.end_line()
        if margin and not self.margin:
            self.lines.append("")
            self.margin = True

    def add(self, lines: Sequence[str]) -> None:
        """The lines of a table, and a blank one."""
        self.end_line()
        self.lines.extend(f"{self._prefix()}{line}" for line in lines)
        self.lines.append("")
        self.margin = False


@dataclass(slots=True)
class _Writer:
    """What is open while the tree is walked."""

    looks: list[Look] = field(default_factory=lambda: [Look()])
    canvases: list[_Canvas] = field(default_factory=lambda: [_Canvas()])
    tables: list[list[list[_Cell]]] = field(default_factory=list)
    lists: list[int | str] = field(default_factory=list)  # the next number, or the bullet
    padding_left: int = PADDED

    @property
    def canvas(self) -> _Canvas:
        return self.canvases[-1]

    def write(self, text: str | None) -> None:
        look = self.looks[-1]
        if text and not look.hidden:
            (self.canvas.write_kept if look.keeps_space else self.canvas.write)(text)

    def start(self, tag: str, style: str) -> None:
        """An element begins."""
        look = look_of(tag, style, self.looks[-1])
        self.looks.append(look)
        if look.hidden:
            return
        if look.block:
            self.canvas.edge(look.above)
        if tag in _STARTS:
            _STARTS[tag](self)

    def end(self, tag: str) -> None:
        """An element ends."""
        look = self.looks.pop()
        if look.hidden:
            return
        if tag in _ENDS:
            _ENDS[tag](self)
        if look.block:
            self.canvas.edge(look.below)

    def quote(self) -> None:
        self.canvas.write('"')

    def break_line(self) -> None:
        self.canvas.new_line()

    def start_bullets(self) -> None:
        self._start_list(_BULLETS[len(self.lists) % len(_BULLETS)])

    def start_numbers(self) -> None:
        self._start_list(1)

    def _start_list(self, bullet: int | str) -> None:
        self.lists.append(bullet)
        self.canvas.indent += _INDENT

    def end_list(self) -> None:
        self.lists.pop()
        self.canvas.indent -= _INDENT

    def start_item(self) -> None:
        bullet = self.lists[-1] if self.lists else _BULLETS[0]
        if isinstance(bullet, int):
            self.lists[-1] = bullet + 1
            bullet = f"{bullet}. "
        self.canvas.bullet = bullet

    def end_item(self) -> None:
        self.canvas.bullet = ""

    def start_table(self) -> None:
        self.tables.append([])

    def start_row(self) -> None:
        if self.tables:
            self.tables[-1].append([])

    def start_cell(self) -> None:
        self.canvases.append(_Canvas())

    def end_cell(self) -> None:
        cell = self.canvases.pop()
        cell.end_line()
        if not self.tables:
            self.canvas.add(cell.lines)
            return
        if not self.tables[-1]:
            self.start_row()
        self.tables[-1][-1].append(cell.lines or [""])

    def end_table(self) -> None:
        rows = self.tables.pop()
        if rows:
            self.canvas.add(self._laid_out(rows))

    def _laid_out(self, rows: Sequence[Sequence[_Cell]]) -> list[str]:
        """The lines of a table: in columns, or cell below cell where that costs too much."""
        if any(len(row) > 1 for row in rows):
            widths = _widths(rows)
            height = sum(max(map(len, row), default=0) for row in rows)
            self.padding_left -= height * (sum(widths) + len(_GAP) * len(widths) + _LINE_COST)
            if self.padding_left >= 0:
                return [line for row in rows for line in _in_columns(row, widths)]
        return [line for row in rows for cell in row for line in cell]


def _widths(rows: Sequence[Sequence[_Cell]]) -> list[int]:
    """The width of each column."""
    widths = [0] * max(map(len, rows))
    for row in rows:
        for at, cell in enumerate(row):
            widths[at] = max(widths[at], *map(len, cell))
    return widths


def _in_columns(row: Sequence[_Cell], widths: Sequence[int]) -> list[str]:
    """The lines of one row, each cell beginning in its column."""
    return [
        _GAP.join(
            (cell[at] if at < len(cell) else "").ljust(width)
            for cell, width in zip(row, widths, strict=False)
        )
        for at in range(max(map(len, row), default=0))
    ]


_STARTS = {
    "br": _Writer.break_line,
    "li": _Writer.start_item,
    "ol": _Writer.start_numbers,
    "q": _Writer.quote,
    "table": _Writer.start_table,
    "td": _Writer.start_cell,
    "th": _Writer.start_cell,
    "tr": _Writer.start_row,
    "ul": _Writer.start_bullets,
}
_ENDS = {
    "li": _Writer.end_item,
    "ol": _Writer.end_list,
    "q": _Writer.quote,
    "table": _Writer.end_table,
    "td": _Writer.end_cell,
    "th": _Writer.end_cell,
    "ul": _Writer.end_list,
}


def layout(tree: "etree._Element") -> str:
    """The text of a tree, a line feed between its lines. Linear in the tree but for `PADDED`."""
    writer = _Writer()
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            writer.start(element.tag, element.get("style", ""))
            writer.write(element.text)
        else:
            writer.end(element.tag)
            writer.write(element.tail)
    writer.canvas.end_line()
    return "\n".join(writer.canvas.lines)
