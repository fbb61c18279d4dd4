"""A finding of `maildesk check`: one thing that was checked, and how to fix it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake, or one thing that is correct (`good`). `key` is a key of a file or the subject.

    `advice`: it is correct, and will probably disappoint.

    No text holds a secret. `remedy` says what to do, in the imperative. `marked` is the wrong line
    with a caret below it, if the column is known.
    """

    key: str
    what: str
    remedy: str = ""
    file: str = ""
    line: int | None = None
    good: bool = False
    advice: bool = False
    marked: str = ""

    @property
    def where(self) -> str:
        """`file:line: key`, as far as each is known."""
        file = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return ": ".join(part for part in (file, self.key) if part)

    def __str__(self) -> str:
        """One line: where, what, what to do."""
        label = "advice: " if self.advice else ""
        said = "; ".join(part for part in (self.what, self.remedy) if part)
        return f"{label}{self.where}: {said}"
