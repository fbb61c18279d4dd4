"""A ticket goes to another agent or another team: by an agent, a rule, or the clock."""

from dataclasses import dataclass
from typing import Literal

from maildesk.lifecycle.classification.classify import set_field
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.model.decision import Template
from maildesk.model.event import Escalated, FieldChanged
from maildesk.model.message import Message

Kind = Literal["assigned", "escalated", "handed-back", "overdue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a ticket is handed over.

    `assigned`: an agent chose the team; `escalated`: to another level, which can hand it back;
    `handed-back`: to the team that escalated it; `overdue`: the time of an SLA target is used up.
    The agents of the team read the `note` and the `text` of its `author`. `message` is the mail
    that says why, `rule` the rule that did it.
    """

    kind: Kind
    note: Message
    text: str = ""
    author: int | None = None
    message: str = ""
    rule: str = ""


def give_to(builder: DecisionBuilder, agent: int | None) -> None:
    """The ticket is that agent's, or nobody's; whoever had it until now is told by whom."""
    old = builder.ticket.assignee
    if old == agent:
        return
    builder.add(FieldChanged(field="assignee", old=old, new=agent))
    names = {one.id: one.name for one in builder.policy.directory.agents}
    if old in names and old != builder.actor.person:
        to = names.get(agent or 0, builder.ticket.team)
        note = _taken_away(names.get(builder.actor.person or 0), to, agent == builder.actor.person)
        builder.write(Template.AGENT_NOTIFICATION, old, note=note)


def _taken_away(who: str | None, to: str, took: bool) -> Message:
    if who is None:
        return Message.of("note.reassigned-by-desk", to=to)
    return Message.of("note.taken-over" if took else "note.reassigned", agent=who, to=to)


def hand_over(builder: DecisionBuilder, team: str, reason: Reason) -> None:
    """The ticket is that team's, and its agents are notified; of an escalation the requester too.

    An assignee of another team has it no longer; after a missed SLA target no assignee has.
    """
    old = builder.ticket.team
    set_field(builder, "team", team, reason.rule)
    _release(builder, team, reason)
    if reason.kind in ("escalated", "handed-back"):
        back_to = old if reason.kind == "escalated" else ""
        _escalated(builder, back_to, reason)
    builder.tell_agents(reason.note, text=reason.text, author=reason.author)
    if reason.kind == "escalated":
        named = builder.policy.directory.named(team)
        note = Message.of("note.escalated-for-requester", team=named)
        builder.write(Template.UPDATE, builder.ticket.requester, note=note)


def _escalated(builder: DecisionBuilder, back_to: str, reason: Reason) -> None:
    before, message = builder.ticket.back_to, reason.message
    builder.add(Escalated(message=message, old=before, back_to=back_to, rule=reason.rule))


def _release(builder: DecisionBuilder, team: str, reason: Reason) -> None:
    assignee = builder.ticket.assignee
    members = {member.id for member in builder.policy.directory.teams.get(team, ())}
    if assignee is None or (assignee in members and reason.kind != "overdue"):
        return
    if reason.kind == "overdue" or reason.rule:
        gone = FieldChanged(field="assignee", old=assignee, new=None, rule=reason.rule)
        builder.add(gone)
    else:
        give_to(builder, None)
