"""Whose a ticket is: `#take`, `#assign`, `#team`."""

from maildesk.lifecycle import workflow
from maildesk.lifecycle.classify import is_classified, set_field
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.hand_over import Reason, give_to, hand_over
from maildesk.lifecycle.naming import pick, pick_person
from maildesk.lifecycle.task import Act, Task
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.decision import ActorKind
from maildesk.model.person import Person


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
    note = f"{task.agent.name} gave this ticket to {team}."
    text, author = task.latest_text
    hand_over(draft, team, Reason(kind="assigned", note=note, text=text, author=author))
    move_on(draft)
    return f"the ticket is with {team}"


COMMANDS: dict[str, Act] = {"take": _take, "assign": _assign, "team": _team}
