"""What a link's page shows. Made by the desk, drawn by the web; nothing here acts."""

import enum
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.cause import Choice
from maildesk.model.token import Purpose


class Problem(enum.Enum):
    """Why a link does not open.

    A forged, cut or padded token is UNKNOWN, and so is one of a ticket that is not there:
    nobody learns from the page which tickets exist.
    """

    UNKNOWN = "unknown"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of the conversation, as far as the viewer may see it.

    Where `proven` is false nobody knows that `author` wrote it: a From line proves nothing.
    """

    author: str
    at: datetime
    text: str
    by_agent: bool
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Decided:
    """What ended a round: "approve", "reject", "accept", "reopened" or "closed".

    `by` is a name to be read, "" where it closed by itself; whether it was the viewer is said
    apart, since two people may have one name.
    """

    choice: str
    by: str
    at: datetime
    by_viewer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the holder of a good link sees.

    `closes_at` is when a resolution counts as accepted without an answer.
    `choices` is empty where nothing can be decided here: then `decided` says what was, or
    `outdated` that the link is of an earlier round.
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
    resolution: str = ""
    choices: tuple[Choice, ...] = ()
    closes_at: datetime | None = None
    decided: Decided | None = None
    outdated: bool = False
