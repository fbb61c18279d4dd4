"""What follows from the words of those who were asked: counted, decided, the next level asked."""

from maildesk.lifecycle import approval as questions
from maildesk.lifecycle import asking, workflow
from maildesk.lifecycle.approvers import after_word, of_level, outcome
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.looking import apply_rules
from maildesk.model.approval import Approval, asked
from maildesk.model.cause import Facts
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import ApprovalAsked, ApprovalDecided, ApprovalVoted, MessageAdded
from maildesk.model.person import Person
from maildesk.model.policy import ApprovalKind


def settle_approval(
    draft: Draft,
    approver: Person | None,
    approved: bool,
    reason: str,
    facts: Facts,
    requester: Person,
) -> None:
    """An approver decides, or the clock for all of them; where that settles the question the
    rules look. On a no they look first: it closes the ticket, and a closed one never changes."""
    question = draft.ticket.approval
    assert question is not None, "only an open question is decided"
    if approver and after_word(question, approver.id, approved) is None:
        _count(draft, question, approver, approved, reason)
        return
    if not approved:
        apply_rules(draft, "rejected", facts, requester)
    is_over = _settle(draft, question, approver, approved, reason, requester)
    if approved and is_over:
        apply_rules(draft, "approved", facts, requester)


def _count(draft: Draft, approval: Approval, approver: Person, approved: bool, reason: str) -> None:
    """One of several decided, and others still have to."""
    draft.add(ApprovalVoted(round=approval.round, person=approver.id, approved=approved))
    draft.explain("approval", f"{approver.name} {_did(approved)}; others are waited for")
    _receipt(draft, approver, approved, reason, " Others still have to decide.")


def _did(approved: bool) -> str:
    return "approved" if approved else "did not approve"


def _receipt(
    draft: Draft, approver: Person | None, approved: bool, reason: str, more: str = ""
) -> None:
    if approver is None:
        return
    note = f"You {_did(approved)} this request.{more}"
    draft.write(Template.DECISION_RECEIPT, approver.id, text=reason, note=note)


def _settle(
    draft: Draft,
    approval: Approval,
    approver: Person | None,
    approved: bool,
    reason: str,
    requester: Person,
) -> bool:
    """The question is decided, by that approver or by the clock; whether no level is left.

    A request that was not approved closes. Who was asked as well hears that it is decided.
    """
    kind = draft.policy.approvals.kind(approval.kind)
    person = approver.id if approver else None
    agreed = _agreed(approval, person)
    next_ = _next(draft, kind, approval, agreed, requester) if approved and kind else None
    more = next_ is not None
    draft.add(ApprovalDecided(round=approval.round, approved=approved, person=person, more=more))
    _receipt(draft, approver, approved, reason)
    if not approved:
        _turned_down(draft, approver, reason)
    elif next_ is not None and kind is not None:
        _ask_level(draft, kind, next_, approver, agreed)
    else:
        _approved(draft, approver, reason)
    _tell_the_others(draft, approval, approver, approved)
    return not more


def decided_by(draft: Draft, approval: Approval, reader: int) -> str:
    """By whose word it was decided, as ` by Max`; "" where it was the clock."""
    words = [vote for vote in approval.votes if vote.said in ("approved", "rejected")]
    last = [vote.person for vote in words if vote.at == approval.decided_at]
    said = [person for person in last if person not in approval.agreed]
    if not said:
        return ""
    return " by you" if reader in said else f" by {asking.name(draft, said[0])}"


def _agreed(approval: Approval, person: int | None) -> tuple[int, ...]:
    """Who said yes so far, at this level and those before: none of them is asked again."""
    yes = (vote.person for vote in approval.votes if vote.said == "approved")
    last = () if person is None else (person,)
    return tuple(sorted({*approval.agreed, *yes, *last}))


def _next(
    draft: Draft,
    kind: ApprovalKind,
    approval: Approval,
    agreed: tuple[int, ...],
    requester: Person,
) -> tuple[int, tuple[int, ...]] | None:
    """The next level whose approvers have not all said yes before, and who they are."""
    for level in range(approval.level + 1, len(kind.level)):
        approvers = of_level(draft.policy.directory, kind.level[level], requester)
        quorum = kind.level[level].quorum
        as_it_is = ApprovalAsked(approvers=approvers, round=0, quorum=quorum, agreed=agreed)
        if not approvers or outcome(asked(as_it_is, draft.now)) is None:
            return level, approvers
        draft.explain("approval", f"{_place(kind, level)} is given: they approved before")
    return None


def _place(kind: ApprovalKind, level: int) -> str:
    return f"level {level + 1} of {len(kind.level)}"


def _tell_the_others(
    draft: Draft, approval: Approval, approver: Person | None, approved: bool
) -> None:
    """Who was asked at the same time, and now need not decide any more."""
    question = draft.ticket.approval
    still = question.waiting if question else ()
    done = {approver.id} if approver else set()
    others = [person for person in approval.waiting if person not in {*still, *done}]
    by = f"{approver.name} {_did(approved)} this request" if approver else _BY_CLOCK[approved]
    draft.write(Template.UPDATE, *others, note=f"{by}; your decision is not needed any more.")


def _approved(draft: Draft, approver: Person | None, said: str) -> None:
    roles = draft.policy.workflow.roles
    if draft.ticket.status == roles.on_hold:
        workflow.move(draft, roles.assigned, ActorKind.MANAGER)
    by = f"{approver.name} approved" if approver else "Nobody decided in time, which approves"
    author = approver.id if approver and said else None
    draft.tell_agents(f"{by} the request.", text=said, author=author)
    draft.write(Template.UPDATE, draft.ticket.requester, note=f"{by} your request.")
    draft.explain("approval", f"approved by {approver.name if approver else 'the clock'}")


def _ask_level(
    draft: Draft,
    kind: ApprovalKind,
    next_: tuple[int, tuple[int, ...]],
    approver: Person | None,
    agreed: tuple[int, ...],
) -> None:
    who = f"{approver.name} approved" if approver else "Nobody decided in time, which approves"
    level, approvers = next_
    place = _place(kind, level)
    if not approvers:
        draft.explain("approval", f"nobody to ask for {place}")
        draft.tell_agents(f'{who} the request, but nobody is known for {place} of "{kind.name}".')
        return
    questions.begin(draft, kind, level, approvers, "", agreed)
    draft.explain("approval", f"{who}; {place} is asked")
    asking.send_request(draft, "", f"{who} this request; yours is {place}.")


def _turned_down(draft: Draft, approver: Person | None, reason: str) -> None:
    closing = draft.policy.workflow.closing
    name = approver.name if approver else "the clock"
    draft.explain("approval", f"not approved by {name}")
    note = f"{approver.name} did not approve the request." if approver else _TOO_LATE
    said = next((e.message for e in draft.events if isinstance(e, MessageAdded)), None)
    illegal = workflow.close(
        draft,
        ActorKind.MANAGER,
        closing.not_approved_category,
        closing.not_approved_note,
        said if reason else None,
    )
    author = approver.id if approver else None
    if illegal is None:
        draft.write(Template.CLOSURE, draft.ticket.requester, text=reason, author=author, note=note)
    draft.tell_agents(note, text=reason, author=author)


_TOO_LATE = "Nobody decided about the request in time, so it is not approved."
_BY_CLOCK = {
    True: "Nobody decided in time, which approves this request",
    False: "Nobody decided in time, so this request is not approved",
}
