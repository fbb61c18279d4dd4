"""The reports of a desk: what the rows say, counted. Reads only."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from maildesk.lifecycle.sla.sla_policy import SlaPolicy
from maildesk.lifecycle.sla.timers import as_of, elapsed
from maildesk.model.report import Count, Day, Period, Report, SlaFigures, Summary
from maildesk.model.sla.timer import SlaTimer
from maildesk.reporting.similarity import TEXT_CHARACTERS, Spoken, issues
from maildesk.reporting.sla_figures import SlaMeasurement, calculate_sla_figures
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


def sla_figures(sla: SlaPolicy, connection: Connection, period: Period) -> SlaFigures:
    """The SLA timers that stopped in the period or are still open, as they were at its end."""
    return calculate_sla_figures(_measurements(sla, connection, period), period.since, period.until)


def whole(
    name: str, sla: SlaPolicy, connection: Connection, period: Period, zone: ZoneInfo
) -> Report:
    """The report of that time as it goes out by mail, its days those of the zone."""
    here = period.at(zone)
    return Report(
        name=name,
        summary=summary(connection, here),
        sla=sla_figures(sla, connection, here),
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


def _measurements(
    sla: SlaPolicy, connection: Connection, period: Period
) -> Iterator[SlaMeasurement]:
    for team, timers in counts.sla_timers(connection, period.since):
        for timer in timers:
            stopped = timer.stopped_at
            if timer.target and (stopped is None or period.since <= stopped < period.until):
                yield _measurement(sla, team, timer, period.until)


def _measurement(sla: SlaPolicy, team: str, timer: SlaTimer, now: datetime) -> SlaMeasurement:
    spent = elapsed(sla.calendar_of(timer), timer, timer.stopped_at) if timer.stopped_at else None
    return SlaMeasurement(
        metric=timer.metric,
        profile=timer.profile,
        team=team,
        outcome=as_of(sla, timer, now).outcome,
        seconds=int(spent.total_seconds()) if spent is not None else None,
    )
