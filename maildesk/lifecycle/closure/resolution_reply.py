"""The requester's reply to a resolution: accept, reject, or ask for more work."""

from maildesk.lifecycle.approvals.clarification import reason_missing, unproven
from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.sender_proof import DECIDING_A_RESOLUTION, proof
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.cause import Choice, MailArrived
from maildesk.model.decision import Answer, Decision, Template
from maildesk.model.event import MessageAdded
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket

_BOTH_WAYS = Message.of("note.acceptance-unclear")


def answered(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """The decision about a requester's mail while the ticket is waiting for closure.

    None if somebody else wrote.
    """
    if not ticket.waits_for_requester or ticket.requester != mail.sender.id:
        return None
    outdated = mail.round is not None and mail.round != ticket.round and mail.choice is not None
    if proof(mail) < DECIDING_A_RESOLUTION or outdated:
        return unproven(mail, builder, Purpose.RESOLUTION)
    if mail.thanks and mail.choice is None and not mail.unclear:
        return _thanked(mail, builder)
    if mail.unclear:
        return _asked_what_is_meant(mail, builder)
    if mail.choice in (Choice.ACCEPT, Choice.APPROVE):
        illegal = closure.cannot_accept(builder)
        if illegal is not None:
            return _forbidden(mail, builder, illegal)
        builder.add(MessageAdded(mail.message, "decision"))
        closure.accept(builder, mail.sender, mail.reason)
        return builder.decision(Answer.DONE, Disposition.DECISION, "decision")
    if mail.choice is Choice.KEEP:
        builder.add(MessageAdded(mail.message, "decision"))
        closure.keep_open(builder, mail.sender, mail.reason)
        note = Message.of("note.stays-open")
        builder.write(Template.UPDATE, mail.sender.id, note=note, links=(Purpose.VIEW,))
        return builder.decision(Answer.DONE, Disposition.DECISION, "decision")
    if mail.choice is Choice.REJECT and not mail.reason:
        return reason_missing(mail, builder, Purpose.RESOLUTION)
    return _disagreed(mail, builder)


def _thanked(mail: MailArrived, builder: DecisionBuilder) -> Decision:
    """Record the thanks. They accept nothing and need no answer: the closing date stays."""
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("lifecycle", "recorded; thanks decide nothing, and the closing date stays")
    return builder.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _asked_what_is_meant(mail: MailArrived, builder: DecisionBuilder) -> Decision:
    """Store the mail and ask the requester: a yes with a condition is no decision."""
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("lifecycle", "recorded; asked whether the resolution is accepted")
    links = (Purpose.RESOLUTION,)
    builder.write(Template.CONFIRMATION, mail.sender.id, note=_BOTH_WAYS, links=links)
    note = Message.of("note.wrote", person=mail.sender)
    builder.tell_agents(note, text=mail.text, author=mail.sender.id)
    return builder.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _forbidden(mail: MailArrived, builder: DecisionBuilder, illegal: Refusal) -> Decision:
    """The workflow does not allow it: nothing changes, and requester and agents read why."""
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("lifecycle", "nothing changed", illegal.why)
    note = Message.of("note.forbidden", reason=illegal.why)
    builder.write(Template.CONFIRMATION, mail.sender.id, note=note)
    builder.tell_agents(
        Message.of("note.forbidden-for-agents", person=mail.sender, reason=illegal.why),
        text=mail.text,
        author=mail.sender.id,
    )
    return builder.decision(Answer.ILLEGAL, Disposition.FOLLOW_UP, "comment")


def _disagreed(mail: MailArrived, builder: DecisionBuilder) -> Decision:
    rejects = mail.choice is Choice.REJECT
    illegal = closure.cannot_reject(builder) if rejects else closure.cannot_reopen(builder)
    if illegal is not None:
        return _forbidden(mail, builder, illegal)
    if rejects:
        builder.add(MessageAdded(mail.message, "decision"))
        closure.reject(builder, mail.sender, mail.reason)
        apply_rules(builder, "reopened", mail.facts, mail.requester)
        return builder.decision(Answer.DONE, Disposition.DECISION, "decision")
    builder.add(MessageAdded(mail.message, "reply"))
    note = Message.of("note.answered-resolution", requester=mail.sender)
    closure.reopen(builder, mail.sender, mail.text, note)
    told = Message.of("note.your-reply-reopened")
    builder.write(Template.UPDATE, mail.sender.id, note=told, links=(Purpose.VIEW,))
    apply_rules(builder, "reopened", mail.facts, mail.requester)
    return builder.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")
