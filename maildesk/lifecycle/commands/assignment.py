"""Whose a ticket is: `#take`, `#assign`, `#team`."""

from maildesk.lifecycle.classification.classify import is_classified, set_field
from maildesk.lifecycle.commands.match_argument import pick, pick_person
from maildesk.lifecycle.commands.task import CommandHandler, Task
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.hand_over import Reason, give_to, hand_over
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind
from maildesk.model.message import Message


def move_on(builder: DecisionBuilder) -> None:
    """A ticket that was just reported is assigned as soon as all is known that this asks for."""
    roles = builder.policy.workflow.roles
    if builder.ticket.status == roles.new and is_classified(builder):
        transitions.move(builder, roles.assigned, ActorKind.AGENT)


def _take(task: Task) -> Message | Refusal:
    give_to(task.builder, task.agent.id)
    move_on(task.builder)
    return Message.of("command.taken")


def _assign(task: Task) -> Message | Refusal:
    builder = task.builder
    agent = pick_person(task.argument, builder.policy.directory.agents)
    if isinstance(agent, Refusal):
        return agent
    if builder.ticket.team not in agent.teams:
        set_field(builder, "team", agent.teams[0])
    give_to(builder, agent.id)
    move_on(builder)
    task.tell_agents(Message.of("note.assigned-to-you", agent=task.agent))
    until = builder.policy.directory.away_until(agent.id, builder.now)
    if until:
        return Message.of("command.assigned-away", agent=agent, until=until)
    return Message.of("command.assigned", agent=agent)


def _team(task: Task) -> Message | Refusal:
    builder = task.builder
    team = pick(Message.of("kind.team"), task.argument, builder.policy.directory.teams)
    if isinstance(team, Refusal):
        return team
    if builder.ticket.team == team:
        return Message.of("refusal.already-with", team=team)
    note = Message.of("note.given-to-team", agent=task.agent, team=team)
    text, author = task.newest_text
    hand_over(builder, team, Reason(kind="assigned", note=note, text=text, author=author))
    move_on(builder)
    return Message.of("command.team", team=team)


COMMANDS: dict[str, CommandHandler] = {"take": _take, "assign": _assign, "team": _team}
