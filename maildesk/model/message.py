"""A text for people as the core chooses it: an id of the catalogue, and the values it names."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import TypeAlias

from maildesk.model.person import Person

Value: TypeAlias = (
    "str | int | float | date | datetime | Person | Message | tuple[Value, ...] | None"
)

_VERBATIM = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence or paragraph, rendered by `maildesk.messages` in the reader's language.

    `following` are messages that are read after this one, in the same paragraph.
    """

    id: str
    values: tuple[tuple[str, Value], ...] = ()
    following: tuple["Message", ...] = ()

    @classmethod
    def of(cls, id: str, **values: Value) -> "Message":
        """The message of that id with these values."""
        return cls(id, tuple(values.items()))

    @classmethod
    def verbatim(cls, text: str) -> "Message":
        """A text that somebody wrote, such as the admin in a rule; it is never translated."""
        return cls(_VERBATIM, (("text", text),))

    @property
    def is_verbatim(self) -> bool:
        """Whether it is somebody's own text and has no id."""
        return self.id == _VERBATIM

    def then(self, other: "Message | None") -> "Message":
        """This message and the other one, if there is one."""
        return self if other is None else self + other

    def __add__(self, other: "Message") -> "Message":
        """Both, one after the other."""
        return replace(self, following=(*self.following, other))


def joined(*notes: Message | None) -> Message | None:
    """These notes one after the other, each once; None if there is none."""
    found = [note for note in dict.fromkeys(notes) if note is not None]
    return reduce(add, found) if found else None
