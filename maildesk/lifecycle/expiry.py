"""The deadlines of an open approval: reminders, and what happens where nobody decides."""

from maildesk.lifecycle import approval
from maildesk.lifecycle.classify import settle_approval
from maildesk.lifecycle.draft import Draft
from maildesk.model.cause import Facts
from maildesk.model.person import Person


def strike(draft: Draft, requester: Person) -> None:
    """A deadline of the open question has passed. Where both have, it expires."""
    question = draft.ticket.approval
    assert question is not None, "only an open question has deadlines"
    if question.expire_due is None or question.expire_due > draft.now:
        approval.remind(draft)
        return
    kind = draft.policy.approvals.kind(question.kind)
    draft.explain("clock", "nobody decided about the approval in time")
    if kind is None or kind.on_expiry == "escalate":
        approval.escalate(draft)
    else:
        settle_approval(draft, None, kind.on_expiry == "approve", "", Facts(), requester)
