"""A held mail: the sender comes into the ticket, gets one of the own, or the mail is dropped."""

from datetime import datetime

from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.first_event import first_event
from maildesk.lifecycle.looking import apply_rules
from maildesk.lifecycle.policy import Policy
from maildesk.model.cause import HeldJudged
from maildesk.model.decision import Actor, ActorKind, Answer, Change, Decision, Template
from maildesk.model.event import HeldSettled, MessageAdded, PersonJoined
from maildesk.model.ticket import Ticket
from maildesk.model.token import Purpose


def judge(ticket: Ticket, judged: HeldJudged, policy: Policy, now: datetime) -> Decision:
    """What the agent said happens: add, split off or drop. A closed ticket takes nobody in."""
    actor = Actor(ActorKind.AGENT, judged.agent.id, judged.proof)
    draft = Draft(ticket, actor, policy, now)
    if ticket.is_closed and judged.release == "added":
        draft.explain("held", "not added", "the ticket is closed, which is final: split it off")
        return draft.decision(Answer.ILLEGAL)
    draft.add(HeldSettled(judged.held, judged.release))
    who = f"{judged.author.name} <{judged.author.address}>"
    match judged.release:
        case "added":
            return _added(draft, judged, who)
        case "split":
            return _split(draft, judged, who)
        case "dropped":
            draft.explain("held", f"dropped the mail of {who}")
            return draft.decision(Answer.DONE)


def _added(draft: Draft, judged: HeldJudged, who: str) -> Decision:
    """The sender takes part from now on and gets what comes from now on, never the history."""
    if not draft.ticket.takes_part(judged.author.id):
        draft.add(PersonJoined(judged.author.id))
    note = f"{judged.agent.name} added {who}, whose mail was held."
    draft.tell_agents(note, text=judged.text, author=judged.author.id)
    draft.explain("held", f"added {who}")
    return draft.decision(Answer.DONE)


def _split(before: Draft, judged: HeldJudged, who: str) -> Decision:
    """A ticket of the sender's own: from here on as if the mail had named no ticket."""
    opened = first_event(before.policy, requester=judged.author.id, source="mail")
    draft = Draft.opening(opened, before.actor, before.policy, before.now, silent=False)
    draft.add(MessageAdded(judged.message, "request"))
    draft.explain("held", f"split off the mail of {who} from ticket {before.ticket.number}")
    apply_rules(draft, "created", judged.facts, judged.author)
    draft.write(Template.ACKNOWLEDGEMENT, judged.author.id, links=(Purpose.VIEW,))
    note = f"A new ticket, split off from MD-{before.ticket.number}."
    draft.tell_agents(note, text=judged.text, author=judged.author.id)
    return Decision(
        answer=Answer.DONE,
        actor=before.actor,
        changes=(
            Change(before.ticket.number, tuple(before.events)),
            Change(None, tuple(draft.events)),
        ),
        letters=tuple(draft.letters),
        message_kind="request",
        notes=tuple(draft.notes),
        rules_ran=draft.rules_ran,
        follow_ups=tuple(draft.follow_ups),
        why=tuple(draft.steps),
    )
