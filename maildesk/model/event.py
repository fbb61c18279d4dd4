"""What can happen to a ticket: the append-only history.

Events hold ids and old/new values, never texts, so that a person can be erased.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Value = str | int | None
Field = Literal[
    "service",
    "category",
    "sub_category",
    "request_type",
    "impact",
    "urgency",
    "priority",
    "team",
    "assignee",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened:
    """A ticket was made. `parent` is the closed ticket that a late reply spoke of."""

    requester: int
    source: str
    status: str
    state: str
    request_type: str
    parent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanged:
    """One classifying field has a new value. `rule` names the rule that did it, if one did."""

    field: Field
    old: Value
    new: Value
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag was added."""

    tag: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMoved:
    """The status changed by a legal move; `state` is the new status's state."""

    old: str
    new: str
    state: str


@dataclass(frozen=True, slots=True)
class PersonJoined:
    """Somebody takes part from now on."""

    person: int


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A text was added; it stands in the message row of that id."""

    message: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionGiven:
    """An agent resolved the ticket; the requester has until `close_due` to object."""

    message: str
    round: int
    close_due: datetime
    remind_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionDecided:
    """The requester accepted or rejected the resolution of that round."""

    round: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class Reminded:
    """The requester was reminded that the ticket waits for closure."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """Work begins again: rejected, or answered while waiting for closure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked:
    """An approver was asked. A new round makes the links of the old one void."""

    approver: int
    round: int
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """The approver of that round decided."""

    round: int
    approved: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """The end. A closed ticket never changes again."""

    category: str


Event = (
    TicketOpened
    | FieldChanged
    | Tagged
    | StatusMoved
    | PersonJoined
    | MessageAdded
    | ResolutionGiven
    | ResolutionDecided
    | Reminded
    | Reopened
    | ApprovalAsked
    | ApprovalDecided
    | Closed
)

EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        TicketOpened,
        FieldChanged,
        Tagged,
        StatusMoved,
        PersonJoined,
        MessageAdded,
        ResolutionGiven,
        ResolutionDecided,
        Reminded,
        Reopened,
        ApprovalAsked,
        ApprovalDecided,
        Closed,
    )
}
