"""Escalation up the hierarchy: what happens when so much of a promise's time is used.

Rungs that were missed are made up in the order of their times; each happens once for a clock. A
person hears of one clock once, of the highest rung.
"""

from datetime import datetime

from maildesk.lifecycle import classify
from maildesk.lifecycle.draft import Draft
from maildesk.lifecycle.hand_over import Reason, hand_over
from maildesk.lifecycle.sla import points
from maildesk.model.clock import Clock, Notice
from maildesk.model.event import RungReached
from maildesk.model.sla import Rung, Whom

_GRADES = ("low", "medium", "high")


def wakes(draft: Draft) -> bool:
    """Whether a clock of the ticket has to be looked at."""
    return any(c.wakes is not None and c.wakes <= draft.now for c in draft.ticket.clocks)


def climb(draft: Draft) -> None:
    """Every rung of every clock whose time has come."""
    levels, now = draft.policy.levels, draft.now
    passed = [
        (when, clock, rung)
        for clock in draft.ticket.clocks
        if clock.is_open and clock.target
        for when, rung in points(levels, clock)
        if when <= now
    ]
    told: dict[tuple[int, str, int], Notice] = {}
    for _, clock, rung in sorted(passed, key=lambda one: one[0]):
        draft.add(RungReached(metric=clock.metric, serial=clock.serial, rung=rung.at))
        draft.explain("sla", f"{clock.metric} reached {rung.at}", f"target due {clock.due}")
        _raise_and_reassign(draft, rung)
        for notice in _notices(draft, clock, rung):
            told[notice.to, notice.metric, notice.serial] = notice
    draft.notices += told.values()


def _notices(draft: Draft, clock: Clock, rung: Rung) -> list[Notice]:
    told = dict.fromkeys(person for whom in rung.tell for person in _people(draft, whom))
    if rung.tell and not told:  # nobody leads the team, or is above it
        told = dict.fromkeys(_people(draft, "assignee"))
    not_before = _opening(draft, clock)
    return [
        Notice(
            to=person,
            ticket=draft.ticket.number,
            metric=clock.metric,
            serial=clock.serial,
            level=rung.at,
            due=clock.due,
            not_before=not_before,
        )
        for person in told
    ]


def _people(draft: Draft, whom: Whom) -> tuple[int, ...]:
    directory, ticket = draft.policy.directory, draft.ticket
    match whom:
        case "assignee":
            return directory.working_on(ticket, draft.now)
        case "lead":
            return directory.reachable(directory.leads_of(ticket.team), draft.now)
        case "level-above":
            return directory.reachable(directory.above(ticket.team), draft.now)
        case "manager":
            return directory.reachable(directory.managers(ticket), draft.now)


def _opening(draft: Draft, clock: Clock) -> datetime:
    """Now, or when quiet hours end."""
    levels = draft.policy.levels
    ladder = levels.ladder_of(clock)
    if ladder is None or ladder.tell_within is None:
        return draft.now
    return levels.calendars[ladder.tell_within].opens(draft.now)


def _raise_and_reassign(draft: Draft, rung: Rung) -> None:
    if rung.raise_priority:
        _raise(draft)
    if rung.reassign is not None and rung.reassign != draft.ticket.team:
        note = f"The ticket came to your team: {rung.at} of its time is used."
        hand_over(draft, rung.reassign, Reason(kind="overdue", note=note))


def _raise(draft: Draft) -> None:
    """Urgency one grade up, then impact; a ticket that has neither yet stays as it is."""
    ticket = draft.ticket
    if ticket.urgency in _GRADES[:-1]:
        classify.set_field(draft, "urgency", _GRADES[_GRADES.index(ticket.urgency) + 1])
    elif ticket.impact in _GRADES[:-1]:
        classify.set_field(draft, "impact", _GRADES[_GRADES.index(ticket.impact) + 1])
    classify.set_priority(draft)
