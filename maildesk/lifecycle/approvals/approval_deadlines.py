"""The deadlines of an open approval: reminder, beginning absence, expiry."""

from maildesk.lifecycle.approvals import requests, substitutes
from maildesk.lifecycle.approvals.outcome import settle_approval
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.approval import Approval
from maildesk.model.cause import Facts
from maildesk.model.event import AbsenceSeen, ApprovalExpired, ApprovalReminded
from maildesk.model.message import Message
from maildesk.model.person import Person

_LATE = Message.of("approval.late")
_REMINDER = Message.of("approval.reminder")


def on_deadline(builder: DecisionBuilder, requester: Person) -> None:
    """A deadline of the open approval has passed. If several have, it expires."""
    question = _open(builder)
    if question.expire_due is not None and question.expire_due <= builder.now:
        _expire(builder, question, requester)
    elif question.away_due is not None and question.away_due <= builder.now:
        _look_who_is_away(builder)
    else:
        _remind(builder)


def _open(builder: DecisionBuilder) -> Approval:
    question = builder.ticket.approval
    assert question is not None, "only an open question has deadlines"
    return question


def _look_who_is_away(builder: DecisionBuilder) -> None:
    """Check the absences of people.toml, since one begins or was to begin."""
    builder.explain("clock", "the absence of an approver begins")
    substitutes.for_absent(builder)
    question = _open(builder)
    if question.away_due is not None and question.away_due <= builder.now:
        away_due = requests.next_absence(builder, question.waiting)
        builder.add(AbsenceSeen(round=question.round, away_due=away_due))


def _remind(builder: DecisionBuilder) -> None:
    """Remind the approvers who have not decided; absent ones are replaced by substitutes."""
    fresh = substitutes.still_absent(builder)
    question = _open(builder)
    kind = builder.policy.approvals.kind(question.kind)
    due = requests.deadlines(builder, kind, question.waiting)
    builder.add(ApprovalReminded(round=question.round, remind_due=due.remind, away_due=due.away))
    again = tuple(one for one in question.waiting if one not in fresh)
    if due.remind is not None and again:
        builder.explain("clock", "the approver is reminded")
        requests.send_request(builder, "", _REMINDER, again)


def _expire(builder: DecisionBuilder, question: Approval, requester: Person) -> None:
    kind = builder.policy.approvals.kind(question.kind)
    builder.explain("clock", "nobody decided about the approval in time")
    if kind is None or kind.on_expiry == "escalate":
        _escalate(builder, question)
    else:
        settle_approval(builder, None, kind.on_expiry == "approve", "", Facts(), requester)


def _escalate(builder: DecisionBuilder, question: Approval) -> None:
    """Ask the managers of the approvers instead, else the fallback."""
    passed = [substitutes.pass_on(builder, person, "expired") for person in question.waiting]
    again = _open(builder).expire_due if any(passed) else None
    builder.add(ApprovalExpired(round=question.round, expire_due=again))
    builder.tell_agents(_LATE if any(passed) else _LATE + Message.of("approval.nobody-left"))
