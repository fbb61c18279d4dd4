"""A mail about an approval: from an approver, a former approver, or a withdrawing requester."""

from maildesk.lifecycle.approvals import requests, start, substitutes
from maildesk.lifecycle.approvals.clarification import reason_missing, unproven
from maildesk.lifecycle.approvals.outcome import decided_by, settle_approval
from maildesk.lifecycle.commands import participants
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.sender_proof import APPROVING, DECIDING_A_RESOLUTION, actor, proof, told
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.approval import Approval
from maildesk.model.cause import Choice, MailArrived
from maildesk.model.decision import ActorKind, Answer, Decision, Template
from maildesk.model.event import MessageAdded
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket

_DECIDING = (Choice.APPROVE, Choice.REJECT)
_UNCLEAR = Message.of("approval.unclear")
_WITHDRAWING = Message.of("approval.withdraw-question")


def answered(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """The decision about a current approver's mail; None for others and for an agent's commands."""
    question = ticket.approval if ticket.waits_for_approval else None
    is_asked = question is not None and mail.sender.id in question.waiting
    if not is_asked or _commands_alone(mail):
        return None
    builder.actor = actor(mail, ActorKind.MANAGER)
    passing = _passing(mail)
    if (passing or mail.wrong_commands) and mail.choice is None:
        return _passed_on(ticket, mail, builder, passing)
    if mail.unclear or passing or mail.choice not in _DECIDING:
        return _asked_again(mail, builder)
    if proof(mail) < APPROVING or mail.round != ticket.round:
        return unproven(mail, builder, Purpose.APPROVAL)
    if mail.choice is Choice.REJECT and not mail.reason:
        return reason_missing(mail, builder, Purpose.APPROVAL)
    builder.add(MessageAdded(mail.message, "decision"))
    approved = mail.choice is Choice.APPROVE
    settle_approval(builder, mail.sender, approved, mail.reason, mail.facts, mail.requester)
    return builder.decision(Answer.DONE, Disposition.DECISION, "decision")


def _commands_alone(mail: MailArrived) -> bool:
    """Whether the mail of an approver who is an agent contains only commands."""
    commands = mail.commands or mail.wrong_commands
    return mail.sender.is_agent and bool(commands) and mail.choice is None and not _passing(mail)


def _passing(mail: MailArrived) -> list[str]:
    return [one.argument for one in mail.commands if one.name == "delegate"]


def _passed_on(
    ticket: Ticket, mail: MailArrived, builder: DecisionBuilder, whom: list[str]
) -> Decision:
    """The approver names a substitute, which needs the same proof as a decision."""
    if proof(mail) < APPROVING or mail.round != ticket.round:
        return unproven(mail, builder, Purpose.APPROVAL)
    taker = _taker(mail, builder, whom)
    agent_mail = [f"#delegate {one}" for one in whom] or [one.line for one in mail.wrong_commands]
    words = "\n\n".join([*agent_mail, mail.text]).strip()
    builder.add(MessageAdded(mail.message, "comment" if isinstance(taker, Refusal) else "decision"))
    if isinstance(taker, Refusal):
        note = Message.of("approval.not-delegated", reason=taker.why)
        builder.explain("approval", "not delegated", taker.why)
        builder.write(Template.CONFIRMATION, mail.sender.id, note=note, links=(Purpose.APPROVAL,))
        return builder.decision(Answer.ILLEGAL, Disposition.FOLLOW_UP, "comment", words)
    substitutes.pass_on(builder, mail.sender.id, "delegated", taker)
    note = _instead(mail, builder, whom[0], taker)
    builder.write(Template.DECISION_RECEIPT, mail.sender.id, note=note)
    return builder.decision(Answer.DONE, Disposition.DECISION, "decision", words)


def _taker(mail: MailArrived, builder: DecisionBuilder, whom: list[str]) -> int | Refusal:
    if not whom:
        return Refusal(Message.of("refusal.delegate-usage"))
    if len(whom) > 1:
        return Refusal(Message.of("refusal.delegate-one"))
    meant = participants.person_meant(mail.command_context, whom[0])
    return meant if isinstance(meant, Refusal) else substitutes.taker(builder, meant)


def _instead(mail: MailArrived, builder: DecisionBuilder, whom: str, taker: int) -> Message:
    meant = participants.person_meant(mail.command_context, whom)
    asked = requests.name(builder, taker)
    if isinstance(meant, Refusal) or meant.id == taker:
        return Message.of("approval.delegated", to=asked)
    return Message.of("approval.delegated-away", meant=meant, to=asked)


def _asked_again(mail: MailArrived, builder: DecisionBuilder) -> Decision:
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("approval", "the answer is neither yes nor no; asked again")
    requests.send_request(builder, "", _UNCLEAR, (mail.sender.id,))
    note = told(Message.of("note.wrote", person=mail.sender), mail)
    builder.tell_agents(note, text=mail.text, author=mail.sender.id)
    return builder.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def is_late(ticket: Ticket, mail: MailArrived) -> bool:
    """Whether a former approver replies to an approval that is decided or no longer theirs.

    Such a reply never opens another ticket.
    """
    question = ticket.approval
    if question is None:
        return False
    decides = mail.choice in _DECIDING
    was_asked = mail.sender.id in question.approvers and mail.sender.id not in question.waiting
    if not ticket.is_closed:
        current = question.round == ticket.round and not mail.sender.is_agent
        return current and was_asked and decides
    # Only the token of the mail shows that it belongs to an earlier level or round.
    answers = was_asked or (mail.round is not None and mail.sender.id != ticket.requester)
    return answers and (decides or (was_asked and mail.unclear))


def too_late(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """The decision to store the mail and reply with the outcome, its author and time."""
    question = ticket.approval
    if question is None or not is_late(ticket, mail):
        return None
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("approval", "recorded; it was already decided or delegated")
    note = _became(ticket, question, mail, builder) + Message.of("approval.kept-unchanged")
    builder.write(Template.CONFIRMATION, mail.sender.id, note=note)
    if not ticket.is_closed:
        note = told(Message.of("note.wrote", person=mail.sender), mail)
        builder.tell_agents(note, text=mail.text, author=mail.sender.id)
    return builder.decision(Answer.ALREADY_DECIDED, Disposition.FOLLOW_UP, "comment")


def _became(
    ticket: Ticket, question: Approval, mail: MailArrived, builder: DecisionBuilder
) -> Message:
    """The outcome of the approval, for an approver who replies late."""
    if question.outcome == "open":
        return Message.of("approval.already-voted")
    at = question.decided_at or ticket.updated_at
    if question.outcome == "withdrawn":
        return Message.of("approval.was-withdrawn", at=at)
    approved, by = question.outcome == "approved", decided_by(question)
    if by is None:
        return Message.of("approval.was-approved" if approved else "approval.was-rejected", at=at)
    if by == mail.sender.id:
        yours = "approval.was-approved-by-you" if approved else "approval.was-rejected-by-you"
        return Message.of(yours, at=at)
    others = "approval.was-approved-by" if approved else "approval.was-rejected-by"
    return Message.of(others, approver=requests.name(builder, by), at=at)


def withdrawn(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """The decision about a requester's mail that withdraws a request, or seems to.

    None if the request was approved already, or the mail is about something else.
    """
    mine = ticket.waits_for_approval and ticket.requester == mail.sender.id
    if not mine or not (mail.withdrawing or mail.choice is Choice.WITHDRAW):
        return None
    if proof(mail) < DECIDING_A_RESOLUTION:
        return unproven(mail, builder)
    if mail.choice is not Choice.WITHDRAW:
        return _asked_whether(mail, builder)
    builder.add(MessageAdded(mail.message, "decision"))
    start.withdraw(builder)
    return builder.decision(Answer.DONE, Disposition.DECISION, "decision")


def _asked_whether(mail: MailArrived, builder: DecisionBuilder) -> Decision:
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("approval", "the requester seems to take it back; asked whether")
    builder.write(Template.CONFIRMATION, mail.sender.id, note=_WITHDRAWING, links=(Purpose.VIEW,))
    note = Message.of("note.wrote", person=mail.sender)
    builder.tell_agents(note, text=mail.text, author=mail.sender.id)
    return builder.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")
