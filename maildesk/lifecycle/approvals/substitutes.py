"""Substitutes for approvers who delegate, are away, bounce, or do not reply in time.

A substitute has the full time to decide. Absences of people.toml are checked when a round opens,
when an absence begins, and at each reminder.
"""

from maildesk.lifecycle.approvals import requests
from maildesk.lifecycle.approvals.approvers import next_in_line
from maildesk.lifecycle.approvals.requests import name
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.event import AbsenceSeen, ApprovalPassedOn, SubstitutionReason
from maildesk.model.message import Message
from maildesk.model.person import Person

_PASSED: dict[SubstitutionReason, str] = {
    "delegated": "approval.passed-delegated",
    "absent": "approval.passed-absent",
    "away": "approval.passed-away",
    "bounced": "approval.passed-bounced",
    "expired": "approval.passed-expired",
}


def pass_on(
    builder: DecisionBuilder, old: int, why: SubstitutionReason, to: int | None = None
) -> int | None:
    """Ask `to` instead of that approver, or by default the next in line. Returns that person.

    If nobody is left and the approver is away, agents are notified.
    """
    new = _handed(builder, old, why, to)
    if new is not None:
        requests.send_request(builder, "", _note(builder, old, new, why), (new,))
    elif why in ("absent", "away"):
        _left_alone(builder, old)
    return new


def for_absent(builder: DecisionBuilder) -> tuple[int, ...]:
    """Replace each approver who is away by people.toml. Returns the people asked instead."""
    found = [pass_on(builder, person, "absent") for person in _absent(builder)]
    return tuple(person for person in found if person is not None)


def before_asking(builder: DecisionBuilder) -> None:
    """Replace absent approvers of a round that is opening, before anybody is asked."""
    for person in _absent(builder):
        if _handed(builder, person, "absent", None) is None:
            _left_alone(builder, person)


def still_absent(builder: DecisionBuilder) -> tuple[int, ...]:
    """Replace absent approvers of an open round. Returns the people asked instead.

    Agents were notified before of an approver without a substitute, and are not notified again.
    """
    absent = _absent(builder)
    found = [_handed(builder, person, "absent", None) for person in absent]
    fresh = [(old, new) for old, new in zip(absent, found, strict=True) if new is not None]
    for old, new in fresh:
        requests.send_request(builder, "", _note(builder, old, new, "absent"), (new,))
    return tuple(new for _, new in fresh)


def taker(builder: DecisionBuilder, person: Person) -> int | Refusal:
    """The person to ask if an approver names `person`: their substitute while they are away.

    A Refusal says why the approval cannot be delegated to them.
    """
    directory, question = builder.policy.directory, builder.ticket.approval
    if person.id not in directory.staff:
        return Refusal(Message.of("refusal.not-in-people", person=person))
    taking = directory.at_work(person.id, builder.now)
    if taking is None:
        until = directory.away_until(person.id, builder.now)
        return Refusal(Message.of("refusal.away-no-substitute", person=person, until=until))
    if taking == builder.ticket.requester:
        return Refusal(Message.of("refusal.own-request"))
    if question is not None and taking in (*question.approvers, *question.agreed):
        return Refusal(Message.of("refusal.already-asked", person=name(builder, taking)))
    return taking


def _absent(builder: DecisionBuilder) -> tuple[int, ...]:
    approval, directory = builder.ticket.approval, builder.policy.directory
    waiting = approval.waiting if approval else ()
    return tuple(one for one in waiting if directory.away_until(one, builder.now) is not None)


def _handed(
    builder: DecisionBuilder, old: int, why: SubstitutionReason, to: int | None
) -> int | None:
    """Move the vote to `to`, or to the next in line; None if nobody is left."""
    ticket, directory = builder.ticket, builder.policy.directory
    new = to if to is not None else next_in_line(directory, ticket, old, why, builder.now)
    question = ticket.approval
    if new is None or question is None:
        return None
    waiting = {*question.waiting, new} - {old}
    due = requests.deadlines(builder, builder.policy.approvals.kind(question.kind), waiting)
    builder.add(
        ApprovalPassedOn(
            round=ticket.round,
            approver=old,
            to=new,
            why=why,
            remind_due=due.remind,
            expire_due=due.expire,
            away_due=due.away,
        )
    )
    note = _note(builder, old, new, why)
    builder.notes.append(note)
    builder.explain("approval", "substituted", note)
    return new


def _note(builder: DecisionBuilder, old: int, new: int, why: SubstitutionReason) -> Message:
    return Message.of(_PASSED[why], old=name(builder, old), new=name(builder, new))


def _left_alone(builder: DecisionBuilder, approver: int) -> None:
    question = builder.ticket.approval
    assert question is not None, "only an approver can have a substitute"
    away_due = requests.next_absence(builder, question.waiting)
    builder.add(AbsenceSeen(round=question.round, away_due=away_due, alone=approver))
    note = Message.of("approval.away-nobody-left", approver=name(builder, approver))
    builder.explain("approval", "no substitute", note)
    builder.tell_agents(note)
