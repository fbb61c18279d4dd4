"""Escalation up the hierarchy: what happens when so much of a promise's time is used.

Rungs that were missed are made up in the order of their times; each happens once for a clock. A
person hears of one clock once, of the highest rung.
"""

from datetime import datetime

from maildesk.config.schema.sla import Rung, Whom
from maildesk.lifecycle.classification import classify
from maildesk.lifecycle.decision_builder import DecisionBuilder
from maildesk.lifecycle.hand_over import Reason, hand_over
from maildesk.lifecycle.sla.timers import points
from maildesk.model.event import RungReached
from maildesk.model.sla_timer import Clock, PendingNotification

_GRADES = ("low", "medium", "high")


def wakes(builder: DecisionBuilder) -> bool:
    """Whether a clock of the ticket has to be looked at."""
    return any(c.wakes is not None and c.wakes <= builder.now for c in builder.ticket.clocks)


def climb(builder: DecisionBuilder) -> None:
    """Every rung of every clock whose time has come."""
    levels, now = builder.policy.levels, builder.now
    passed = [
        (when, clock, rung)
        for clock in builder.ticket.clocks
        if clock.is_open and clock.target
        for when, rung in points(levels, clock)
        if when <= now
    ]
    told: dict[tuple[int, str, int], PendingNotification] = {}
    for _, clock, rung in sorted(passed, key=lambda one: one[0]):
        builder.add(RungReached(metric=clock.metric, serial=clock.serial, rung=rung.at))
        builder.explain("sla", f"{clock.metric} reached {rung.at}", f"target due {clock.due}")
        _raise_and_reassign(builder, rung)
        for notice in _notices(builder, clock, rung):
            told[notice.to, notice.metric, notice.serial] = notice
    builder.pending_notifications += told.values()


def _notices(builder: DecisionBuilder, clock: Clock, rung: Rung) -> list[PendingNotification]:
    told = dict.fromkeys(person for whom in rung.tell for person in _people(builder, whom))
    if rung.tell and not told:  # nobody leads the team, or is above it
        told = dict.fromkeys(_people(builder, "assignee"))
    not_before = _opening(builder, clock)
    return [
        PendingNotification(
            to=person,
            ticket=builder.ticket.number,
            metric=clock.metric,
            serial=clock.serial,
            level=rung.at,
            due=clock.due,
            not_before=not_before,
        )
        for person in told
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


def _opening(builder: DecisionBuilder, clock: Clock) -> datetime:
    """Now, or when quiet hours end."""
    levels = builder.policy.levels
    ladder = levels.ladder_of(clock)
    if ladder is None or ladder.tell_within is None:
        return builder.now
    return levels.calendars[ladder.tell_within].opens(builder.now)


def _raise_and_reassign(builder: DecisionBuilder, rung: Rung) -> None:
    if rung.raise_priority:
        _raise(builder)
    if rung.reassign is not None and rung.reassign != builder.ticket.team:
        note = f"The ticket came to your team: {rung.at} of its time is used."
        hand_over(builder, rung.reassign, Reason(kind="overdue", note=note))


def _raise(builder: DecisionBuilder) -> None:
    """Urgency one grade up, then impact; a ticket that has neither yet stays as it is."""
    ticket = builder.ticket
    if ticket.urgency in _GRADES[:-1]:
        classify.set_field(builder, "urgency", _GRADES[_GRADES.index(ticket.urgency) + 1])
    elif ticket.impact in _GRADES[:-1]:
        classify.set_field(builder, "impact", _GRADES[_GRADES.index(ticket.impact) + 1])
    classify.set_priority(builder)
