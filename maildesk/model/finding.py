"""What `maildesk check` has to say: one thing it looked at, and what would be right."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or `good`. `key` is a key of a file, or what was looked at.

    No text ever holds a secret. `remedy` says what to do, in the imperative. `marked` is the
    line that is wrong and under it a caret, where the column is known.
    """

    key: str
    what: str
    remedy: str = ""
    file: str = ""
    line: int | None = None
    good: bool = False
    marked: str = ""

    @property
    def where(self) -> str:
        """`file:line: key`, as far as each is known."""
        file = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return ": ".join(part for part in (file, self.key) if part)

    def __str__(self) -> str:
        """One line: where, what, what to do."""
        return f"{self.where}: " + "; ".join(part for part in (self.what, self.remedy) if part)
