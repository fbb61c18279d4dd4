"""Prints a story while it is played: steps, confirmed results and elapsed time."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.text import Text

S = TypeVar("S")

Step = tuple[str, Callable[[S], Iterator[str]]]
"""A sentence, and the function that plays it and yields each confirmed result."""


class NotAsItShould(Exception):
    """A step failed, so the story stops."""

    def __init__(self, what: str, expected: object, came: object) -> None:
        super().__init__(f"{what}: expected {expected!r}, got {came!r}")
        self.what, self.expected, self.came = what, expected, came


def same(what: str, expected: object, came: object) -> None:
    """Raises NotAsItShould if the two differ."""
    if expected != came:
        raise NotAsItShould(what, expected, came)


def within(what: str, part: str, whole: str) -> None:
    """Raises NotAsItShould if `whole` does not contain `part`, whatever the line breaks."""
    if " ".join(part.split()) not in " ".join(whole.split()):
        raise NotAsItShould(what, f"… {part} …", whole)


@dataclass(slots=True)
class Transcript:
    """Prints each line to stdout at once; with colours only on a terminal."""

    console: Console = field(
        default_factory=lambda: Console(highlight=False, soft_wrap=True, markup=False)
    )
    _began: float = field(default_factory=time.monotonic)

    def tell(self, text: str, style: str = "") -> None:
        """Print a line."""
        self.console.print(Text(text, style=style))
        self.console.file.flush()

    def play(self, steps: Sequence[Step[S]], stage: S) -> None:
        """Play all steps in order. Raises the error of the first failed step."""
        for number, (sentence, step) in enumerate(steps, start=1):
            self.tell(f"\n{self._elapsed()}  {number:2}  {sentence}", "bold")
            for found in step(stage):
                self.tell(f"{'':13}✓ {found}", "green")
        self.tell(f"\n{self._elapsed()}  All {len(steps)} steps succeeded.", "bold")

    def failed(self, error: NotAsItShould) -> None:
        """Print the failed check with both values in full."""
        self.tell(f"{'':13}✗ {error.what}", "bold red")
        self.tell(f"{'':15}expected: {error.expected}", "red")
        self.tell(f"{'':15}got:      {error.came}", "red")

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self._began:5.1f} s"
