"""Whose a ticket is: `#take`, `#assign`, `#team`."""

from maildesk.lifecycle.classification.classify import is_classified, set_field
from maildesk.lifecycle.commands.match_argument import pick, pick_person
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.hand_over import Reason, give_to, hand_over
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind
from maildesk.model.person import Person


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
    note = f"{task.agent.name} gave this ticket to {team}."
    text, author = task.newest_text
    hand_over(builder, team, Reason(kind="assigned", note=note, text=text, author=author))
    move_on(builder)
    return f"the ticket is with {team}"


COMMANDS: dict[str, CommandHandler] = {"take": _take, "assign": _assign, "team": _team}
