"""An agent's click: resolve a ticket, or take it, by the link of a notification. Each once."""

from maildesk.lifecycle import closure, command
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.task import ASKED
from maildesk.model.cause import Command, Work
from maildesk.model.decision import Answer, Decision
from maildesk.model.mail import Step
from maildesk.model.ticket import Ticket


def commands(work: Work, said: str) -> tuple[Command, ...]:
    """What the same would be by mail. Words that come with taking a ticket are a note."""
    if work is Work.RESOLVE:
        return (Command("resolve", said),)
    return (Command("take", ""), *((Command("note", said),) if said else ()))


def hindrance(draft: Draft) -> str:
    """Why the ticket cannot be resolved by a link now; "" where it can.

    A click is made more lightly than a mail: it never makes the question to an approver void.
    """
    illegal = ASKED if draft.ticket.waits_for_approval else closure.cannot_resolve(draft)
    return illegal.why if illegal else ""


def is_over(ticket: Ticket) -> bool:
    """Whether somebody has resolved the ticket, or closed it."""
    return ticket.waits_for_requester or ticket.is_closed


def click(draft: Draft, written: command.Written, round_: int) -> Decision:
    """Do it as if by mail, with a transcript; what cannot be done whole changes nothing."""
    objection = _objection(draft.ticket, written, round_)
    if objection is not None:
        return draft.decision(objection)
    resolves = any(one.name == "resolve" for one in written.commands)
    why = hindrance(draft) if resolves else ""
    if why:
        return _refused(draft, Step("command", "not done", rejected=(why,)))
    decision = command.perform(draft, written)
    return _refused(draft, *decision.why) if decision.answer is Answer.ILLEGAL else decision


def _refused(draft: Draft, *why: Step) -> Decision:
    return Decision(answer=Answer.ILLEGAL, actor=draft.actor, why=why)


def _objection(ticket: Ticket, written: command.Written, round_: int) -> Answer | None:
    if not written.agent.is_agent:
        return Answer.NOT_YOURS
    if is_over(ticket):
        return Answer.ALREADY_DECIDED
    if round_ != ticket.round:
        return Answer.OLD_ROUND
    first = written.commands[0]
    if first.name == "take" and ticket.assignee is not None:
        return Answer.ALREADY_DECIDED
    if first.name == "resolve" and not first.argument:
        return Answer.REASON_MISSING
    return None
