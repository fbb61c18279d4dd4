"""Somebody presses the button of a page: an approver decides, or the requester of a resolution.

The same words mean the same as in a mail: a yes that its comment takes back is asked about.
"""

from datetime import datetime

from maildesk.lifecycle import closure
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.looking import apply_rules
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.verdict import settle_approval
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import Choice, Facts, LinkUsed
from maildesk.model.decision import Actor, ActorKind, Answer, Decision
from maildesk.model.event import MessageAdded
from maildesk.model.mail import Step
from maildesk.model.ticket import Ticket


def used(ticket: Ticket, used: LinkUsed, policy: Policy, now: datetime) -> Decision:
    """What the button does, if this link still may; the token proved who pressed it."""
    kind = ActorKind.MANAGER if used.choice is Choice.APPROVE else ActorKind.REQUESTER
    draft = Draft(ticket, Actor(kind, used.person.id, "link"), policy, now, family=used.family)
    if used.round != ticket.round:
        return draft.decision(Answer.OLD_ROUND)
    if ticket.approval is not None and ticket.approval.round == used.round:
        return _approval(ticket, used, draft)
    return _resolution(ticket, used, draft)


def facts(used: LinkUsed) -> Facts:
    """What rules may look at."""
    return Facts(text=used.comment, sender=used.person.address)


def _approval(ticket: Ticket, used: LinkUsed, draft: Draft) -> Decision:
    question = ticket.approval
    vote = (
        next((v for v in question.votes if v.person == used.person.id), None) if question else None
    )
    if question is None or vote is None or vote.said == "passed-on":
        return draft.decision(Answer.NOT_YOURS)
    if not ticket.waits_for_approval or used.person.id not in question.waiting:
        return draft.decision(Answer.ALREADY_DECIDED)
    if used.choice not in (Choice.APPROVE, Choice.REJECT):
        return draft.decision(Answer.ILLEGAL)
    objection = _asked_back(used, draft)
    if objection is not None:
        return objection
    draft.actor = Actor(ActorKind.MANAGER, used.person.id, "link")
    _keep(draft, used, "decision")
    approved = used.choice is Choice.APPROVE
    settle_approval(draft, used.person, approved, _said(used), facts(used), used.requester)
    return _done(draft, used)


def _resolution(ticket: Ticket, used: LinkUsed, draft: Draft) -> Decision:
    if ticket.requester != used.person.id:
        return draft.decision(Answer.NOT_YOURS)
    if not ticket.waits_for_requester:
        return draft.decision(Answer.ALREADY_DECIDED)
    if used.choice in (Choice.APPROVE, Choice.WITHDRAW):
        return draft.decision(Answer.ILLEGAL)
    objection = _asked_back(used, draft)
    if objection is not None:
        return objection
    _keep(draft, used, "decision")
    illegal = _decided(draft, used)
    if illegal is not None:
        why = (Step("lifecycle", "nothing changed", (illegal.why,)),)
        return Decision(answer=Answer.ILLEGAL, actor=draft.actor, why=why)
    return _done(draft, used)


def _decided(draft: Draft, used: LinkUsed) -> Illegal | None:
    if used.choice is Choice.KEEP:
        closure.keep_open(draft, used.person, _said(used))
        return None
    if used.choice is Choice.ACCEPT:
        return closure.accept(draft, used.person, _said(used))
    illegal = closure.reject(draft, used.person, _said(used))
    if illegal is None:
        apply_rules(draft, "reopened", facts(used), used.requester)
    return illegal


def _asked_back(used: LinkUsed, draft: Draft) -> Decision | None:
    """A no without its reason, or a yes that the comment takes back; nobody's words are lost."""
    if used.choice is Choice.REJECT and not _said(used):
        return draft.decision(Answer.REASON_MISSING)
    if not used.unclear:
        return None
    _keep(draft, used, "comment")
    draft.explain("lifecycle", f"the comment goes against {used.choice}; asked again")
    note = f"{used.person.name} chose {used.choice} and wrote what does not go with it."
    draft.tell_agents(f"{note} Nothing is decided.", text=_said(used), author=used.person.id)
    return draft.decision(Answer.UNCLEAR, message_kind="comment")


def _said(used: LinkUsed) -> str:
    return used.comment.strip()


def _keep(draft: Draft, used: LinkUsed, kind: str) -> None:
    if _said(used):
        draft.add(MessageAdded(used.message, kind))


def _done(draft: Draft, used: LinkUsed) -> Decision:
    return draft.decision(Answer.DONE, message_kind="decision" if _said(used) else "")
