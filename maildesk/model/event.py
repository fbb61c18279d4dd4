"""What can happen to a ticket: the append-only history.

Events hold ids and old/new values, never texts, so that a person can be erased.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from maildesk.model.sla import Metric
from maildesk.model.sla_timer import SlaTimer

Value = str | int | None
Release = Literal["added", "split", "dropped"]
Field = Literal[
    "source",
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
Quorum = Literal["all", "any", "majority", "first"]
SubstitutionReason = Literal["delegated", "absent", "away", "bounced", "expired"]
RelationKind = Literal[
    "related", "duplicate", "blocks", "blocked-by", "merged", "split-from", "split-into"
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


@dataclass(frozen=True, slots=True)
class Untagged:
    """A tag was taken off."""

    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMoved:
    """The status changed by a legal move, or back by an undo; `state` is the new status's state.

    A move ends what the ticket waited for. `rule` names the rule that did it, if one did.
    """

    old: str
    new: str
    state: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleActed:
    """A rule did what no field shows: a note, a mail, a watcher, a hold, an escalation."""

    rule: str
    action: str


@dataclass(frozen=True, slots=True)
class RulesDue:
    """When a rule that waits looks next; None: none waits."""

    rules_due: datetime | None


@dataclass(frozen=True, slots=True)
class PersonJoined:
    """Somebody takes part from now on."""

    person: int


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """Somebody takes part no longer."""

    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterChanged:
    """The ticket is another person's from now on: it was opened on their behalf."""

    old: int
    new: int


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A text was added; it stands in the message row of that id."""

    message: str
    kind: str


@dataclass(frozen=True, slots=True)
class MessageMoved:
    """A text left this ticket for one of its own."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The ticket waits for something that the message says, at most until `wake_due`.

    Of a rule there is no message: its words are a note of the ticket. None: it waits for nothing
    any more, since that was taken back.
    """

    message: str | None = ""
    wake_due: datetime | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """Handed to another level, for the reason in that message; a rule gives none.

    `back_to` is the team that it came from, "" where it was handed back; `old` the team that it
    would have gone back to until now.
    """

    message: str = ""
    old: str
    back_to: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """The ticket has to do with another; the other one's history has the counterpart.

    `rule` names the rule that did it, if one did.
    """

    kind: RelationKind
    other: int
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Unrelated:
    """It has not, after all."""

    kind: RelationKind
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentChanged:
    """The ticket became a child, or a child no longer."""

    old: int | None
    new: int | None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class MergedInto:
    """All that was said here, and all who took part, went over to that ticket."""

    survivor: int


@dataclass(frozen=True, slots=True)
class HeldSettled:
    """An agent decided about a mail that was held; its text is the message of that id."""

    message: str
    outcome: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionGiven:
    """An agent resolved the ticket; the requester has until `close_due` to object."""

    message: str
    round: int
    close_due: datetime
    remind_due: datetime | None


@dataclass(frozen=True, slots=True)
class ResolutionWithdrawn:
    """The agent took the resolution of that round back before anybody decided."""

    round: int


@dataclass(frozen=True, slots=True)
class ClosureScheduled:
    """Resolved without a question to the requester: it closes by itself then. None: it does so no
    more, since the requester objects."""

    close_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosurePostponed:
    """The requester needs more time before the ticket closes by itself."""

    close_due: datetime
    remind_due: datetime | None


@dataclass(frozen=True, slots=True)
class ProblemSeen:
    """Monitoring reports the problem of that key; `again` where it had ended before."""

    key: str
    again: bool


@dataclass(frozen=True, slots=True)
class ProblemEnded:
    """Monitoring reports that the problem `key` is over, or ("") the time is that it must stay so.

    Where it flaps, it must stay so until `settle_due`.
    """

    settle_due: datetime | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class ProblemsTakenOver:
    """These problems are not over, and their ticket was merged into this one."""

    keys: tuple[str, ...]


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
    """These people were asked. A new round makes the links of the old one void.

    `kind` is an [[approval]] of approvals.toml and `level` the place of its level, from 0.
    `agreed` approved at an earlier level, and are not asked again. `away_due` is when the next
    absence of an approver begins.
    """

    approvers: tuple[int, ...]
    round: int
    rule: str = ""
    kind: str = "manager"
    level: int = 0
    quorum: Quorum = "all"
    agreed: tuple[int, ...] = ()
    remind_due: datetime | None = None
    expire_due: datetime | None = None
    away_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalVoted:
    """One of several approvers decided, and others still have to."""

    round: int
    person: int
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """The question of that round is decided, by the word of `person` where it was not the clock.

    `more`: another level is asked next.
    """

    round: int
    approved: bool
    person: int | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPassedOn:
    """Another person is asked in the place of one who was, and has the whole time to decide."""

    round: int
    approver: int
    to: int
    why: SubstitutionReason
    remind_due: datetime | None = None
    expire_due: datetime | None = None
    away_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceSeen:
    """It was looked at who is away; `away_due` is when the next absence of an approver begins.

    `alone` is an approver who is, and nobody is left to be asked instead.
    """

    round: int
    away_due: datetime | None
    alone: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReminded:
    """Those who have yet to decide were reminded; `remind_due` is when they are again."""

    round: int
    remind_due: datetime | None
    away_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired:
    """Nobody decided in time, and others were asked; `expire_due` is when it expires again."""

    round: int
    expire_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWithdrawn:
    """Nobody has to decide any more: the requester took the request back, or its ticket ended.

    `with_ticket`: the second.
    """

    round: int
    with_ticket: bool = False


@dataclass(frozen=True, slots=True)
class TimerSet:
    """An SLA timer was started, paused, stopped or evaluated again; it is derived from the
    other events and sla.toml (lifecycle.sla)."""

    timer: SlaTimer


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStepReached:
    """A step of the escalation policy of an SLA timer was reached: "80%", "due", "+2h"."""

    metric: Metric
    serial: int
    step: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The end. A closed ticket never changes again.

    `note` is the closure note of workflow.toml; `message` has it in somebody's own words.
    """

    category: str
    note: str = ""
    message: str | None = None


Event = (
    TicketOpened
    | FieldChanged
    | Tagged
    | Untagged
    | StatusMoved
    | RuleActed
    | RulesDue
    | PersonJoined
    | PersonLeft
    | RequesterChanged
    | MessageAdded
    | MessageMoved
    | Paused
    | Escalated
    | Related
    | Unrelated
    | ParentChanged
    | MergedInto
    | HeldSettled
    | ResolutionGiven
    | ResolutionWithdrawn
    | ClosureScheduled
    | ClosurePostponed
    | ProblemSeen
    | ProblemEnded
    | ProblemsTakenOver
    | ResolutionDecided
    | Reminded
    | Reopened
    | ApprovalAsked
    | ApprovalVoted
    | ApprovalDecided
    | ApprovalPassedOn
    | AbsenceSeen
    | ApprovalReminded
    | ApprovalExpired
    | ApprovalWithdrawn
    | TimerSet
    | EscalationStepReached
    | Closed
)

EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        TicketOpened,
        FieldChanged,
        Tagged,
        Untagged,
        StatusMoved,
        RuleActed,
        RulesDue,
        PersonJoined,
        PersonLeft,
        RequesterChanged,
        MessageAdded,
        MessageMoved,
        Paused,
        Escalated,
        Related,
        Unrelated,
        ParentChanged,
        MergedInto,
        HeldSettled,
        ResolutionGiven,
        ResolutionWithdrawn,
        ClosureScheduled,
        ClosurePostponed,
        ProblemSeen,
        ProblemEnded,
        ProblemsTakenOver,
        ResolutionDecided,
        Reminded,
        Reopened,
        ApprovalAsked,
        ApprovalVoted,
        ApprovalDecided,
        ApprovalPassedOn,
        AbsenceSeen,
        ApprovalReminded,
        ApprovalExpired,
        ApprovalWithdrawn,
        TimerSet,
        EscalationStepReached,
        Closed,
    )
}
