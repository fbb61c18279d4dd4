"""A held mail: the sender comes into the ticket, gets one of the own, or the mail is dropped."""

from datetime import datetime

from maildesk.lifecycle.classification.rule_evaluation import apply_rules
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import HeldJudged
from maildesk.model.decision import Actor, ActorKind, Answer, Decision, Template
from maildesk.model.event import HeldSettled, MessageAdded, PersonJoined
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket


def judge(ticket: Ticket, judged: HeldJudged, policy: Policy, now: datetime) -> Decision:
    """What the agent said happens: add, split off or drop. A closed ticket takes nobody in."""
    actor = Actor(ActorKind.AGENT, judged.agent.id, judged.proof)
    builder = DecisionBuilder(ticket, actor, policy, now)
    if ticket.is_closed and judged.release == "added":
        builder.explain("held", "not added", "the ticket is closed: split the mail off")
        return builder.decision(Answer.ILLEGAL)
    builder.add(HeldSettled(judged.held, judged.release))
    who = f"{judged.requester.name} <{judged.requester.address}>"
    match judged.release:
        case "added":
            return _added(builder, judged, who)
        case "split":
            return _split(builder, judged, who)
        case "dropped":
            builder.explain("held", f"dropped the mail of {who}")
            return builder.decision(Answer.DONE)


def _added(builder: DecisionBuilder, judged: HeldJudged, who: str) -> Decision:
    """The sender takes part from now on and gets what comes from now on, never the history."""
    if not builder.ticket.takes_part(judged.requester.id):
        builder.add(PersonJoined(judged.requester.id))
    note = Message.of("note.admitted", agent=judged.agent, sender=judged.requester)
    builder.tell_agents(note, text=judged.text, author=judged.requester.id)
    builder.explain("held", f"added {who}")
    return builder.decision(Answer.DONE)


def _split(before: DecisionBuilder, judged: HeldJudged, who: str) -> Decision:
    """A ticket of the sender's own: from here on as if the mail had named no ticket."""
    opened = first_event(before.policy, requester=judged.requester.id, source="mail")
    builder = DecisionBuilder.opening(
        opened, before.actor, before.policy, before.now, number=judged.number, silent=False
    )
    builder.add(MessageAdded(judged.message, "request"))
    builder.explain("held", f"split off the mail of {who} from ticket {before.ticket.number}")
    apply_rules(builder, "created", judged.facts, judged.requester)
    builder.write(Template.ACKNOWLEDGEMENT, judged.requester.id, links=(Purpose.VIEW,))
    note = Message.of("note.new-ticket-split", ticket=before.ticket.number)
    builder.tell_agents(note, text=judged.text, author=judged.requester.id)
    return Decision(
        answer=Answer.DONE,
        actor=before.actor,
        changes=(before.change(), builder.change()),
        outgoing_mails=tuple(builder.outgoing_mails),
        message_kind="request",
        notes=tuple(builder.notes),
        rules_ran=builder.rules_ran,
        related_changes=tuple(builder.related_changes),
        why=tuple(builder.steps),
    )
