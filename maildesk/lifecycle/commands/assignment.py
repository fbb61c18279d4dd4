"""Whose a ticket is: `#take`, `#assign`, `#team`."""

from maildesk.lifecycle.classification.classify import is_classified, set_field
from maildesk.lifecycle.commands.match_argument import pick, pick_person
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import FieldChanged
from maildesk.model.person import Person


def give_to(builder: DecisionBuilder, agent: int | None) -> None:
    """The ticket is that agent's, or nobody's; whoever had it until now is told by whom."""
    old = builder.ticket.assignee
    if old == agent:
        return
    builder.add(FieldChanged(field="assignee", old=old, new=agent))
    names = {one.id: one.name for one in builder.policy.directory.agents}
    if old in names and old != builder.actor.person:
        who = names.get(builder.actor.person or 0, "The desk")
        to = names.get(agent or 0, builder.ticket.team)
        took = agent == builder.actor.person
        note = f"{who} took this ticket over." if took else f"{who} gave this ticket to {to}."
        builder.write(Template.AGENT_NOTIFICATION, old, note=f"{note} It is yours no longer.")


def hand_to_team(builder: DecisionBuilder, team: str) -> None:
    """The ticket is that team's; an assignee of another team has it no longer."""
    set_field(builder, "team", team)
    members = {member.id for member in builder.policy.directory.teams.get(team, ())}
    if builder.ticket.assignee not in members:
        give_to(builder, None)


def move_on(builder: DecisionBuilder) -> None:
    """A ticket that was just reported is assigned as soon as all is known that this asks for."""
    roles = builder.policy.workflow.roles
    if builder.ticket.status == roles.new and is_classified(builder):
        transitions.move(builder, roles.assigned, ActorKind.AGENT)


def _take(task: Task) -> str | Refusal:
    old = task.builder.ticket.assignee
    give_to(task.builder, task.agent.id)
    move_on(task.builder)
    return "the ticket was yours already" if old == task.agent.id else "the ticket is yours"


def _assign(task: Task) -> str | Refusal:
    builder = task.builder
    agent = pick_person(task.argument, builder.policy.directory.agents)
    if isinstance(agent, Refusal):
        return agent
    if builder.ticket.team not in agent.teams:
        set_field(builder, "team", agent.teams[0])
    give_to(builder, agent.id)
    move_on(builder)
    task.tell_agents(f"{task.agent.name} gave you this ticket.")
    return f"the ticket is {agent.name}'s{_away(builder, agent)}"


def _away(builder: DecisionBuilder, agent: Person) -> str:
    until = builder.policy.directory.away_until(agent.id, builder.now)
    return f", who is away until {until}" if until else ""


def _team(task: Task) -> str | Refusal:
    builder = task.builder
    team = pick("team", task.argument, builder.policy.directory.teams)
    if isinstance(team, Refusal):
        return team
    if builder.ticket.team == team:
        return f"the ticket was with {team} already"
    hand_to_team(builder, team)
    move_on(builder)
    task.tell_agents(f"{task.agent.name} gave this ticket to {team}.")
    return f"the ticket is with {team}"


COMMANDS: dict[str, CommandHandler] = {"take": _take, "assign": _assign, "team": _team}
