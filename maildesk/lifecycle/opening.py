"""A ticket is opened: by a mail, for somebody who called, or by an agent who passes a mail on."""

from datetime import datetime

from maildesk.lifecycle.approvals import requests
from maildesk.lifecycle.classification.classify import set_field
from maildesk.lifecycle.classification.rule_evaluation import apply_rules, turned_away
from maildesk.lifecycle.commands import perform
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sender_proof import actor, told
from maildesk.model.cause import MailArrived, TicketReported
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, Template
from maildesk.model.event import FieldChanged, MessageAdded, PersonJoined
from maildesk.model.links.token import Purpose
from maildesk.model.mail import Disposition, Kind
from maildesk.model.message import Message, joined
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket

ENCRYPTED = Message.of("note.encrypted")


def opened(closed: Ticket | None, mail: MailArrived, policy: Policy, now: datetime) -> Decision:
    """A mail that belongs to no ticket is a new one; to a closed ticket, its child."""
    requester = mail.behalf or mail.sender
    kind = ActorKind.AGENT if mail.behalf else ActorKind.REQUESTER
    parent = closed.number if closed else None
    builder = begun(mail, requester, kind, policy, now, parent=parent)
    builder.add(MessageAdded(mail.message, "request"))
    let_join(builder, mail)
    if closed is not None:
        builder.explain("lifecycle", f"ticket {closed.number} is closed: a new one, its child")
        _stay_with(builder, closed)
    outcome = apply_rules(builder, "created", mail.facts, requester)
    away = turned_away(outcome, builder)
    if away is not None:
        return away
    # What is over, or was handed on, is not taken back.
    if closed is not None and not (builder.ticket.is_closed or builder.ticket.back_to):
        _stay_with(builder, closed)
    _announce(builder, mail)
    return builder.decision(Answer.DONE, Disposition.NEW_TICKET, "request")


def begun(
    mail: MailArrived,
    requester: Person,
    kind: ActorKind,
    policy: Policy,
    now: datetime,
    *,
    parent: int | None = None,
    source: str = "mail",
) -> DecisionBuilder:
    """The ticket of a first mail, with nothing in it yet."""
    event = first_event(policy, requester=requester.id, source=source, parent=parent)
    silent = mail.silent or mail.kind is Kind.LIST
    return DecisionBuilder.opening(
        event, actor(mail, kind), policy, now, number=mail.number, silent=silent
    )


def let_join(builder: DecisionBuilder, mail: MailArrived) -> None:
    """People in CC, whom a proven sender brings in."""
    builder.add(*(PersonJoined(one) for one in mail.joining if one != builder.ticket.requester))


def _stay_with(builder: DecisionBuilder, closed: Ticket) -> None:
    """Who knew the closed ticket has its child too, as far as they are still there: before the
    rules look, so that they see it, and against what they say."""
    directory = builder.policy.directory
    if closed.team in directory.teams:
        set_field(builder, "team", closed.team)
    old, new = builder.ticket.assignee, closed.assignee
    if new is not None and old != new and any(agent.id == new for agent in directory.agents):
        builder.add(FieldChanged(field="assignee", old=old, new=new))


def reported(report: TicketReported, policy: Policy, now: datetime) -> Decision:
    """An agent wrote down what somebody said on the phone, or at the desk."""
    event = first_event(policy, requester=report.requester.id, source=report.source)
    who = Actor(ActorKind.AGENT, report.agent.id, perform.CONSOLE)
    builder = DecisionBuilder.opening(event, who, policy, now, number=report.number, silent=False)
    builder.add(MessageAdded(report.message, "request"))
    apply_rules(builder, "created", report.facts, report.requester)
    acknowledge(builder)
    if not builder.ticket.waits_for_approval:
        note = Message.of("note.new-ticket-entered", agent=report.agent)
        builder.tell_agents(note, text=report.text, author=report.requester.id)
    return builder.decision(Answer.DONE, message_kind="request")


def acknowledge(builder: DecisionBuilder, *notes: Message | None) -> None:
    """Send the requester the ticket number and who must approve, unless a rule switched it off.

    `notes` are read before that.
    """
    if not builder.acknowledges:
        return
    note, links = joined(*notes, requests.waits_for(builder)), (Purpose.VIEW,)
    builder.write(Template.ACKNOWLEDGEMENT, builder.ticket.requester, note=note, links=links)


def _announce(builder: DecisionBuilder, mail: MailArrived) -> None:
    if mail.behalf is not None:
        _announce_on_behalf(builder, mail, mail.behalf)
        return
    if mail.acknowledged:
        acknowledge(builder, ENCRYPTED if mail.encrypted else None)
    if not builder.ticket.waits_for_approval:
        parent = builder.ticket.parent
        note = Message.of("note.new-ticket")
        if parent is not None:
            note = Message.of("note.new-ticket-after-closed", ticket=parent)
        builder.tell_agents(told(note, mail), text=mail.text, author=mail.sender.id)


def _announce_on_behalf(builder: DecisionBuilder, mail: MailArrived, author: Person) -> None:
    """An agent passed a mail on: its author is the requester and is told; so is the agent."""
    passed_on(builder, mail, author)
    note = Message.of("note.opened-on-behalf", requester=author)
    builder.write(Template.TRANSCRIPT, mail.sender.id, note=note)


def passed_on(builder: DecisionBuilder, mail: MailArrived, author: Person) -> None:
    """The author of the inner mail is told, and so are those who work on the ticket."""
    builder.explain("lifecycle", f"opened on behalf of {author.name} <{author.address}>")
    forwarded = {"agent": mail.sender, "author": author}
    note = Message.of("note.forwarded", **forwarded)
    if mail.words:
        note = Message.of("note.forwarded-with-words", words=mail.words, **forwarded)
    builder.notes.append(note)
    acknowledge(builder)
    if not builder.ticket.waits_for_approval:
        note = Message.of("note.new-ticket-forwarded", **forwarded)
        builder.tell_agents_once(note, text=mail.text, author=author.id)
