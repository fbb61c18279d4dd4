"""The ticket as a value, and how each event changes it.

The database row stores this value. It changes only through `evolve`.
"""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from maildesk.model.approval import Approval, ApprovalEvent, apply, open_round
from maildesk.model.event import (
    AbsenceSeen,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalPassedOn,
    ApprovalReminded,
    ApprovalVoted,
    ApprovalWithdrawn,
    Closed,
    ClosurePostponed,
    ClosureScheduled,
    Escalated,
    EscalationStepReached,
    Event,
    FieldChanged,
    HeldSettled,
    MergedInto,
    MessageAdded,
    MessageMoved,
    ParentChanged,
    Paused,
    PersonJoined,
    PersonLeft,
    ProblemEnded,
    ProblemSeen,
    ProblemsTakenOver,
    Related,
    RelationKind,
    Reminded,
    Reopened,
    RequesterChanged,
    ResolutionDecided,
    ResolutionGiven,
    ResolutionWithdrawn,
    RuleActed,
    RulesDue,
    StatusMoved,
    Tagged,
    TicketOpened,
    TimerSet,
    Unrelated,
    Untagged,
)
from maildesk.model.sla.timer import SlaTimer

T = TypeVar("T")
_ResolutionEvent = (
    ClosureScheduled
    | ResolutionWithdrawn
    | ResolutionGiven
    | ClosurePostponed
    | ResolutionDecided
    | Reminded
    | Reopened
)


def spoken(number: int) -> str:
    """A ticket's number as people read and write it: "MD-1042"."""
    return f"MD-{number}"


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of one ticket to another."""

    kind: RelationKind
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket. `number` is shown as [MD-1042]. All times are UTC.

    `round` is the number that links are bound to: each resolution and each approval request begins
    a new round. `resolution` is the id of the message that resolved the ticket, `hold` that of the
    message with the reason of the hold. `participants` are sorted by id. `back_to` is the team that
    escalated the ticket. `event_key` is the monitoring problem that it was opened for; `problems`
    are all that have not recovered, including those of merged tickets; `flaps` counts how often one
    came back, and `settle_due` is when all have been recovered for long enough. Messages to a
    ticket with `merged_into` belong to that ticket. `status_since` is when the current status was
    set; `rules_due` is when the next delayed rule is evaluated.
    """

    number: int
    requester: int
    source: str
    status: str
    state: str
    request_type: str
    opened_at: datetime
    updated_at: datetime
    parent: int | None = None
    service: str = ""
    category: str = ""
    sub_category: str = ""
    impact: str = ""
    urgency: str = ""
    priority: str = ""
    team: str = ""
    assignee: int | None = None
    tags: tuple[str, ...] = ()
    participants: tuple[int, ...] = ()
    relations: tuple[Relation, ...] = ()
    merged_into: int | None = None
    back_to: str = ""
    hold: str | None = None
    wake_due: datetime | None = None
    approval: Approval | None = None
    round: int = 0
    resolution: str | None = None
    reopened: int = 0
    close_due: datetime | None = None
    remind_due: datetime | None = None
    status_since: datetime | None = None
    rules_due: datetime | None = None
    closed_at: datetime | None = None
    closure_category: str = ""
    closure_note: str = ""
    closure_message: str | None = None
    event_key: str | None = None
    problems: tuple[str, ...] = ()
    flaps: int = 0
    settle_due: datetime | None = None
    sla_timers: tuple[SlaTimer, ...] = ()

    @property
    def next_due(self) -> datetime | None:
        """The earliest deadline of this ticket; None if it has none."""
        waits = (self.close_due, self.remind_due, self.wake_due, self.settle_due, self.rules_due)
        asked_until = self.approval.due if self.approval and self.waits_for_approval else None
        dues = (*waits, asked_until, *(timer.next_check for timer in self.sla_timers))
        return min((due for due in dues if due), default=None)

    @property
    def is_closed(self) -> bool:
        """Whether the ticket is closed, which is final."""
        return self.closed_at is not None

    @property
    def is_resolved(self) -> bool:
        """Whether the ticket is in the state Resolved."""
        return self.state == "Resolved"

    @property
    def unclassified(self) -> tuple[str, ...]:
        """The classification fields that are not set; impact and urgency determine the priority."""
        needed = ("service", "category", "impact", "urgency")
        return tuple(name for name in needed if not getattr(self, name))

    @property
    def is_classified(self) -> bool:
        """Whether service, category, impact, urgency and therefore the priority are set."""
        return not self.unclassified and bool(self.priority)

    @property
    def waits_for_approval(self) -> bool:
        """Whether an approval is open and can still be decided.

        A later round, such as that of a resolution, makes an open approval void.
        """
        question = self.approval
        current = question is not None and question.is_open and question.round == self.round
        return current and not self.is_closed

    @property
    def waits_for_requester(self) -> bool:
        """Whether a resolution is waiting to be accepted or rejected."""
        return self.close_due is not None and self.resolution is not None

    def takes_part(self, person: int) -> bool:
        """Whether the person may write to this ticket without permission of an agent."""
        is_asked = self.approval is not None and person in self.approval.approvers
        return is_asked or person in (self.requester, self.assignee, *self.participants)


_ENDED_STATES = frozenset({"Resolved", "Closed"})
_FIELDS = tuple(Ticket.__dataclass_fields__)
_read = attrgetter(*_FIELDS)
_WRITE = tuple(getattr(Ticket, name).__set__ for name in _FIELDS)


def _with(ticket: Ticket, **changes: Any) -> Ticket:
    """The ticket with these fields replaced; three times as fast as dataclasses.replace.

    A mail causes about a dozen events, each of which makes a new value.
    """
    after = object.__new__(Ticket)
    for write, value in zip(_WRITE, _read(ticket), strict=True):
        write(after, value)
    for name, value in changes.items():
        object.__setattr__(after, name, value)
    return after


def evolve(ticket: Ticket | None, event: Event, *, number: int, at: datetime) -> Ticket:
    """The ticket after the event. `ticket` is None only for TicketOpened.

    Raises ValueError if another event comes first, or if one decides an approval that is not open.
    """
    if isinstance(event, TicketOpened):
        return _opened(event, number, at)
    if ticket is None:
        raise ValueError(f"history of ticket {number} does not begin with TicketOpened")
    after = _apply(ticket, event, at)
    if after is ticket:
        return _with(ticket, updated_at=at)
    object.__setattr__(after, "updated_at", at)  # safe: no one else has this new value yet
    return after


def _opened(event: TicketOpened, number: int, at: datetime) -> Ticket:
    return Ticket(
        number=number,
        requester=event.requester,
        source=event.source,
        status=event.status,
        state=event.state,
        request_type=event.request_type,
        parent=event.parent,
        opened_at=at,
        updated_at=at,
        status_since=at,
    )


def _apply(ticket: Ticket, event: Event, at: datetime) -> Ticket:
    match event:
        case FieldChanged(field=field, new=new):
            return _with_field(ticket, field, new)
        case Tagged(tag=tag):
            return _with(ticket, tags=_added(ticket.tags, tag))
        case StatusMoved(new=new, state=state):
            return _with_status(ticket, new, state, at)
        case RulesDue(rules_due=due):
            return _with(ticket, rules_due=due)
        case Untagged(tag=tag):
            return _with(ticket, tags=_without(ticket.tags, tag))
        case PersonJoined() | PersonLeft() | RequesterChanged():
            return _with_people(ticket, event)
        case Related() | Unrelated() | ParentChanged() | MergedInto():
            return _with_relations(ticket, event)
        case Paused(message=message, wake_due=wake_due):
            return _with(ticket, hold=message, wake_due=wake_due)
        case Escalated(back_to=back_to):
            return _with(ticket, back_to=back_to)
        case (
            ClosureScheduled()
            | ResolutionWithdrawn()
            | ResolutionGiven()
            | ClosurePostponed()
            | ResolutionDecided()
            | Reminded()
            | Reopened()
        ):
            return _with_resolution(ticket, event)
        case ApprovalAsked(round=round_):
            return _with(ticket, approval=open_round(event, at), round=round_)
        case (
            ApprovalVoted()
            | ApprovalDecided()
            | ApprovalPassedOn()
            | AbsenceSeen()
            | ApprovalReminded()
            | ApprovalExpired()
            | ApprovalWithdrawn()
        ):
            return _with_approval(ticket, event, at)
        case Closed():
            return _with_closure(ticket, event, at)
        case ProblemSeen() | ProblemEnded() | ProblemsTakenOver():
            return _with_problems(ticket, event)
        case TimerSet(timer=timer):
            return _with(ticket, sla_timers=_with_timer(ticket.sla_timers, timer))
        case TicketOpened() | MessageAdded() | MessageMoved() | HeldSettled():
            return ticket
        case RuleActed() | EscalationStepReached():
            return ticket


def _with_resolution(ticket: Ticket, event: _ResolutionEvent) -> Ticket:
    match event:
        case ClosureScheduled(close_due=close_due):
            return _with(ticket, close_due=close_due, remind_due=None)
        case ResolutionWithdrawn():
            return _with(ticket, resolution=None, close_due=None, remind_due=None)
        case ResolutionGiven():
            return _with(
                ticket,
                resolution=event.message,
                round=event.round,
                close_due=event.close_due,
                remind_due=event.remind_due,
            )
        case ClosurePostponed(close_due=close_due, remind_due=remind_due):
            return _with(ticket, close_due=close_due, remind_due=remind_due)
        case ResolutionDecided():
            return _with(ticket, close_due=None, remind_due=None)
        case Reminded():
            return _with(ticket, remind_due=None)
        case Reopened():
            return _with(
                ticket,
                reopened=ticket.reopened + 1,
                resolution=None,
                close_due=None,
                remind_due=None,
            )


def _with_problems(ticket: Ticket, event: ProblemSeen | ProblemEnded | ProblemsTakenOver) -> Ticket:
    match event:
        case ProblemSeen(key=key, again=again):
            return _with(
                ticket,
                event_key=ticket.event_key if again else key,
                problems=_added(ticket.problems, key),
                flaps=ticket.flaps + again,
                settle_due=None,
            )
        case ProblemEnded(settle_due=settle_due, key=key):
            return _with(ticket, problems=_without(ticket.problems, key), settle_due=settle_due)
        case ProblemsTakenOver(keys=keys):
            return _with(ticket, problems=tuple(dict.fromkeys((*ticket.problems, *keys))))


def _with_closure(ticket: Ticket, event: Closed, at: datetime) -> Ticket:
    """The closed ticket. Closing ends all its deadlines."""
    return _with(
        ticket,
        closed_at=at,
        closure_category=event.category,
        closure_note=event.note,
        closure_message=event.message,
        close_due=None,
        remind_due=None,
        hold=None,
        wake_due=None,
        settle_due=None,
        rules_due=None,
    )


def _with_status(ticket: Ticket, status: str, state: str, at: datetime) -> Ticket:
    """The ticket in its new status.

    This ends a hold, but an open `settle_due` stays until it resolves.
    """
    settle_due = None if state in _ENDED_STATES else ticket.settle_due
    ended = _with(ticket, hold=None, wake_due=None, settle_due=settle_due, rules_due=None)
    return _with(ended, status=status, state=state, status_since=at)


def _with_people(ticket: Ticket, event: PersonJoined | PersonLeft | RequesterChanged) -> Ticket:
    match event:
        case PersonJoined(person=person):
            return _with(ticket, participants=tuple(sorted({*ticket.participants, person})))
        case PersonLeft(person=person):
            return _with(ticket, participants=_without(ticket.participants, person))
        case RequesterChanged(new=new):
            return _with(ticket, requester=new)


def _with_relations(
    ticket: Ticket, event: Related | Unrelated | ParentChanged | MergedInto
) -> Ticket:
    match event:
        case Related(kind=kind, other=other):
            return _with(ticket, relations=_added(ticket.relations, Relation(kind, other)))
        case Unrelated(kind=kind, other=other):
            return _with(ticket, relations=_without(ticket.relations, Relation(kind, other)))
        case ParentChanged(new=new):
            return _with(ticket, parent=new)
        case MergedInto(survivor=survivor):
            return _with(ticket, merged_into=survivor)


def _with_field(ticket: Ticket, field: str, new: object) -> Ticket:
    return _with(ticket, **{field: new})


def _with_approval(ticket: Ticket, event: ApprovalEvent, at: datetime) -> Ticket:
    if ticket.approval is None:
        raise ValueError(f"ticket {ticket.number}: an approval was decided that nobody asked for")
    return _with(ticket, approval=apply(ticket.approval, event, at))


def _with_timer(timers: tuple[SlaTimer, ...], timer: SlaTimer) -> tuple[SlaTimer, ...]:
    """The timers with this one in its place, or added at the end."""
    if all(one.key != timer.key for one in timers):
        return (*timers, timer)
    return tuple(timer if one.key == timer.key else one for one in timers)


def _added(values: tuple[T, ...], value: T) -> tuple[T, ...]:
    return values if value in values else (*values, value)


def _without(values: tuple[T, ...], value: T) -> tuple[T, ...]:
    return tuple(one for one in values if one != value)
