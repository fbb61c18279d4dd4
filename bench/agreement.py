"""What other projects expect of their mails, and how far our reading agrees."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One field of one source: how many agree, and which do not, each with the reason."""

    source: str
    field: str
    agreeing: int
    of: int
    disagreeing: tuple[tuple[str, str], ...]

    @property
    def percent(self) -> float:
        """What agrees, of a hundred; 100 of nothing."""
        return 100 * self.agreeing / self.of if self.of else 100.0


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the manifest."""

    source: str
    path: str
    kind: str
    expected: str
    expected_file: str
    format: str

    def raw(self) -> bytes:
        """The bytes of the mail, or of the bare reply text."""
        return (CORPORA / self.path).read_bytes()

    def wanted(self) -> str:
        """The file in which the source says what it expects."""
        return (CORPORA / self.expected_file).read_text("utf-8", "replace")


@cache
def items() -> tuple[Item, ...]:
    """Every line of the manifest."""
    with (CORPORA / "manifest.tsv").open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(Item(*(row[name] or "" for name in Item.__slots__)) for row in rows)


def spaced(text: str | None) -> str:
    """The text with every run of white space made one blank."""
    return " ".join((text or "").split())
