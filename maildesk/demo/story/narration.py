"""A story told while it happens: steps, what was found right, and how long it took."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.text import Text

S = TypeVar("S")

Step = tuple[str, Callable[[S], Iterator[str]]]
"""A sentence, and what plays it: it yields each thing it has found right."""


class NotAsItShould(Exception):
    """The story stops here."""

    def __init__(self, what: str, expected: object, came: object) -> None:
        super().__init__(f"{what}: expected {expected!r}, came {came!r}")
        self.what, self.expected, self.came = what, expected, came


def same(what: str, expected: object, came: object) -> None:
    """Raises NotAsItShould where the two differ."""
    if expected != came:
        raise NotAsItShould(what, expected, came)


def within(what: str, part: str, whole: str) -> None:
    """Raises NotAsItShould where `part` is not in `whole`."""
    if part not in whole:
        raise NotAsItShould(what, f"… {part} …", whole)


@dataclass(slots=True)
class Transcript:
    """Lines on stdout, each as soon as it is true; plain where stdout is no terminal."""

    console: Console = field(
        default_factory=lambda: Console(highlight=False, soft_wrap=True, markup=False)
    )
    _began: float = field(default_factory=time.monotonic)

    def tell(self, text: str, style: str = "") -> None:
        """A line."""
        self.console.print(Text(text, style=style))
        self.console.file.flush()

    def play(self, steps: Sequence[Step[S]], stage: S) -> None:
        """Play all steps in order. Raises what the first wrong one raises."""
        for number, (sentence, step) in enumerate(steps, start=1):
            self.tell(f"\n{self._elapsed()}  {number:2}  {sentence}", "bold")
            for found in step(stage):
                self.tell(f"{'':13}✓ {found}", "green")
        self.tell(f"\n{self._elapsed()}  All {len(steps)} steps are as they should be.", "bold")

    def failed(self, error: NotAsItShould) -> None:
        """What is wrong, both sides in full."""
        self.tell(f"{'':13}✗ {error.what}", "bold red")
        self.tell(f"{'':15}expected: {error.expected}", "red")
        self.tell(f"{'':15}came:     {error.came}", "red")

    def _elapsed(self) -> str:
        return f"{time.monotonic() - self._began:5.1f} s"
