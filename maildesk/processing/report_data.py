"""The reports of a desk: what the rows say, counted. Reads only."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from maildesk.lifecycle.sla.sla_policy import SlaPolicy
from maildesk.lifecycle.sla.timers import as_of, used
from maildesk.model.report import Count, Day, Period, Promises, Report, Summary
from maildesk.model.sla_timer import Clock
from maildesk.reporting.similarity import TEXT_CHARACTERS, Spoken, issues
from maildesk.reporting.sla_figures import Measure, promises
from maildesk.store.queries import counts, listings

LIKENESS_TICKETS = 5_000


def summary(connection: Connection, period: Period) -> Summary:
    """Tickets counted as they are now, and in that time."""
    states = counts.states(connection)
    newest = counts.opened_with(connection, period, LIKENESS_TICKETS, TEXT_CHARACTERS)
    spoken = [Spoken(*row) for row in reversed(newest)]
    return Summary(
        since=period.since,
        until=period.until,
        open=sum(states.values()) - states.get("On-Hold", 0),
        on_hold=states.get("On-Hold", 0),
        opened=counts.opened(connection, period),
        closed=counts.closed(connection, period),
        requesters=tuple(Count(*row) for row in counts.by_requester(connection, period)),
        categories=tuple(Count(*row) for row in counts.by_category(connection, period)),
        issues=issues(spoken),
        looked_at=len(spoken),
    )


def kept(levels: SlaPolicy, connection: Connection, period: Period) -> Promises:
    """The promises that stopped in that time or have yet to stop, as they stood at its end."""
    return promises(_measures(levels, connection, period), period.since, period.until)


def whole(
    name: str, levels: SlaPolicy, connection: Connection, period: Period, zone: ZoneInfo
) -> Report:
    """The report of that time as it goes out by mail, its days those of the zone."""
    here = period.at(zone)
    return Report(
        name=name,
        summary=summary(connection, here),
        promises=kept(levels, connection, here),
        days=tuple(_days(connection, here, zone)),
        opened_before=counts.opened(connection, period.before),
        closed_before=counts.closed(connection, period.before),
        waiting=sum(1 for _ in listings.quarantined(connection)),
    )


def _days(connection: Connection, period: Period, zone: ZoneInfo) -> Iterator[Day]:
    opened = Counter(at.astimezone(zone).date() for at in counts.opened_at(connection, period))
    closed = Counter(at.astimezone(zone).date() for at in counts.closed_at(connection, period))
    day = period.since.date()
    while day <= period.until.date():
        yield Day(day, opened[day], closed[day])
        day += timedelta(1)


def _measures(levels: SlaPolicy, connection: Connection, period: Period) -> Iterator[Measure]:
    for team, clocks in counts.clocks(connection, period.since):
        for clock in clocks:
            stopped = clock.stopped_at
            if clock.target and (stopped is None or period.since <= stopped < period.until):
                yield _measure(levels, team, clock, period.until)


def _measure(levels: SlaPolicy, team: str, clock: Clock, now: datetime) -> Measure:
    spent = used(levels.calendar_of(clock), clock, clock.stopped_at) if clock.stopped_at else None
    return Measure(
        metric=clock.metric,
        profile=clock.profile,
        team=team,
        outcome=as_of(levels, clock, now).outcome,
        seconds=int(spent.total_seconds()) if spent is not None else None,
    )
