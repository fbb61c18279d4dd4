"""A ticket that waits: `#hold`, and what wakes it."""

from datetime import UTC, datetime, time

from maildesk.lifecycle import workflow
from maildesk.lifecycle.calendar import Calendar
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.task import ASKED, Act, Task
from maildesk.lifecycle.until import Until, read_until
from maildesk.lifecycle.workflow import Illegal
from maildesk.model.decision import ActorKind
from maildesk.model.event import Paused


def _hold(task: Task) -> str | Illegal:
    draft = task.draft
    if draft.ticket.waits_for_approval:
        return ASKED
    calendar = draft.policy.levels.calendar_for(draft.ticket.team, "")
    until = read_until(task.argument, draft.now.astimezone(calendar.zone).date())
    if isinstance(until, Illegal):
        return until
    illegal = workflow.move(draft, draft.policy.workflow.roles.on_hold, ActorKind.AGENT)
    if illegal is not None:
        return illegal
    wakes = None if until is None else _wakes(until, calendar)
    draft.add(Paused(message=task.message, wake_due=wakes))
    task.tell_agents(f"{task.agent.name} put this ticket on hold.")
    if until is None or wakes is None:
        return "on hold until the requester answers"
    return f"on hold until {_told(until, wakes.astimezone(calendar.zone))}"


def _wakes(until: Until, calendar: Calendar) -> datetime:
    """At the time that was said, or when the team begins to work."""
    at = datetime.combine(until.day, until.time or time(), calendar.zone).astimezone(UTC)
    return at if until.time else calendar.opens(at)


def _told(until: Until, wakes: datetime) -> str:
    later = "" if wakes.date() == until.day else f", when work begins again on {wakes:%Y-%m-%d}"
    at = f" at {wakes:%H:%M}" if until.time else ""
    return f"{until.day:%Y-%m-%d}{at}{later}, or until the requester answers"


def wake(draft: Draft) -> None:
    """The day has come."""
    if workflow.move(draft, draft.policy.workflow.roles.assigned, ActorKind.CLOCK) is None:
        draft.tell_agents("The hold of this ticket is over.")
        draft.explain("clock", "woken: its day has come")


def answered(draft: Draft) -> None:
    """What the requester says may be what the ticket waited for."""
    roles, ticket = draft.policy.workflow.roles, draft.ticket
    if ticket.status == roles.on_hold and not ticket.waits_for_approval:
        workflow.move(draft, roles.assigned, ActorKind.REQUESTER)
    elif ticket.status == roles.escalated and ticket.hold is not None:
        workflow.move(draft, roles.working, ActorKind.REQUESTER)


COMMANDS: dict[str, Act] = {"hold": _hold}
