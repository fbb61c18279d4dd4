"""A ticket that waits: `#hold`, and what wakes it."""

from datetime import UTC, datetime, time

from maildesk.lifecycle.commands.date_argument import Until, read_until
from maildesk.lifecycle.commands.task import WAITS_FOR_APPROVAL, CommandHandler, Task
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.lifecycle.workflow import transitions
from maildesk.lifecycle.workflow.transitions import Refusal
from maildesk.model.decision import ActorKind
from maildesk.model.event import Paused
from maildesk.model.message import Message


def _hold(task: Task) -> Message | Refusal:
    builder = task.builder
    if builder.ticket.waits_for_approval:
        return WAITS_FOR_APPROVAL
    calendar = builder.policy.sla.calendar_for(builder.ticket.team, "")
    until = read_until(task.argument, builder.now.astimezone(calendar.zone))
    if isinstance(until, Refusal):
        return until
    illegal = transitions.move(builder, builder.policy.workflow.roles.on_hold, ActorKind.AGENT)
    if illegal is not None:
        return illegal
    wakes = None if until is None else _wakes(until, calendar)
    builder.add(Paused(message=task.message, wake_due=wakes))
    task.tell_agents(Message.of("note.on-hold", agent=task.agent))
    if until is None or wakes is None:
        return Message.of("command.on-hold", requester=task.requester)
    return _told(task, until, wakes.astimezone(calendar.zone))


def _wakes(until: Until, calendar: Calendar) -> datetime:
    """At the time that was said, or when the team begins to work."""
    at = datetime.combine(until.day, until.time or time(), calendar.zone).astimezone(UTC)
    return at if until.time else calendar.opens(at)


def _told(task: Task, until: Until, wakes: datetime) -> Message:
    if until.time:
        said = Message.of("command.on-hold-until-time", day=until.day, time=f"{wakes:%H:%M}")
    elif wakes.date() == until.day:
        said = Message.of("command.on-hold-until", day=until.day)
    else:
        said = Message.of("command.on-hold-later", day=until.day, opens=wakes.date())
    return said + Message.of("command.reply-resumes", requester=task.requester)


def wake(builder: DecisionBuilder) -> None:
    """The day has come."""
    if transitions.move(builder, builder.policy.workflow.roles.assigned, ActorKind.CLOCK) is None:
        builder.tell_agents(Message.of("note.hold-over"))
        builder.explain("clock", "woken: its day has come")


def answered(builder: DecisionBuilder) -> None:
    """What the requester says may be what the ticket waited for."""
    roles, ticket = builder.policy.workflow.roles, builder.ticket
    if ticket.status == roles.on_hold and not ticket.waits_for_approval:
        transitions.move(builder, roles.assigned, ActorKind.REQUESTER)
    elif ticket.status == roles.escalated and ticket.hold is not None:
        transitions.move(builder, roles.working, ActorKind.REQUESTER)


COMMANDS: dict[str, CommandHandler] = {"hold": _hold}
