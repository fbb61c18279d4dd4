"""The reports of a desk: what the rows say, counted. Reads only."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from maildesk.desk.office import Office
from maildesk.lifecycle.levels import Levels
from maildesk.lifecycle.sla import as_of, used
from maildesk.model.clock import Clock
from maildesk.model.report import Count, Promises, Summary
from maildesk.report.likeness import TEXT_CHARACTERS, Spoken, issues
from maildesk.report.promises import Measure, promises
from maildesk.store import counts

LIKENESS_TICKETS = 5_000


def summary(office: Office, connection: Connection, since: datetime) -> Summary:
    """Tickets counted as they are now, and since then."""
    now = office.clock()
    states = counts.states(connection)
    newest = counts.opened_with(connection, since, LIKENESS_TICKETS, TEXT_CHARACTERS)
    spoken = [Spoken(*row) for row in reversed(newest)]
    return Summary(
        since=since,
        until=now,
        open=sum(states.values()) - states.get("On-Hold", 0),
        on_hold=states.get("On-Hold", 0),
        opened=counts.opened(connection, since),
        closed=counts.closed(connection, since),
        requesters=tuple(Count(*row) for row in counts.by_requester(connection, since)),
        categories=tuple(Count(*row) for row in counts.by_category(connection, since)),
        issues=issues(spoken),
        looked_at=len(spoken),
    )


def kept(office: Office, connection: Connection, since: datetime) -> Promises:
    """The promises that stopped since then or have yet to stop, as they stand now."""
    levels, now = office.policy.levels, office.clock()
    return promises(_measures(levels, connection, since, now), since, now)


def _measures(
    levels: Levels, connection: Connection, since: datetime, now: datetime
) -> Iterator[Measure]:
    for team, clocks in counts.clocks(connection, since):
        for clock in clocks:
            if clock.target and (clock.stopped_at is None or clock.stopped_at >= since):
                yield _measure(levels, team, clock, now)


def _measure(levels: Levels, team: str, clock: Clock, now: datetime) -> Measure:
    spent = used(levels.calendar_of(clock), clock, clock.stopped_at) if clock.stopped_at else None
    return Measure(
        metric=clock.metric,
        profile=clock.profile,
        team=team,
        outcome=as_of(levels, clock, now).outcome,
        seconds=int(spent.total_seconds()) if spent is not None else None,
    )
