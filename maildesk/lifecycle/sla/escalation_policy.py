"""Escalation policies: what happens when part of an SLA target has elapsed.

Missed steps run in the order of their times, each once per timer. A person gets at most one
notification per timer and run, for the last step reached.
"""

from datetime import datetime

from maildesk.config.schema.sla import EscalationStep, Whom
from maildesk.lifecycle.classification import classify
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.hand_over import Reason, hand_over
from maildesk.lifecycle.sla.timers import step_times
from maildesk.model.event import EscalationStepReached
from maildesk.model.message import Message
from maildesk.model.sla.timer import PendingNotification, SlaTimer

_GRADES = ("low", "medium", "high")


def is_timer_due(builder: DecisionBuilder) -> bool:
    """Whether a step of any SLA timer of the ticket is due."""
    checks = (timer.next_check for timer in builder.ticket.sla_timers)
    return any(at is not None and at <= builder.now for at in checks)


def run_due_steps(builder: DecisionBuilder) -> None:
    """Run each due step of each open timer."""
    sla, now = builder.policy.sla, builder.now
    due_steps = [
        (when, timer, step)
        for timer in builder.ticket.sla_timers
        if timer.is_open and timer.target
        for when, step in step_times(sla, timer)
        if when <= now
    ]
    pending: dict[tuple[int, str, int], PendingNotification] = {}
    for _, timer, step in sorted(due_steps, key=lambda one: one[0]):
        builder.add(EscalationStepReached(metric=timer.metric, serial=timer.serial, step=step.at))
        builder.explain("sla", f"{timer.metric} reached {step.at}", f"target due {timer.due}")
        _raise_and_reassign(builder, step)
        for notification in _notifications(builder, timer, step):
            pending[notification.to, notification.metric, notification.serial] = notification
    builder.pending_notifications += pending.values()


def _notifications(
    builder: DecisionBuilder, timer: SlaTimer, step: EscalationStep
) -> list[PendingNotification]:
    recipients = dict.fromkeys(person for whom in step.notify for person in _people(builder, whom))
    if step.notify and not recipients:  # no lead, next level or manager is defined
        recipients = dict.fromkeys(_people(builder, "assignee"))
    not_before = _earliest_notification(builder, timer)
    return [
        PendingNotification(
            to=person,
            ticket=builder.ticket.number,
            metric=timer.metric,
            serial=timer.serial,
            level=step.at,
            due=timer.due,
            not_before=not_before,
        )
        for person in recipients
    ]


def _people(builder: DecisionBuilder, whom: Whom) -> tuple[int, ...]:
    directory, ticket = builder.policy.directory, builder.ticket
    match whom:
        case "assignee":
            return directory.working_on(ticket, builder.now)
        case "lead":
            return directory.reachable(directory.leads_of(ticket.team), builder.now)
        case "level-above":
            return directory.reachable(directory.above(ticket.team), builder.now)
        case "manager":
            return directory.reachable(directory.managers(ticket), builder.now)


def _earliest_notification(builder: DecisionBuilder, timer: SlaTimer) -> datetime:
    """Now, or when the calendar of `notify_within` opens next."""
    sla = builder.policy.sla
    policy = sla.escalation_policy_of(timer)
    if policy is None or policy.notify_within is None:
        return builder.now
    return sla.calendars[policy.notify_within].opens(builder.now)


def _raise_and_reassign(builder: DecisionBuilder, step: EscalationStep) -> None:
    if step.raise_priority:
        _raise(builder)
    if step.reassign is not None and step.reassign != builder.ticket.team:
        note = Message.of("note.reassigned-by-sla", step=f"{step.at}")
        hand_over(builder, step.reassign, Reason(kind="overdue", note=note))


def _raise(builder: DecisionBuilder) -> None:
    """Raise the urgency by one grade, or else the impact; skip what the ticket does not have."""
    ticket = builder.ticket
    if ticket.urgency in _GRADES[:-1]:
        classify.set_field(builder, "urgency", _GRADES[_GRADES.index(ticket.urgency) + 1])
    elif ticket.impact in _GRADES[:-1]:
        classify.set_field(builder, "impact", _GRADES[_GRADES.index(ticket.impact) + 1])
    classify.set_priority(builder)
