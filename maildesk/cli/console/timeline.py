"""A ticket's history in words: what happened, who did it, how that is known, by which cause."""

from collections.abc import Mapping
from datetime import datetime

from maildesk.model.decision import Actor
from maildesk.model.event import (
    AbsenceSeen,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalPassedOn,
    ApprovalReminded,
    ApprovalVoted,
    ApprovalWithdrawn,
    ClockSet,
    Closed,
    ClosurePostponed,
    ClosureScheduled,
    Escalated,
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
    Reminded,
    Reopened,
    RequesterChanged,
    ResolutionDecided,
    ResolutionGiven,
    ResolutionWithdrawn,
    RuleActed,
    RulesDue,
    RungReached,
    StatusMoved,
    Tagged,
    TicketOpened,
    Unrelated,
    Untagged,
)
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.store.tickets import Recorded

_TIME = "%Y-%m-%d %H:%M"
Names = Mapping[int, Person]


def line(recorded: Recorded, names: Names) -> str:
    """One line of the history."""
    rule = getattr(recorded.event, "rule", "")
    by = f'rule "{rule}"' if rule else _actor(recorded.actor, names)
    what = happened(recorded.event, names)
    return f"{recorded.at:{_TIME}}  {what}  ({by}; {recorded.cause})"


def named(person: int | None, names: Names) -> str:
    """Somebody by address."""
    if person is None:
        return "nobody"
    return names[person].address if person in names else "somebody"


def fields(ticket: Ticket, names: Names) -> dict[str, str]:
    """What the ticket is, in the order of its fields, without what is empty."""
    found = {name: _field(ticket, name, names) for name in Ticket.__dataclass_fields__}
    return {name: value for name, value in found.items() if value and name not in _APART}


# Ids, and what is told below.
_APART = frozenset({"clocks", "hold", "resolution", "closure_message"})


def _field(ticket: Ticket, name: str, names: Names) -> str:
    value = getattr(ticket, name)
    match name:
        case "requester" | "assignee":
            return "" if value is None else named(value, names)
        case "participants":
            return ", ".join(named(one, names) for one in value)
        case "tags" | "problems":
            return ", ".join(value)
        case "relations":
            return ", ".join(f"{one.kind} {one.other}" for one in value)
        case "approval" if value is not None:
            asked = ", ".join(named(one, names) for one in value.approvers)
            return f'"{value.kind}" of {asked}: {value.outcome}'
        case _:
            if isinstance(value, datetime):
                return f"{value:{_TIME}}"
            return "" if value in (None, "", 0) else str(value)


def _actor(actor: Actor, names: Names) -> str:
    """Who it was and by which proof; the desk, the clock or a rule where it was nobody."""
    known = names.get(actor.person) if actor.person is not None else None
    who = known.name if known else f"the {actor.kind}"
    return f"{who}, {actor.proof}" if actor.proof else who


def happened(event: Event, names: Names) -> str:
    """The event in words."""
    for describe in (_of_fields, _of_people, _of_texts, _of_bonds, _of_ends, _of_approvals):
        said = describe(event, names)
        if said:
            return said
    return _of_time(event)


def _until(due: datetime | None, before: str = " until") -> str:
    return f"{before} {due:{_TIME}}" if due else ""


def _of_fields(event: Event, names: Names) -> str:
    match event:
        case TicketOpened(requester=requester, source=source):
            return f"opened for {named(requester, names)}, by {source}"
        case FieldChanged(field="assignee", old=int() | None as old, new=int() | None as new):
            return f"assignee: {named(old, names)} -> {named(new, names)}"
        case FieldChanged(field=field, old=before, new=after):
            return f"{field.replace('_', '-')}: {before or '-'} -> {after or '-'}"
        case StatusMoved(old=before, new=after):
            return f"status: {before} -> {after}"
        case Tagged(tag=tag):
            return f'tagged "{tag}"'
        case Untagged(tag=tag):
            return f'tag "{tag}" taken off'
        case RuleActed(action=action):
            return f"did what a rule says: {action}"
        case _:
            return ""


def _of_people(event: Event, names: Names) -> str:
    match event:
        case PersonJoined(person=person):
            return f"{named(person, names)} takes part"
        case PersonLeft(person=person):
            return f"{named(person, names)} takes part no longer"
        case RequesterChanged(old=old, new=new):
            return f"requester: {named(old, names)} -> {named(new, names)}"
        case _:
            return ""


def _of_texts(event: Event, _names: Names) -> str:
    match event:
        case MessageAdded(kind=kind):
            return f"{kind} added"
        case MessageMoved():
            return "a text went to a ticket of its own"
        case HeldSettled(outcome=outcome):
            return f"a held mail was {outcome}"
        case Paused(message=None):
            return "waits for nothing any more"
        case Paused(wake_due=due):
            return f"waits{_until(due)}"
        case Escalated(back_to="", old=team):
            return f"handed back to {team}"
        case Escalated(back_to=team):
            return f"escalated by {team}" if team else "escalated"
        case _:
            return ""


def _of_bonds(event: Event, _names: Names) -> str:
    match event:
        case Related(kind=kind, other=other):
            return f"{kind} {other}"
        case Unrelated(kind=kind, other=other):
            return f"no longer {kind} {other}"
        case ParentChanged(old=old, new=new):
            return f"parent: {old or '-'} -> {new or '-'}"
        case MergedInto(survivor=survivor):
            return f"merged into {survivor}"
        case ProblemSeen(key=key, again=again):
            return f"problem {'came back' if again else 'reported'}: {key}"
        case ProblemsTakenOver(keys=keys):
            return f"problems of a merged ticket: {', '.join(keys)}"
        case ProblemEnded(settle_due=due):
            return f"problem over{_until(due, ', if it stays so until')}"
        case _:
            return ""


def _of_ends(event: Event, _names: Names) -> str:
    match event:
        case ResolutionGiven(close_due=due):
            return f"resolution given{_until(due, '; without an answer it closes')}"
        case ResolutionWithdrawn():
            return "resolution taken back"
        case ClosureScheduled(close_due=None):
            return "closes by itself no more"
        case ClosureScheduled(close_due=due):
            return f"resolved{_until(due, '; closes')}"
        case ClosurePostponed(close_due=due):
            return f"kept open{_until(due)}"
        case ResolutionDecided(accepted=accepted):
            return f"resolution {'accepted' if accepted else 'rejected'}"
        case Reminded():
            return "requester reminded"
        case Reopened():
            return "reopened"
        case Closed(category=category, note=note):
            return f"closed: {category}" + (f" ({note})" if note else "")
        case _:
            return ""


def _of_approvals(event: Event, names: Names) -> str:
    match event:
        case ApprovalAsked(approvers=approvers, kind=kind, expire_due=due):
            asked = ", ".join(named(one, names) for one in approvers)
            return f'approval "{kind}" asked of {asked}{_until(due)}'
        case ApprovalVoted(person=person, approved=yes):
            return f"{named(person, names)} {'approved' if yes else 'rejected'}; others have yet to"
        case ApprovalDecided(approved=yes):
            return "approved" if yes else "not approved"
        case ApprovalPassedOn(approver=old, to=new, why=why):
            return f"approval passed on from {named(old, names)} to {named(new, names)} ({why})"
        case ApprovalReminded():
            return "approvers reminded"
        case ApprovalExpired():
            return "approval expired; others asked"
        case AbsenceSeen(alone=int() as alone):
            return f"{named(alone, names)} is away, and nobody is left to be asked instead"
        case AbsenceSeen(away_due=due):
            return f"looked who is away{_until(due, '; next on')}"
        case ApprovalWithdrawn(with_ticket=True):
            return "the approval is needed no longer: the ticket ended"
        case ApprovalWithdrawn():
            return "request withdrawn"
        case _:
            return ""


def _of_time(event: Event) -> str:
    match event:
        case ClockSet(clock=clock):
            promise = f"promise {clock.metric} {clock.serial}: {clock.outcome}"
            return promise + _until(clock.due, ", due")
        case RungReached(metric=metric, rung=rung):
            return f"promise {metric}: {rung} reached"
        case RulesDue(rules_due=due):
            return f"rules look again{_until(due, '')}" if due else "no rule waits"
        case _:
            raise AssertionError(f"no words for {event!r}")
