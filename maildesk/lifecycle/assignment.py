"""Whose a ticket is: `#take`, `#assign`, `#team`."""

from maildesk.lifecycle import workflow
from maildesk.lifecycle.classify import is_classified, set_field
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.naming import pick, pick_person
from maildesk.lifecycle.task import Act, Task
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.decision import ActorKind, Template
from maildesk.model.event import FieldChanged
from maildesk.model.person import Person


def give_to(draft: Draft, agent: int | None) -> None:
    """The ticket is that agent's, or nobody's; whoever had it until now is told by whom."""
    old = draft.ticket.assignee
    if old == agent:
        return
    draft.add(FieldChanged(field="assignee", old=old, new=agent))
    names = {one.id: one.name for one in draft.policy.directory.agents}
    if old in names and old != draft.actor.person:
        who = names.get(draft.actor.person or 0, "The desk")
        to = names.get(agent or 0, draft.ticket.team)
        took = agent == draft.actor.person
        note = f"{who} took this ticket over." if took else f"{who} gave this ticket to {to}."
        draft.write(Template.AGENT_NOTIFICATION, old, note=f"{note} It is yours no longer.")


def hand_to_team(draft: Draft, team: str) -> None:
    """The ticket is that team's; an assignee of another team has it no longer."""
    set_field(draft, "team", team)
    members = {member.id for member in draft.policy.directory.teams.get(team, ())}
    if draft.ticket.assignee not in members:
        give_to(draft, None)


def move_on(draft: Draft) -> None:
    """A ticket that was just reported is assigned as soon as all is known that this asks for."""
    roles = draft.policy.workflow.roles
    if draft.ticket.status == roles.new and is_classified(draft):
        workflow.move(draft, roles.assigned, ActorKind.AGENT)


def _take(task: Task) -> str | Illegal:
    old = task.draft.ticket.assignee
    give_to(task.draft, task.agent.id)
    move_on(task.draft)
    return "the ticket was yours already" if old == task.agent.id else "the ticket is yours"


def _assign(task: Task) -> str | Illegal:
    draft = task.draft
    agent = pick_person(task.argument, draft.policy.directory.agents)
    if isinstance(agent, Illegal):
        return agent
    if draft.ticket.team not in agent.teams:
        set_field(draft, "team", agent.teams[0])
    give_to(draft, agent.id)
    move_on(draft)
    task.tell_agents(f"{task.agent.name} gave you this ticket.")
    return f"the ticket is {agent.name}'s{_away(draft, agent)}"


def _away(draft: Draft, agent: Person) -> str:
    until = draft.policy.directory.away_until(agent.id, draft.now)
    return f", who is away until {until}" if until else ""


def _team(task: Task) -> str | Illegal:
    draft = task.draft
    team = pick("team", task.argument, draft.policy.directory.teams)
    if isinstance(team, Illegal):
        return team
    if draft.ticket.team == team:
        return f"the ticket was with {team} already"
    hand_to_team(draft, team)
    move_on(draft)
    task.tell_agents(f"{task.agent.name} gave this ticket to {team}.")
    return f"the ticket is with {team}"


COMMANDS: dict[str, Act] = {"take": _take, "assign": _assign, "team": _team}
