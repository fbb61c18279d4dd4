"""The deadlines of an open approval: reminders, absences that begin, and a time that runs out."""

from maildesk.lifecycle import asking, standing_in
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.verdict import settle_approval
from maildesk.model.approval import Approval
from maildesk.model.cause import Facts
from maildesk.model.event import AbsenceSeen, ApprovalExpired, ApprovalReminded
from maildesk.model.person import Person

_LATE = "The approval of this request was not decided in time."
_REMINDER = "This is a reminder: the request waits for your decision."


def strike(draft: Draft, requester: Person) -> None:
    """A deadline of the open question has passed. Where several have, it expires."""
    question = _open(draft)
    if question.expire_due is not None and question.expire_due <= draft.now:
        _expire(draft, question, requester)
    elif question.away_due is not None and question.away_due <= draft.now:
        _look_who_is_away(draft)
    else:
        _remind(draft)


def _open(draft: Draft) -> Approval:
    question = draft.ticket.approval
    assert question is not None, "only an open question has deadlines"
    return question


def _look_who_is_away(draft: Draft) -> None:
    """An absence of people.toml begins, or was to begin."""
    draft.explain("clock", "the absence of an approver begins")
    standing_in.for_absent(draft)
    question = _open(draft)
    if question.away_due is not None and question.away_due <= draft.now:
        away_due = asking.next_absence(draft, question.waiting)
        draft.add(AbsenceSeen(round=question.round, away_due=away_due))


def _remind(draft: Draft) -> None:
    """Those who have yet to decide hear of it again; who is away by now is stood in for."""
    fresh = standing_in.still_absent(draft)
    question = _open(draft)
    kind = draft.policy.approvals.kind(question.kind)
    due = asking.deadlines(draft, kind, question.waiting)
    draft.add(ApprovalReminded(round=question.round, remind_due=due.remind, away_due=due.away))
    again = tuple(one for one in question.waiting if one not in fresh)
    if due.remind is not None and again:
        draft.explain("clock", "the approver is reminded")
        asking.send_request(draft, "", _REMINDER, again)


def _expire(draft: Draft, question: Approval, requester: Person) -> None:
    kind = draft.policy.approvals.kind(question.kind)
    draft.explain("clock", "nobody decided about the approval in time")
    if kind is None or kind.on_expiry == "escalate":
        _escalate(draft, question)
    else:
        settle_approval(draft, None, kind.on_expiry == "approve", "", Facts(), requester)


def _escalate(draft: Draft, question: Approval) -> None:
    """The managers of those who were asked are, else the fallback."""
    passed = [standing_in.pass_on(draft, person, "expired") for person in question.waiting]
    again = _open(draft).expire_due if any(passed) else None
    draft.add(ApprovalExpired(round=question.round, expire_due=again))
    draft.tell_agents(_LATE if any(passed) else f"{_LATE} Nobody is left to be asked.")
