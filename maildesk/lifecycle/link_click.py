"""Somebody presses the button of a page: an approver decides, or the requester of a resolution.

The same words mean the same as in a mail: a yes that its comment takes back is asked about.
"""

from datetime import datetime

from maildesk.lifecycle.approvals.outcome import settle_approval
from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Choice, LinkUsed
from maildesk.model.decision import Actor, ActorKind, Answer, Decision
from maildesk.model.event import MessageAdded
from maildesk.model.mail import Step
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket


def used(ticket: Ticket, used: LinkUsed, policy: Policy, now: datetime) -> Decision:
    """What the button does, if this link still may; the token proved who pressed it."""
    kind = ActorKind.MANAGER if used.choice is Choice.APPROVE else ActorKind.REQUESTER
    builder = DecisionBuilder(
        ticket, Actor(kind, used.person.id, "link"), policy, now, descendants=used.descendants
    )
    if used.round != ticket.round:
        return builder.decision(Answer.OLD_ROUND)
    if ticket.approval is not None and ticket.approval.round == used.round:
        return _approval(ticket, used, builder)
    return _resolution(ticket, used, builder)


def _approval(ticket: Ticket, used: LinkUsed, builder: DecisionBuilder) -> Decision:
    question = ticket.approval
    vote = (
        next((v for v in question.votes if v.person == used.person.id), None) if question else None
    )
    if question is None or vote is None or vote.said == "passed-on":
        return builder.decision(Answer.NOT_YOURS)
    if not ticket.waits_for_approval or used.person.id not in question.waiting:
        return builder.decision(Answer.ALREADY_DECIDED)
    if used.choice not in (Choice.APPROVE, Choice.REJECT):
        return builder.decision(Answer.ILLEGAL)
    objection = _asked_back(used, builder)
    if objection is not None:
        return objection
    builder.actor = Actor(ActorKind.MANAGER, used.person.id, "link")
    _keep(builder, used, "decision")
    approved = used.choice is Choice.APPROVE
    settle_approval(builder, used.person, approved, _said(used), used.rule_facts, used.requester)
    return _done(builder, used)


def _resolution(ticket: Ticket, used: LinkUsed, builder: DecisionBuilder) -> Decision:
    if ticket.requester != used.person.id:
        return builder.decision(Answer.NOT_YOURS)
    if not ticket.waits_for_requester:
        return builder.decision(Answer.ALREADY_DECIDED)
    if used.choice in (Choice.APPROVE, Choice.WITHDRAW):
        return builder.decision(Answer.ILLEGAL)
    objection = _asked_back(used, builder)
    if objection is not None:
        return objection
    _keep(builder, used, "decision")
    illegal = _decided(builder, used)
    if illegal is not None:
        why = (Step("lifecycle", "nothing changed", (illegal.why,)),)
        return Decision(answer=Answer.ILLEGAL, actor=builder.actor, why=why)
    return _done(builder, used)


def _decided(builder: DecisionBuilder, used: LinkUsed) -> Refusal | None:
    if used.choice is Choice.KEEP:
        closure.keep_open(builder, used.person, _said(used))
        return None
    if used.choice is Choice.ACCEPT:
        return closure.accept(builder, used.person, _said(used))
    illegal = closure.reject(builder, used.person, _said(used))
    if illegal is None:
        apply_rules(builder, "reopened", used.rule_facts, used.requester)
    return illegal


def _asked_back(used: LinkUsed, builder: DecisionBuilder) -> Decision | None:
    """A no without its reason, or a yes that the comment takes back; nobody's words are lost."""
    if used.choice is Choice.REJECT and not _said(used):
        return builder.decision(Answer.REASON_MISSING)
    if not used.unclear:
        return None
    _keep(builder, used, "comment")
    builder.explain("lifecycle", f"the comment contradicts {used.choice}; asked again")
    note = Message.of("note.contradictory-comment", person=used.person, choice=used.choice)
    builder.tell_agents(note, text=_said(used), author=used.person.id)
    return builder.decision(Answer.UNCLEAR, message_kind="comment")


def _said(used: LinkUsed) -> str:
    return used.comment.strip()


def _keep(builder: DecisionBuilder, used: LinkUsed, kind: str) -> None:
    if _said(used):
        builder.add(MessageAdded(used.message, kind))


def _done(builder: DecisionBuilder, used: LinkUsed) -> Decision:
    return builder.decision(Answer.DONE, message_kind="decision" if _said(used) else "")
