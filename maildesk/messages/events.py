"""What happened to a ticket, in words. Every kind of event has its words: a test says so. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

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
from maildesk.model.message import Message, Value
from maildesk.model.person import Person

Names = Mapping[int, Person]


def event_message(event: Event, names: Names) -> Message:
    """The event in words; people are named by address, as far as `names` knows them."""
    describe = DESCRIPTIONS.get(type(event))
    if describe is None:
        return Message.of("event.unknown", name=type(event).__name__)
    return describe(event, names)


def person_value(person: int | None, names: Names) -> Value:
    """The address of a person, for a message."""
    if person is None:
        return Message.of("person.nobody")
    return names[person].address if person in names else Message.of("person.erased")


def _fixed(id: str) -> Callable[[Any, Names], Message]:
    return lambda _event, _names: Message.of(id)


def _opened(event: TicketOpened, names: Names) -> Message:
    requester = person_value(event.requester, names)
    return Message.of("event.opened", requester=requester, source=event.source)


def _field_changed(event: FieldChanged, names: Names) -> Message:
    old, new = event.old, event.new
    if event.field == "assignee" and not isinstance(old, str) and not isinstance(new, str):
        return Message.of(
            "event.assigned", old=person_value(old, names), new=person_value(new, names)
        )
    field = event.field.replace("_", " ")
    return Message.of("event.field-changed", field=field, old=old or "-", new=new or "-")


def _status_moved(event: StatusMoved, _names: Names) -> Message:
    return Message.of("event.status-changed", old=event.old, new=event.new)


def _tagged(event: Tagged, _names: Names) -> Message:
    return Message.of("event.tag-added", tag=event.tag)


def _untagged(event: Untagged, _names: Names) -> Message:
    return Message.of("event.tag-removed", tag=event.tag)


def _rule_acted(event: RuleActed, _names: Names) -> Message:
    return Message.of("event.rule-acted", action=event.action)


def _rules_due(event: RulesDue, _names: Names) -> Message:
    if event.rules_due is None:
        return Message.of("event.rules-not-scheduled")
    return Message.of("event.rules-scheduled", due=event.rules_due)


def _joined(event: PersonJoined, names: Names) -> Message:
    return Message.of("event.participant-added", person=person_value(event.person, names))


def _left(event: PersonLeft, names: Names) -> Message:
    return Message.of("event.participant-removed", person=person_value(event.person, names))


def _requester_changed(event: RequesterChanged, names: Names) -> Message:
    old, new = person_value(event.old, names), person_value(event.new, names)
    return Message.of("event.requester-changed", old=old, new=new)


def _message_added(event: MessageAdded, _names: Names) -> Message:
    return Message.of("event.message-added", kind=event.kind)


def _held_settled(event: HeldSettled, _names: Names) -> Message:
    return _HELD[event.outcome]


_HELD = {
    "added": Message.of("event.held-added"),
    "split": Message.of("event.held-split"),
    "dropped": Message.of("event.held-dropped"),
}


def _paused(event: Paused, _names: Names) -> Message:
    if event.message is None:
        return Message.of("event.hold-ended")
    if event.wake_due is None:
        return Message.of("event.on-hold")
    return Message.of("event.on-hold-until", due=event.wake_due)


def _escalated(event: Escalated, _names: Names) -> Message:
    if not event.back_to:
        return Message.of("event.escalation-returned", team=event.old)
    return Message.of("event.escalated", team=event.back_to)


def _related(event: Related, _names: Names) -> Message:
    return Message.of("event.related", kind=event.kind, ticket=event.other)


def _unrelated(event: Unrelated, _names: Names) -> Message:
    return Message.of("event.unrelated", kind=event.kind, ticket=event.other)


def _parent_changed(event: ParentChanged, _names: Names) -> Message:
    if event.new is None:
        return Message.of("event.parent-removed", ticket=event.old or 0)
    return Message.of("event.parent-set", ticket=event.new)


def _merged(event: MergedInto, _names: Names) -> Message:
    return Message.of("event.merged", ticket=event.survivor)


def _problem_seen(event: ProblemSeen, _names: Names) -> Message:
    if event.again:
        return Message.of("event.problem-returned", key=event.key)
    return Message.of("event.problem-reported", key=event.key)


def _problem_ended(event: ProblemEnded, _names: Names) -> Message:
    if event.settle_due is None:
        return Message.of("event.problem-ended")
    return Message.of("event.problem-settling", due=event.settle_due)


def _problems_taken_over(event: ProblemsTakenOver, _names: Names) -> Message:
    return Message.of("event.problems-taken-over", keys=event.keys)


def _resolution_given(event: ResolutionGiven, _names: Names) -> Message:
    return Message.of("event.resolution-given", due=event.close_due)


def _closure_scheduled(event: ClosureScheduled, _names: Names) -> Message:
    if event.close_due is None:
        return Message.of("event.closure-cancelled")
    return Message.of("event.closure-scheduled", due=event.close_due)


def _closure_postponed(event: ClosurePostponed, _names: Names) -> Message:
    return Message.of("event.closure-postponed", due=event.close_due)


def _resolution_decided(event: ResolutionDecided, _names: Names) -> Message:
    accepted = event.accepted
    return Message.of("event.resolution-accepted" if accepted else "event.resolution-rejected")


def _closed(event: Closed, _names: Names) -> Message:
    if not event.note:
        return Message.of("event.closed", category=event.category)
    return Message.of("event.closed-with-note", category=event.category, note=event.note)


def _approval_asked(event: ApprovalAsked, names: Names) -> Message:
    approvers = tuple(person_value(one, names) for one in event.approvers)
    if event.expire_due is None:
        return Message.of("event.approval-requested", kind=event.kind, approvers=approvers)
    return Message.of(
        "event.approval-requested-until",
        kind=event.kind,
        approvers=approvers,
        due=event.expire_due,
    )


def _approval_voted(event: ApprovalVoted, names: Names) -> Message:
    vote = "event.approval-vote-yes" if event.approved else "event.approval-vote-no"
    return Message.of(vote, person=person_value(event.person, names))


def _approval_decided(event: ApprovalDecided, _names: Names) -> Message:
    return Message.of("event.approval-given" if event.approved else "event.approval-denied")


def _approval_passed_on(event: ApprovalPassedOn, names: Names) -> Message:
    old, new = person_value(event.approver, names), person_value(event.to, names)
    return Message.of("event.approval-forwarded", old=old, new=new, why=_FORWARDED[event.why])


_FORWARDED = {
    "delegated": Message.of("approval.why-delegated"),
    "absent": Message.of("approval.why-absent"),
    "away": Message.of("approval.why-away"),
    "bounced": Message.of("approval.why-bounced"),
    "expired": Message.of("approval.why-expired"),
}


def _absence_seen(event: AbsenceSeen, names: Names) -> Message:
    if event.alone is not None:
        return Message.of("event.approver-alone", person=person_value(event.alone, names))
    if event.away_due is None:
        return Message.of("event.absences-checked")
    return Message.of("event.absences-checked-until", due=event.away_due)


def _approval_withdrawn(event: ApprovalWithdrawn, _names: Names) -> Message:
    ended = event.with_ticket
    return Message.of("event.approval-not-needed" if ended else "event.approval-withdrawn")


def _timer_set(event: TimerSet, _names: Names) -> Message:
    timer = event.timer
    metric, number = timer.metric.replace("_", " "), timer.serial
    if timer.due is None:
        return Message.of("event.sla", metric=metric, number=number, outcome=timer.outcome.value)
    return Message.of(
        "event.sla-due", metric=metric, number=number, outcome=timer.outcome.value, due=timer.due
    )


def _step_reached(event: EscalationStepReached, _names: Names) -> Message:
    metric = event.metric.replace("_", " ")
    return Message.of("event.sla-step", metric=metric, step=event.step)


DESCRIPTIONS: Mapping[type, Callable[[Any, Names], Message]] = {
    TicketOpened: _opened,
    FieldChanged: _field_changed,
    Tagged: _tagged,
    Untagged: _untagged,
    StatusMoved: _status_moved,
    RuleActed: _rule_acted,
    RulesDue: _rules_due,
    PersonJoined: _joined,
    PersonLeft: _left,
    RequesterChanged: _requester_changed,
    MessageAdded: _message_added,
    MessageMoved: _fixed("event.message-moved"),
    Paused: _paused,
    Escalated: _escalated,
    Related: _related,
    Unrelated: _unrelated,
    ParentChanged: _parent_changed,
    MergedInto: _merged,
    HeldSettled: _held_settled,
    ResolutionGiven: _resolution_given,
    ResolutionWithdrawn: _fixed("event.resolution-withdrawn"),
    ClosureScheduled: _closure_scheduled,
    ClosurePostponed: _closure_postponed,
    ProblemSeen: _problem_seen,
    ProblemEnded: _problem_ended,
    ProblemsTakenOver: _problems_taken_over,
    ResolutionDecided: _resolution_decided,
    Reminded: _fixed("event.requester-reminded"),
    Reopened: _fixed("event.reopened"),
    ApprovalAsked: _approval_asked,
    ApprovalVoted: _approval_voted,
    ApprovalDecided: _approval_decided,
    ApprovalPassedOn: _approval_passed_on,
    AbsenceSeen: _absence_seen,
    ApprovalReminded: _fixed("event.approvers-reminded"),
    ApprovalExpired: _fixed("event.approval-expired"),
    ApprovalWithdrawn: _approval_withdrawn,
    TimerSet: _timer_set,
    EscalationStepReached: _step_reached,
    Closed: _closed,
}
