"""The events that make up the append-only history of a ticket.

Events hold ids and old and new values but never texts, so that a person's data can be erased.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from maildesk.model.sla.metrics import Metric
from maildesk.model.sla.timer import SlaTimer

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
    """A ticket was opened. `parent` is the closed ticket that a late reply refers to."""

    requester: int
    source: str
    status: str
    state: str
    request_type: str
    parent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanged:
    """A classification field has a new value. `rule` names the rule that set it, if one did."""

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
    """A tag was removed."""

    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMoved:
    """The status changed by an allowed transition or by an undo; `state` is that of the new status.

    A change of status ends every hold. `rule` names the rule that changed it, if one did.
    """

    old: str
    new: str
    state: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleActed:
    """A rule did something that no field shows: a note, mail, watcher, hold or escalation."""

    rule: str
    action: str


@dataclass(frozen=True, slots=True)
class RulesDue:
    """When the next delayed rule is evaluated; None if no rule is waiting."""

    rules_due: datetime | None


@dataclass(frozen=True, slots=True)
class PersonJoined:
    """A person became a participant."""

    person: int


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """A person is no longer a participant."""

    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterChanged:
    """The ticket belongs to another requester: it was opened on that person's behalf."""

    old: int
    new: int


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A message was added; its text is in the message row with that id."""

    message: str
    kind: str


@dataclass(frozen=True, slots=True)
class MessageMoved:
    """A message was moved to a separate ticket."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The ticket is on hold for the reason in the message, at most until `wake_due`.

    A hold by a rule has no message (""); the rule's text is a note. None: the hold was undone.
    """

    message: str | None = ""
    wake_due: datetime | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """The ticket was escalated for the reason in the message; a rule gives no reason.

    `back_to` is the team to return it to, "" if it was returned; `old` is the previous `back_to`.
    """

    message: str = ""
    old: str
    back_to: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """The ticket was related to another one, whose history has the matching event.

    `rule` names the rule that did it, if one did.
    """

    kind: RelationKind
    other: int
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Unrelated:
    """A relation to another ticket was removed."""

    kind: RelationKind
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentChanged:
    """The ticket became a child ticket, or is no longer one."""

    old: int | None
    new: int | None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class MergedInto:
    """All messages and participants of this ticket were moved to that ticket."""

    survivor: int


@dataclass(frozen=True, slots=True)
class HeldSettled:
    """An agent decided about a held mail; its text is in the message with that id."""

    message: str
    outcome: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionGiven:
    """An agent resolved the ticket; the requester can object until `close_due`."""

    message: str
    round: int
    close_due: datetime
    remind_due: datetime | None


@dataclass(frozen=True, slots=True)
class ResolutionWithdrawn:
    """The agent withdrew the resolution of that round before the requester decided."""

    round: int


@dataclass(frozen=True, slots=True)
class ClosureScheduled:
    """Resolved without asking the requester: closes automatically at `close_due`.

    None: it does not close automatically, because the requester objected.
    """

    close_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosurePostponed:
    """The requester needs more time before the ticket closes automatically."""

    close_due: datetime
    remind_due: datetime | None


@dataclass(frozen=True, slots=True)
class ProblemSeen:
    """Monitoring reports the problem `key`; `again` if it had recovered before."""

    key: str
    again: bool


@dataclass(frozen=True, slots=True)
class ProblemEnded:
    """Monitoring reports that the problem `key` has recovered.

    A flapping problem must stay recovered until `settle_due`. An event with the key "" records that
    this time has passed.
    """

    settle_due: datetime | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class ProblemsTakenOver:
    """The open problems of a ticket that was merged into this one."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionDecided:
    """The requester accepted or rejected the resolution of that round."""

    round: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class Reminded:
    """The requester was reminded that the ticket is waiting for closure."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """Work resumes: the resolution was rejected, or a reply came while waiting for closure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked:
    """These people were asked to approve. A new round invalidates the links of the previous one.

    `kind` is an [[approval]] of approvals.toml and `level` counts its levels from 0. `agreed`
    approved at an earlier level and are not asked again. `away_due` is when the next absence of an
    approver begins.
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
    """One of several approvers decided; others still have to decide."""

    round: int
    person: int
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """The round is decided, by `person` or, if None, automatically.

    `more` says that another level follows.
    """

    round: int
    approved: bool
    person: int | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPassedOn:
    """Another person is asked instead of an approver, with the full time to decide."""

    round: int
    approver: int
    to: int
    why: SubstitutionReason
    remind_due: datetime | None = None
    expire_due: datetime | None = None
    away_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceSeen:
    """The absences of approvers were checked; `away_due` is when the next one begins.

    `alone` is an approver who is away and has no substitute.
    """

    round: int
    away_due: datetime | None
    alone: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReminded:
    """Approvers who have not decided were reminded; the next reminder is at `remind_due`."""

    round: int
    remind_due: datetime | None
    away_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired:
    """No approver decided in time, and others were asked; `expire_due` is the next expiry."""

    round: int
    expire_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWithdrawn:
    """The approval is no longer needed: the requester withdrew the request, or the ticket ended.

    `with_ticket` marks the second case.
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
    """The ticket was closed. A closed ticket never changes again.

    `note` is the closure note of workflow.toml; `message` is the id of a closure note in free text.
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
