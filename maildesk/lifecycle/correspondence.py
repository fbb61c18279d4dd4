"""A mail has come: who wrote it in which part, and what that means for the ticket.

The order of the questions is the table `_PARTS`; the first that fits decides.
"""

from collections.abc import Callable
from datetime import datetime

from maildesk.lifecycle import (
    approval,
    approver_mail,
    closure,
    command,
    dictation,
    hold,
    resolution,
    standing_in,
)
from maildesk.lifecycle.asking_back import unproven
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.looking import apply_rules
from maildesk.lifecycle.opening import opened
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sender import (
    ACTING_AS_AN_AGENT,
    APPROVING,
    actor,
    proof,
    told,
)
from maildesk.model.cause import FLOOD, Choice, MailArrived
from maildesk.model.decision import ActorKind, Answer, Decision, Template
from maildesk.model.event import MessageAdded, PersonJoined
from maildesk.model.mail import Disposition, Kind
from maildesk.model.person import Proof
from maildesk.model.ticket import Ticket
from maildesk.model.token import Purpose

_IN_YOUR_NAME = (
    "A mail in your name came to this ticket, and we could not be sure that it was you. Its text "
    "stands in the ticket, marked as unproven; nothing else has changed."
)
_OBJECTION = (
    " The ticket was resolved without a question to the requester, and closes by itself no more: "
    "take it up again with #reopen, or close it with #close."
)
_Part = Callable[[Ticket, MailArrived, Draft], Decision | None]


def arrived(ticket: Ticket | None, mail: MailArrived, policy: Policy, now: datetime) -> Decision:
    """What a mail does to the ticket it was threaded to, or to none."""
    if ticket is None and dictation.is_one(mail):
        return dictation.dictated(mail, policy, now)
    late = ticket is not None and approver_mail.is_late(ticket, mail)
    if ticket is None or (ticket.is_closed and _opens_a_child(ticket, mail) and not late):
        return opened(ticket, mail, policy, now)
    who = actor(mail, ActorKind.REQUESTER)
    draft = Draft(ticket, who, policy, now, silent=mail.silent, family=mail.family)
    for part in _PARTS:
        decision = part(ticket, mail, draft)
        if decision is not None:
            return decision
    raise AssertionError("the last part takes every mail")


def _opens_a_child(ticket: Ticket, mail: MailArrived) -> bool:
    """Whether a mail to a closed ticket asks for something: machines, thanks and agents do not."""
    asks = mail.kind is Kind.PERSON and not mail.thanks
    return asks and not mail.held and not _answers_late(ticket, mail)


def _answers_late(ticket: Ticket, mail: MailArrived) -> bool:
    """Whether an agent still means a closed ticket, where nobody would read it: no request of the
    agent's own, and no mail of somebody else that is passed on."""
    if not mail.sender.is_agent or mail.behalf is not None:
        return False
    own = ticket.requester == mail.sender.id
    return _commands(mail) or (mail.kind is Kind.PERSON and not own and not mail.thanks)


def _machine(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """An auto-reply never reopens, accepts, approves or resets a clock. Of an approver it may
    say that somebody else has to be asked: that one is away, not that a mail came or was read."""
    if mail.kind is not Kind.AUTO_REPLY:
        return None
    draft.add(MessageAdded(mail.message, "auto-reply"))
    question = ticket.approval if ticket.waits_for_approval else None
    asked = question is not None and mail.sender.id in question.waiting
    if asked and mail.away and proof(mail) >= APPROVING:
        standing_in.pass_on(draft, mail.sender.id, "away")
    draft.explain("lifecycle", "recorded; an automatic answer decides nothing")
    return draft.decision(Answer.RECORDED, Disposition.AUTO_REPLY, "auto-reply")


def _flood(_ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """Mails faster than a person writes: two programs answer each other, or somebody floods us.

    Each is kept and changes nothing; those who work on the ticket are told at the first one.
    """
    if mail.flood is None:
        return None
    draft.add(MessageAdded(mail.message, FLOOD))
    if mail.flood.begins:
        draft.tell_agents(
            f"{mail.flood.words}. They seem to be written by a program. Further ones are kept "
            "with the ticket and change nothing, until there are fewer.",
        )
    draft.explain("loop-breaker", "recorded; it changes nothing", mail.flood.words)
    return draft.decision(Answer.RECORDED, Disposition.LOOP, FLOOD)


def _stranger(_ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """A valid reference in the hands of somebody who takes no part: neither in nor away."""
    if not mail.held:
        return None
    draft.add(MessageAdded(mail.message, "held"))
    note = (
        f"{mail.sender.name} <{mail.sender.address}> takes no part in this ticket and wrote to "
        "it. The mail is held: only agents can see it."
    )
    draft.tell_agents(told(note, mail), text=mail.text, author=mail.sender.id)
    draft.explain("lifecycle", "held", "the sender takes no part in this ticket")
    return draft.decision(Answer.HELD, Disposition.HELD, "held")


def _after_the_end(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """Machine mail and thanks to a closed ticket are recorded; all else opened a child before."""
    if not ticket.is_closed or _answers_late(ticket, mail):
        return None
    draft.add(MessageAdded(mail.message, "comment"))
    what = "thanks" if mail.thanks else "machine mail"
    draft.explain("lifecycle", f"recorded; {what} to a closed ticket opens none")
    return draft.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _commands(mail: MailArrived) -> bool:
    return bool(mail.commands or mail.wrong_commands)


def _agent(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    if not mail.sender.is_agent or (ticket.requester == mail.sender.id and not _commands(mail)):
        return None
    draft.actor = actor(mail, ActorKind.AGENT)
    if proof(mail) < ACTING_AS_AN_AGENT:
        return unproven(mail, draft)
    return command.perform(draft, _written(mail))


def _written(mail: MailArrived) -> command.Written:
    return command.Written(
        agent=mail.sender,
        requester=mail.requester,
        message=mail.message,
        text=mail.text,
        commands=mail.commands,
        wrong=mail.wrong_commands,
        around=mail.around,
    )


def _list(_ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision | None:
    """Whoever writes to a list may not mean the desk: it wakes nothing, and no rule looks."""
    if mail.kind is not Kind.LIST:
        return None
    draft.add(MessageAdded(mail.message, "comment"))
    note = f"{mail.sender.name} wrote by way of a mailing list."
    draft.tell_agents(note, text=mail.text, author=mail.sender.id)
    draft.explain("lifecycle", "recorded; mail of a mailing list changes nothing")
    return draft.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _follow_up(ticket: Ticket, mail: MailArrived, draft: Draft) -> Decision:
    """Anything else that somebody who takes part writes."""
    draft.add(MessageAdded(mail.message, "reply"))
    objects = _objects(ticket, mail)
    more = _OBJECTION if objects else _since_approved(ticket, mail)
    note = told(f"{mail.sender.name} answered.{more}", mail)
    draft.tell_agents(note, text=mail.text, author=mail.sender.id)
    if mail.identity.proof is Proof.NONE:
        return _comment_in_a_name(mail, draft)
    if objects:
        closure.stay(draft)
    fresh = [person for person in mail.joining if not ticket.takes_part(person)]
    draft.add(*(PersonJoined(person) for person in fresh))
    draft.explain("lifecycle", "added to the ticket")
    if ticket.requester == mail.sender.id and not mail.thanks:
        if ticket.waits_for_approval and _changes(ticket, mail):
            approval.ask_again(draft, mail.requester, mail.text)
        hold.answered(draft)
    apply_rules(draft, "replied", mail.facts, mail.requester)
    return draft.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")


def _changes(ticket: Ticket, mail: MailArrived) -> bool:
    """Whether a mail changes the request: thanks, and asking how it stands, do not."""
    return ticket.requester == mail.sender.id and not mail.thanks and not mail.chases


def _since_approved(ticket: Ticket, mail: MailArrived) -> str:
    """What the requester adds to a request that was approved is not approved by that."""
    question = ticket.approval
    if question is None or question.outcome != "approved" or not _changes(ticket, mail):
        return ""
    return (
        " This came after the request was approved, and may go beyond it: #approval "
        f"{question.kind} asks anew."
    )


def _objects(ticket: Ticket, mail: MailArrived) -> bool:
    """Whether the requester speaks up where nobody asked: an event or the parent resolved it.

    Thanks and a yes are none, and whoever is not proven stops nothing.
    """
    agrees = mail.thanks or mail.choice in (Choice.ACCEPT, Choice.APPROVE)
    speaks = ticket.requester == mail.sender.id and mail.identity.proof > Proof.NONE
    return ticket.is_resolved and ticket.close_due is not None and speaks and not agrees


def _comment_in_a_name(mail: MailArrived, draft: Draft) -> Decision:
    """A comment needs no proof; but nothing else follows from it, and who is named is told."""
    draft.explain("lifecycle", "added to the ticket as unproven", *mail.identity.rejected)
    links = (Purpose.VIEW,)
    draft.write(Template.CONFIRMATION, mail.sender.id, note=_IN_YOUR_NAME, links=links)
    return draft.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")


_PARTS: tuple[_Part, ...] = (
    _machine,
    _flood,
    _stranger,
    approver_mail.too_late,
    _after_the_end,
    approver_mail.answered,
    approver_mail.withdrawn,
    _agent,
    resolution.answered,
    _list,
    _follow_up,
)
