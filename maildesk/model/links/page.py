"""The data shown on the page of a link. `processing` creates it and `web` renders it."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maildesk.model.cause import Choice, Work
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message


class Problem(enum.Enum):
    """Why a link cannot be opened.

    UNKNOWN covers a forged, truncated or padded token and a ticket that does not exist, so that the
    page does not reveal which tickets exist. NOT_YOURS: the page is for agents only.
    """

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    NOT_YOURS = "not-yours"


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One attachment as it is listed: `index` is its position in the mail, `size` is in bytes."""

    index: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Enclosures:
    """The attachments of a mail. `signature` holds pictures that its author sends repeatedly.

    `withheld` counts those that this viewer must not open, because the sender is not proven.
    """

    files: tuple[Enclosed, ...] = ()
    pictures: tuple[Enclosed, ...] = ()
    signature: tuple[Enclosed, ...] = ()
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of the conversation, as far as the viewer may see it.

    If `proven` is false, nothing proves that `author` wrote it. `apart` marks messages that only
    agents see: the sender is not a participant, or requested more than was proven. `opens` says
    whether the whole mail can be opened by its `id`.
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
        """The same entry with its time in that zone."""
        return replace(self, at=self.at.astimezone(zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMail:
    """One mail with everything that it quotes.

    `html` is sanitised, with pictures at `picture/INDEX`; None if no HTML can be shown. `left_out`
    counts remote pictures, which are not loaded. `language` is the viewer's
    (BCP 47), "" if unknown.
    """

    number: int
    subject: str
    entry: Entry
    text: str
    html: str | None
    left_out: int
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """An attachment to download, in pieces of about a megabyte from the stored mail.

    `type` is a picture type if the first bytes show one, else application/octet-stream.
    """

    name: str
    type: str
    size: int
    pieces: Iterator[bytes]

    @property
    def is_picture(self) -> bool:
        """Whether a browser may show it inline."""
        return self.type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Decided:
    """How a round ended.

    `choice` is "approve", "reject", "withdrawn", "accept", "resolve", "reopened" or "closed". `by`
    is a display name, a message for an actor without one, "" if it happened automatically.
    `by_viewer` is separate because two people can have the same name.
    """

    choice: str
    by: str | Message
    at: datetime
    by_viewer: bool = False

    def local(self, zone: ZoneInfo) -> "Decided":
        """The same value with its time in that zone."""
        return replace(self, at=self.at.astimezone(zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that the holder of a valid link sees.

    A long conversation shows its first message and the newest ones: messages before `earlier` are
    left out after the first; `later` says that newer ones are left out at the end. `closes_at` is
    when a resolution counts as accepted without a reply. If nothing can be decided, `choices` is
    empty, and either `decided` has the decision or `outdated` says that the link belongs to an
    earlier round. For agents, `taken` names the assignee, `hindrance` says why the ticket cannot be
    resolved here, `next_team` is the team it can be handed over to, and `handed_on` names the agent
    who did that before. `waits_for` names the approvers who have not decided yet.
    `language` is the viewer's (BCP 47), "" if unknown.
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
    hindrance: Message | None = None
    team: str = ""
    next_team: str = ""
    handed_on: Decided | None = None
    waits_for: tuple[str, ...] = ()
    language: str = ""

    def local(self, zone: ZoneInfo) -> "Page":
        """The same page with every time in that zone."""
        return replace(
            self,
            opened_at=self.opened_at.astimezone(zone),
            closes_at=self.closes_at.astimezone(zone) if self.closes_at else None,
            conversation=tuple(entry.local(zone) for entry in self.conversation),
            decided=self.decided.local(zone) if self.decided else None,
            taken=self.taken.local(zone) if self.taken else None,
            handed_on=self.handed_on.local(zone) if self.handed_on else None,
        )
