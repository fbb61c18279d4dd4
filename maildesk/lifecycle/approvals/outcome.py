"""The consequences of an approver's vote: counting it, ending the round, the next level."""

from maildesk.config.schema.approvals import ApprovalKind
from maildesk.lifecycle.approvals import requests
from maildesk.lifecycle.approvals import start as questions
from maildesk.lifecycle.approvals.approvers import after_word, of_level, outcome
from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow import transitions
from maildesk.model.approval import Approval, open_round
from maildesk.model.cause import Facts
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import ApprovalAsked, ApprovalDecided, ApprovalVoted, MessageAdded
from maildesk.model.message import Message
from maildesk.model.person import Person


def settle_approval(
    builder: DecisionBuilder,
    approver: Person | None,
    approved: bool,
    reason: str,
    facts: Facts,
    requester: Person,
) -> None:
    """Record a decision by an approver, or by expiry if `approver` is None.

    If it ends the approval, the rules are evaluated: after a rejection before the ticket closes,
    since a closed ticket never changes.
    """
    question = builder.ticket.approval
    assert question is not None, "only an open question is decided"
    if approver and after_word(question, approver.id, approved) is None:
        _count(builder, question, approver, approved, reason)
        return
    if not approved:
        apply_rules(builder, "rejected", facts, requester)
    is_over = _settle(builder, question, approver, approved, reason, requester)
    if approved and is_over:
        apply_rules(builder, "approved", facts, requester)


def _count(
    builder: DecisionBuilder, approval: Approval, approver: Person, approved: bool, reason: str
) -> None:
    """Record one of several votes while others are needed."""
    builder.add(ApprovalVoted(round=approval.round, person=approver.id, approved=approved))
    builder.explain("approval", f"{approver.name} {_did(approved)}; others are waited for")
    _receipt(builder, approver, approved, reason, Message.of("approval.others-decide"))


def _did(approved: bool) -> str:
    return "approved" if approved else "did not approve"


def _receipt(
    builder: DecisionBuilder,
    approver: Person | None,
    approved: bool,
    reason: str,
    more: Message | None = None,
) -> None:
    if approver is None:
        return
    note = Message.of("approval.you-approved" if approved else "approval.you-rejected").then(more)
    builder.write(Template.DECISION_RECEIPT, approver.id, text=reason, note=note)


def _settle(
    builder: DecisionBuilder,
    approval: Approval,
    approver: Person | None,
    approved: bool,
    reason: str,
    requester: Person,
) -> bool:
    """End the round, by that approver or by expiry. Returns whether no level is left.

    A request that is not approved is closed. The other approvers are notified of the decision.
    """
    kind = builder.policy.approvals.kind(approval.kind)
    person = approver.id if approver else None
    agreed = _agreed(approval, person)
    next_ = _next(builder, kind, approval, agreed, requester) if approved and kind else None
    more = next_ is not None
    builder.add(ApprovalDecided(round=approval.round, approved=approved, person=person, more=more))
    _receipt(builder, approver, approved, reason)
    if not approved:
        _turned_down(builder, approver, reason)
    elif next_ is not None and kind is not None:
        _ask_level(builder, kind, next_, approver, agreed)
    else:
        _approved(builder, approver, reason)
    _tell_the_others(builder, approval, approver, approved)
    return not more


def decided_by(approval: Approval) -> int | None:
    """The author of the decision; None if it was decided by expiry."""
    words = [vote for vote in approval.votes if vote.said in ("approved", "rejected")]
    last = [vote.person for vote in words if vote.at == approval.decided_at]
    said = [person for person in last if person not in approval.agreed]
    return said[0] if said else None


def _agreed(approval: Approval, person: int | None) -> tuple[int, ...]:
    """The people who approved at this level and earlier ones; none of them is asked again."""
    yes = (vote.person for vote in approval.votes if vote.said == "approved")
    last = () if person is None else (person,)
    return tuple(sorted({*approval.agreed, *yes, *last}))


def _next(
    builder: DecisionBuilder,
    kind: ApprovalKind,
    approval: Approval,
    agreed: tuple[int, ...],
    requester: Person,
) -> tuple[int, tuple[int, ...]] | None:
    """The next level with approvers who have not all approved before, and those approvers."""
    for level in range(approval.level + 1, len(kind.level)):
        approvers = of_level(builder.policy.directory, kind.level[level], requester)
        quorum = kind.level[level].quorum
        as_it_is = ApprovalAsked(approvers=approvers, round=0, quorum=quorum, agreed=agreed)
        if not approvers or outcome(open_round(as_it_is, builder.now)) is None:
            return level, approvers
        builder.explain("approval", f"{_place(kind, level)} is given: they approved before")
    return None


def _place(kind: ApprovalKind, level: int) -> str:
    return f"level {level + 1} of {len(kind.level)}"


def _tell_the_others(
    builder: DecisionBuilder, approval: Approval, approver: Person | None, approved: bool
) -> None:
    """Notify the approvers who were asked at the same time and need not decide any more."""
    question = builder.ticket.approval
    still = question.waiting if question else ()
    done = {approver.id} if approver else set()
    others = [person for person in approval.waiting if person not in {*still, *done}]
    note = _decided(approver, approved) + Message.of("approval.not-needed")
    builder.write(Template.UPDATE, *others, note=note)


def _approved(builder: DecisionBuilder, approver: Person | None, said: str) -> None:
    roles = builder.policy.workflow.roles
    if builder.ticket.status == roles.on_hold:
        transitions.move(builder, roles.assigned, ActorKind.MANAGER)
    author = approver.id if approver and said else None
    builder.tell_agents(_decided(approver, True), text=said, author=author)
    note = Message.of("approval.yours-expired-approved")
    if approver:
        note = Message.of("approval.yours-approved", approver=approver)
    builder.write(Template.UPDATE, builder.ticket.requester, note=note)
    builder.explain("approval", f"approved by {approver.name if approver else 'the clock'}")


def _ask_level(
    builder: DecisionBuilder,
    kind: ApprovalKind,
    next_: tuple[int, tuple[int, ...]],
    approver: Person | None,
    agreed: tuple[int, ...],
) -> None:
    level, approvers = next_
    place, decided = _place(kind, level), _decided(approver, True)
    if not approvers:
        builder.explain("approval", f"nobody to ask for {place}")
        nobody = Message.of(
            "approval.no-approver-for-level", level=level + 1, of=len(kind.level), name=kind.name
        )
        builder.tell_agents(decided + nobody)
        return
    questions.begin(builder, kind, level, approvers, "", agreed)
    builder.explain("approval", f"{place} is asked", decided)
    yours = Message.of("approval.your-level", level=level + 1, of=len(kind.level))
    requests.send_request(builder, "", decided + yours)


def _turned_down(builder: DecisionBuilder, approver: Person | None, reason: str) -> None:
    closing = builder.policy.workflow.closing
    name = approver.name if approver else "the clock"
    builder.explain("approval", f"not approved by {name}")
    note = _decided(approver, approved=False)
    said = next((e.message for e in builder.events if isinstance(e, MessageAdded)), None)
    illegal = transitions.close(
        builder,
        ActorKind.MANAGER,
        closing.not_approved_category,
        closing.not_approved_note,
        said if reason else None,
    )
    author = approver.id if approver else None
    if illegal is None:
        builder.write(
            Template.CLOSURE, builder.ticket.requester, text=reason, author=author, note=note
        )
    builder.tell_agents(note, text=reason, author=author)


def _decided(approver: Person | None, approved: bool) -> Message:
    """The decision in one sentence, for agents and other approvers."""
    if approver is None:
        return Message.of("approval.expired-approved" if approved else "approval.expired-rejected")
    if approved:
        return Message.of("approval.approved-by", approver=approver)
    return Message.of("approval.rejected-by", approver=approver)
