"""An agent's click: resolve a ticket, take it, or hand it on, by the link of a notification. Each
once."""

from dataclasses import replace

from maildesk.lifecycle.closure import closure
from maildesk.lifecycle.commands import perform
from maildesk.lifecycle.commands.task import WAITS_FOR_APPROVAL
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow import transitions
from maildesk.model.cause import Command, Work
from maildesk.model.decision import ActorKind, Answer, Decision
from maildesk.model.mail import Step
from maildesk.model.message import Message
from maildesk.model.ticket import Ticket


def commands(work: Work, said: str) -> tuple[Command, ...]:
    """What the same would be by mail. Words that come with taking a ticket are a note. Of handing
    on the team is not named yet: it is that of the next level when the click is worked."""
    if work is Work.RESOLVE:
        return (Command("resolve", said),)
    if work is Work.HAND_ON:
        return (Command("escalate", said),)
    return (Command("take", ""), *((Command("note", said),) if said else ()))


def hindrance(builder: DecisionBuilder) -> Message | None:
    """Why the ticket cannot be resolved by a link now; None if it can.

    A click is made more lightly than a mail: it never makes the question to an approver void.
    """
    illegal = (
        WAITS_FOR_APPROVAL if builder.ticket.waits_for_approval else closure.cannot_resolve(builder)
    )
    return illegal.why if illegal else None


def next_team(builder: DecisionBuilder) -> str:
    """To which team this agent can hand the ticket on by a click; "" where that is not clear, or
    the ticket is not with the agent's own team (any more)."""
    ticket, directory = builder.ticket, builder.policy.directory
    members = directory.teams.get(ticket.team, ())
    above = directory.teams_above(ticket.team)
    if not any(one.id == builder.actor.person for one in members) or len(above) != 1:
        return ""
    return "" if ticket.waits_for_approval or _cannot_escalate(builder) else above[0]


def _cannot_escalate(builder: DecisionBuilder) -> bool:
    shipped, ticket = builder.policy.workflow, builder.ticket
    to, leads = shipped.roles.escalated, builder.policy.directory.leads_team
    if ticket.status == to:
        return False
    leading = leads(builder.actor.person, ticket.team)
    agent = ActorKind.AGENT
    return transitions.check(shipped, ticket, to, agent, frozenset(), leads=leading) is not None


def is_over(ticket: Ticket) -> bool:
    """Whether somebody has resolved the ticket, or closed it."""
    return ticket.waits_for_requester or ticket.is_closed


def click(builder: DecisionBuilder, written: perform.Written, round_: int) -> Decision:
    """Do it as if by mail, with a transcript; what cannot be done whole changes nothing."""
    objection = _objection(builder, written, round_)
    if objection is not None:
        return builder.decision(objection)
    first = written.commands[0]
    why = hindrance(builder) if first.name == "resolve" else None
    if first.name == "escalate":
        team = next_team(builder)
        why = None if team else Message.of("refusal.no-next-team")
        order = Command("escalate", f"{team}\n{first.argument}")
        written = replace(written, commands=(order,))
    if why is not None:
        return _refused(builder, Step("command", "not done", rejected=(why,)))
    decision = perform.perform(builder, written)
    return _refused(builder, *decision.why) if decision.answer is Answer.ILLEGAL else decision


def _refused(builder: DecisionBuilder, *why: Step) -> Decision:
    return Decision(answer=Answer.ILLEGAL, actor=builder.actor, why=why)


def _objection(builder: DecisionBuilder, written: perform.Written, round_: int) -> Answer | None:
    ticket = builder.ticket
    if not written.agent.is_agent:
        return Answer.NOT_YOURS
    if is_over(ticket):
        return Answer.ALREADY_DECIDED
    if round_ != ticket.round:
        return Answer.OLD_ROUND
    first = written.commands[0]
    if first.name == "take" and ticket.assignee is not None:
        return Answer.ALREADY_DECIDED
    if first.name == "escalate" and ticket.team not in written.agent.teams:
        return Answer.ALREADY_DECIDED
    if first.name in ("resolve", "escalate") and not first.argument:
        return Answer.REASON_MISSING
    return None
