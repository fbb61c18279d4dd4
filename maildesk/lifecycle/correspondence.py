"""A mail has come: who wrote it in which part, and what that means for the ticket.

The order of the questions is the table `_PARTS`; the first that fits decides.
"""

from collections.abc import Callable
from datetime import datetime

from maildesk.lifecycle.approvals import replies, start, substitutes
from maildesk.lifecycle.approvals.clarification import unproven
from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.closure import closure, resolution_reply
from maildesk.lifecycle.commands import agents_first_mail, hold, perform
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.opening import ENCRYPTED, opened
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sender_proof import ACTING_AS_AN_AGENT, APPROVING, actor, proof, told
from maildesk.model.cause import FLOOD, Choice, MailArrived
from maildesk.model.decision import ActorKind, Answer, Decision, Template
from maildesk.model.event import MessageAdded, PersonJoined
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition, Kind
from maildesk.model.message import Message
from maildesk.model.person import Proof
from maildesk.model.ticket import Ticket

_IN_YOUR_NAME = Message.of("note.in-your-name")
_OBJECTION = Message.of("note.objection")
_Part = Callable[[Ticket, MailArrived, DecisionBuilder], Decision | None]


def arrived(ticket: Ticket | None, mail: MailArrived, policy: Policy, now: datetime) -> Decision:
    """What a mail does to the ticket it was threaded to, or to none."""
    if ticket is None and agents_first_mail.is_one(mail):
        return agents_first_mail.dictated(mail, policy, now)
    late = ticket is not None and replies.is_late(ticket, mail)
    if ticket is None or (ticket.is_closed and _opens_a_child(ticket, mail) and not late):
        return opened(ticket, mail, policy, now)
    who = actor(mail, ActorKind.REQUESTER)
    builder = DecisionBuilder(
        ticket,
        who,
        policy,
        now,
        silent=mail.silent,
        descendants=mail.descendants,
        number=mail.number,
    )
    for part in _PARTS:
        decision = part(ticket, mail, builder)
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


def _machine(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """An auto-reply never reopens, accepts, approves or resets a clock. Of an approver it may
    say that somebody else has to be asked: that one is away, not that a mail came or was read."""
    if mail.kind is not Kind.AUTO_REPLY:
        return None
    builder.add(MessageAdded(mail.message, "auto-reply"))
    question = ticket.approval if ticket.waits_for_approval else None
    asked = question is not None and mail.sender.id in question.waiting
    if asked and mail.away and proof(mail) >= APPROVING:
        substitutes.pass_on(builder, mail.sender.id, "away")
    builder.explain("lifecycle", "recorded; an automatic answer decides nothing")
    return builder.decision(Answer.RECORDED, Disposition.AUTO_REPLY, "auto-reply")


def _reaction(_ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """Record an emoji reaction as thanks. It decides nothing."""
    if not mail.reaction or mail.held:
        return None
    builder.add(MessageAdded(mail.message, "comment"))
    builder.explain("lifecycle", "recorded; a reaction is thanks and changes nothing")
    return builder.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _flood(_ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """Mails faster than a person writes: two programs answer each other, or somebody floods us.

    Each is kept and changes nothing; those who work on the ticket are told at the first one.
    """
    if mail.flood is None:
        return None
    builder.add(MessageAdded(mail.message, FLOOD))
    if mail.flood.begins:
        builder.tell_agents(mail.flood.message + Message.of("note.flood"))
    builder.explain("loop-breaker", "recorded; it changes nothing", mail.flood.message)
    return builder.decision(Answer.RECORDED, Disposition.LOOP, FLOOD)


def _stranger(_ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """A valid reference in the hands of somebody who takes no part: neither in nor away."""
    if not mail.held:
        return None
    builder.add(MessageAdded(mail.message, "held"))
    note = Message.of("note.held", sender=mail.sender)
    builder.tell_agents(told(note, mail), text=mail.text, author=mail.sender.id)
    builder.explain("lifecycle", "held", "the sender is not a participant of this ticket")
    return builder.decision(Answer.HELD, Disposition.HELD, "held")


def _after_the_end(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """Machine mail and thanks to a closed ticket are recorded; all else opened a child before."""
    if not ticket.is_closed or _answers_late(ticket, mail):
        return None
    builder.add(MessageAdded(mail.message, "comment"))
    what = "thanks" if mail.thanks else "machine mail"
    builder.explain("lifecycle", f"recorded; {what} to a closed ticket opens none")
    return builder.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _commands(mail: MailArrived) -> bool:
    return bool(mail.commands or mail.wrong_commands)


def _agent(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    if not mail.sender.is_agent or (ticket.requester == mail.sender.id and not _commands(mail)):
        return None
    builder.actor = actor(mail, ActorKind.AGENT)
    if proof(mail) < ACTING_AS_AN_AGENT:
        return unproven(mail, builder)
    return perform.perform(builder, _written(mail))


def _written(mail: MailArrived) -> perform.Written:
    return perform.Written(
        agent=mail.sender,
        requester=mail.requester,
        message=mail.message,
        text=mail.text,
        commands=mail.commands,
        wrong=mail.wrong_commands,
        command_context=mail.command_context,
    )


def _list(_ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision | None:
    """Whoever writes to a list may not mean the desk: it wakes nothing, and no rule looks."""
    if mail.kind is not Kind.LIST:
        return None
    builder.add(MessageAdded(mail.message, "comment"))
    note = Message.of("note.wrote-by-list", person=mail.sender)
    builder.tell_agents(note, text=mail.text, author=mail.sender.id)
    builder.explain("lifecycle", "recorded; mail of a mailing list changes nothing")
    return builder.decision(Answer.RECORDED, Disposition.FOLLOW_UP, "comment")


def _follow_up(ticket: Ticket, mail: MailArrived, builder: DecisionBuilder) -> Decision:
    """Anything else that somebody who takes part writes."""
    builder.add(MessageAdded(mail.message, "reply"))
    objects = _objects(ticket, mail)
    more = _OBJECTION if objects else _since_approved(ticket, mail)
    note = told(Message.of("note.replied", person=mail.sender).then(more), mail)
    builder.tell_agents(note, text=mail.text, author=mail.sender.id)
    if mail.identity.proof is Proof.NONE:
        return _comment_in_a_name(mail, builder)
    if mail.encrypted:
        builder.write(Template.UPDATE, mail.sender.id, note=ENCRYPTED, links=(Purpose.VIEW,))
    if objects:
        closure.stay(builder)
    fresh = [person for person in mail.joining if not ticket.takes_part(person)]
    builder.add(*(PersonJoined(person) for person in fresh))
    builder.explain("lifecycle", "added to the ticket")
    if ticket.requester == mail.sender.id and not mail.thanks:
        if ticket.waits_for_approval and _changes(ticket, mail):
            start.ask_again(builder, mail.requester, mail.text)
        hold.answered(builder)
    apply_rules(builder, "replied", mail.facts, mail.requester)
    return builder.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")


def _changes(ticket: Ticket, mail: MailArrived) -> bool:
    """Whether a mail changes the request: thanks, and asking how it stands, do not."""
    return ticket.requester == mail.sender.id and not mail.thanks and not mail.chases


def _since_approved(ticket: Ticket, mail: MailArrived) -> Message | None:
    """What the requester adds to a request that was approved is not approved by that."""
    question = ticket.approval
    if question is None or question.outcome != "approved" or not _changes(ticket, mail):
        return None
    return Message.of("note.after-approval", name=question.kind)


def _objects(ticket: Ticket, mail: MailArrived) -> bool:
    """Whether the requester speaks up where nobody asked: an event or the parent resolved it.

    Thanks and a yes are none, and whoever is not proven stops nothing.
    """
    agrees = mail.thanks or mail.choice in (Choice.ACCEPT, Choice.APPROVE)
    speaks = ticket.requester == mail.sender.id and mail.identity.proof > Proof.NONE
    return ticket.is_resolved and ticket.close_due is not None and speaks and not agrees


def _comment_in_a_name(mail: MailArrived, builder: DecisionBuilder) -> Decision:
    """A comment needs no proof; but nothing else follows from it, and who is named is told."""
    builder.explain("lifecycle", "added to the ticket as unproven", *mail.identity.rejected)
    links = (Purpose.VIEW,)
    builder.write(Template.CONFIRMATION, mail.sender.id, note=_IN_YOUR_NAME, links=links)
    return builder.decision(Answer.DONE, Disposition.FOLLOW_UP, "reply")


_PARTS: tuple[_Part, ...] = (
    _machine,
    _flood,
    _reaction,
    _stranger,
    replies.too_late,
    _after_the_end,
    replies.answered,
    replies.withdrawn,
    _agent,
    resolution_reply.answered,
    _list,
    _follow_up,
)
