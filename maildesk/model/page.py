"""What a link's page shows. Made by the desk, drawn by the web; nothing here acts."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maildesk.model.cause import Choice, Work
from maildesk.model.token import Purpose


class Problem(enum.Enum):
    """Why a link does not open.

    A forged, cut or padded token is UNKNOWN, and so is one of a ticket that is not there:
    nobody learns from the page which tickets exist. NOT_YOURS: it is for agents alone.
    """

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    NOT_YOURS = "not-yours"


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One attachment as it is listed: `index` is its place in the mail, `size` in bytes."""

    index: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Enclosures:
    """What a mail holds beside its text. `signature`: pictures its author sends again and again.

    `withheld` counts what this viewer may not open, since nobody knows who sent it.
    """

    files: tuple[Enclosed, ...] = ()
    pictures: tuple[Enclosed, ...] = ()
    signature: tuple[Enclosed, ...] = ()
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of the conversation, as far as the viewer may see it.

    Where `proven` is false nobody knows that `author` wrote it: a From line proves nothing.
    `apart` marks what agents alone see: the sender takes no part in the ticket, or asked for
    more than was proven. `opens` says whether the whole mail may be opened by its `id`.
    """

    author: str
    at: datetime
    text: str
    by_agent: bool
    proven: bool = True
    apart: bool = False
    id: str = ""
    opens: bool = False
    enclosures: Enclosures = Enclosures()

    def local(self, zone: ZoneInfo) -> "Entry":
        """The same, with the time as it is there."""
        return replace(self, at=self.at.astimezone(zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMail:
    """One mail with all that was quoted in it.

    `html` is sanitised, its pictures stand at `picture/INDEX`; None where there is none that can
    be shown. `left_out` counts pictures that stand elsewhere and are not loaded.
    """

    number: int
    subject: str
    entry: Entry
    text: str
    html: str | None
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """An attachment on its way out: about a megabyte at a time, from the mail as it was kept.

    `type` is what its first bytes say where they say a picture, else application/octet-stream.
    """

    name: str
    type: str
    size: int
    pieces: Iterator[bytes]

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it."""
        return self.type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Decided:
    """What ended a round: "approve", "reject", "withdrawn", "accept", "resolve", "reopened" or
    "closed".

    `by` is a name to be read, "" where it closed by itself; whether it was the viewer is said
    apart, since two people may have one name.
    """

    choice: str
    by: str
    at: datetime
    by_viewer: bool = False

    def local(self, zone: ZoneInfo) -> "Decided":
        """The same, with the time as it is there."""
        return replace(self, at=self.at.astimezone(zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the holder of a good link sees.

    Of a long conversation the first text and the newest are shown: texts before `earlier` are left
    out after the first. `later`: newer ones are left out at the end.
    `closes_at` is when a resolution counts as accepted without an answer.
    `choices` is empty where nothing can be decided here: then `decided` says what was, or
    `outdated` that the link is of an earlier round. To agents, `taken` says whose the ticket is,
    `hindrance` why it cannot be resolved here, `next_team` whom it can be handed on to, and
    `handed_on` who did that before. `waits_for` names those whose approval is waited
    for.
    """

    purpose: Purpose
    viewer: str
    number: int
    subject: str
    status: str
    state: str
    requester: str
    opened_at: datetime
    conversation: tuple[Entry, ...]
    earlier: str = ""
    later: bool = False
    resolution: str = ""
    choices: tuple[Choice | Work, ...] = ()
    closes_at: datetime | None = None
    decided: Decided | None = None
    outdated: bool = False
    taken: Decided | None = None
    hindrance: str = ""
    team: str = ""
    next_team: str = ""
    handed_on: Decided | None = None
    waits_for: str = ""

    def local(self, zone: ZoneInfo) -> "Page":
        """The same, with every time as it is there."""
        return replace(
            self,
            opened_at=self.opened_at.astimezone(zone),
            closes_at=self.closes_at.astimezone(zone) if self.closes_at else None,
            conversation=tuple(entry.local(zone) for entry in self.conversation),
            decided=self.decided.local(zone) if self.decided else None,
            taken=self.taken.local(zone) if self.taken else None,
            handed_on=self.handed_on.local(zone) if self.handed_on else None,
        )
