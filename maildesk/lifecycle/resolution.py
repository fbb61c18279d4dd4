"""The requester answers a resolution: accepts it, rejects it, or says that work must go on."""

from maildesk.lifecycle import closure
from maildesk.lifecycle.asking_back import reason_missing, unproven
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.looking import apply_rules
from maildesk.lifecycle.sender import DECIDING_A_RESOLUTION, proof
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.cause import Choice, MailArrived
from maildesk.model.decision import Answer, Decision, Template
from maildesk.model.event import MessageAdded
from maildesk.model.mail import Disposition
from maildesk.model.ticket import Ticket
from maildesk.model.token import Purpose

_THANKED = (
    "Thank you for your mail. Does it mean that you accept the resolution? The ticket stays as it "
    "is until you say so, and closes by itself if nobody objects."
)
_BOTH_WAYS = "We could not tell from your mail whether you accept the resolution."


def answered(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """The requester writes while the ticket waits for closure; None where somebody else does."""
    if not ticket.waits_for_requester or ticket.requester != mail.sender.id:
        return None
    outdated = mail.round is not None and mail.round != ticket.round and mail.choice is not None
    if proof(mail) < DECIDING_A_RESOLUTION or outdated:
        return unproven(mail, draft, Purpose.RESOLUTION)
    if mail.unclear or (mail.thanks and mail.choice is None):
        return _asked_what_is_meant(mail, draft)
    if mail.choice in (Choice.ACCEPT, Choice.APPROVE):
        illegal = closure.cannot_accept(draft)
        if illegal is not None:
            return _forbidden(mail, draft, illegal)
        draft.add(MessageAdded(mail.message, "decision"))
        closure.accept(draft, mail.sender, mail.reason)
        return draft.decision(Answer.DONE, Disposition.DECISION, "decision")
    if mail.choice is Choice.KEEP:
        draft.add(MessageAdded(mail.message, "decision"))
        closure.keep_open(draft, mail.sender, mail.reason)
        note = "The ticket stays open for now."
        draft.write(Template.UPDATE, mail.sender.id, note=note, links=(Purpose.VIEW,))
        return draft.decision(Answer.DONE, Disposition.DECISION, "decision")
    if mail.choice is Choice.REJECT and not mail.reason:
        return reason_missing(mail, draft, Purpose.RESOLUTION)
    return _disagreed(mail, draft)


def _asked_what_is_meant(mail: MailArrived, draft: Draft) -> Decision:
    """Thanks are no decision, nor is a yes with a but: recorded, and the requester is asked."""
    draft.add(MessageAdded(mail.message, "comment"))
    note = _THANKED if mail.thanks else _BOTH_WAYS
    draft.explain("lifecycle", "recorded; asked whether the resolution is accepted")
    draft.write(Template.CONFIRMATION, mail.sender.id, note=note, links=(Purpose.RESOLUTION,))
    if not mail.thanks:
        draft.tell_agents(f"{mail.sender.name} wrote.", text=mail.text, author=mail.sender.id)
    return draft.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _forbidden(mail: MailArrived, draft: Draft, illegal: Illegal) -> Decision:
    """The workflow does not let it happen: nothing changes, and both sides hear why."""
    draft.add(MessageAdded(mail.message, "comment"))
    draft.explain("lifecycle", "nothing changed", illegal.why)
    note = f"We have kept what you wrote, but could not do it: {illegal.why}. An agent will answer."
    draft.write(Template.CONFIRMATION, mail.sender.id, note=note)
    draft.tell_agents(
        f"{mail.sender.name} wrote, and the workflow forbids what was asked: {illegal.why}.",
        text=mail.text,
        author=mail.sender.id,
    )
    return draft.decision(Answer.ILLEGAL, Disposition.FOLLOW_UP, "comment")


def _disagreed(mail: MailArrived, draft: Draft) -> Decision:
    rejects = mail.choice is Choice.REJECT
    illegal = closure.cannot_reject(draft) if rejects else closure.cannot_reopen(draft)
    if illegal is not None:
        return _forbidden(mail, draft, illegal)
    if rejects:
        draft.add(MessageAdded(mail.message, "decision"))
        closure.reject(draft, mail.sender, mail.reason)
        apply_rules(draft, "reopened", mail.facts, mail.requester)
        return draft.decision(Answer.DONE, Disposition.DECISION, "decision")
    draft.add(MessageAdded(mail.message, "reply"))
    closure.reopen(draft, mail.sender, mail.text, "answered while the ticket waited for closure")
    apply_rules(draft, "reopened", mail.facts, mail.requester)
    return draft.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")
