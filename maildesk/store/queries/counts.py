"""Counts of tickets for the reports. Reads only."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Column, ColumnElement, Connection, Select, and_, func, select, text

from maildesk.model.report import Period
from maildesk.model.sla.timer import SlaTimer
from maildesk.store import tables

_TICKET = tables.ticket
_MESSAGE = tables.message
_PERSON = tables.person
_TIMERS = TypeAdapter(tuple[SlaTimer, ...])


def states(connection: Connection) -> dict[str, int]:
    """The number of open tickets in each state."""
    query = select(_TICKET.c.state, func.count().label("n")).where(tables.OPEN)
    return {row.state: row.n for row in connection.execute(query.group_by(_TICKET.c.state))}


def assigned(connection: Connection) -> dict[str, list[int]]:
    """The open tickets of each assignee, by mail address."""
    query = (
        select(_PERSON.c.address, _TICKET.c.number)
        .join(_PERSON, _PERSON.c.id == _TICKET.c.assignee)
        .where(tables.OPEN)
        .order_by(_TICKET.c.number)
    )
    found: dict[str, list[int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.address, []).append(row.number)
    return found


def opened(connection: Connection, period: Period) -> int:
    """The number of tickets opened in the period."""
    return _number(connection, select(func.count()).where(_within(period, _TICKET.c.opened_at)))


def closed(connection: Connection, period: Period) -> int:
    """The number of tickets closed in the period."""
    return _number(connection, select(func.count()).where(_within(period, _TICKET.c.closed_at)))


def opened_at(connection: Connection, period: Period) -> Iterator[datetime]:
    """The times at which tickets were opened in the period."""
    yield from connection.scalars(
        select(_TICKET.c.opened_at).where(_within(period, _TICKET.c.opened_at))
    )


def closed_at(connection: Connection, period: Period) -> Iterator[datetime]:
    """The times at which tickets were closed in the period."""
    yield from connection.scalars(
        select(_TICKET.c.closed_at).where(_within(period, _TICKET.c.closed_at))
    )


def by_requester(connection: Connection, period: Period) -> Iterator[tuple[str, int]]:
    """The number of tickets opened in the period by requester, the most first."""
    asked = _TICKET.c.requester
    theirs = select(_PERSON.c.address).where(_PERSON.c.id == asked).correlate(_TICKET)
    query = select(theirs.scalar_subquery().label("named"), func.count()).group_by(asked)
    return _most_first(connection, query, period)


def by_category(connection: Connection, period: Period) -> Iterator[tuple[str, int]]:
    """The number of tickets opened in the period by category ("" for none), the most first."""
    named = _TICKET.c.category
    query = select(named.label("named"), func.count()).group_by(named)
    return _most_first(connection, query, period)


def opened_with(
    connection: Connection, period: Period, most: int, characters: int
) -> list[tuple[int, str, str]]:
    """(number, subject, beginning of the first message) of tickets opened in the period.

    Newest first, at most `most`, with `characters` characters of the message.
    """
    first = (
        select(_MESSAGE.c.serial)
        .where(_MESSAGE.c.ticket == _TICKET.c.number)
        .order_by(_MESSAGE.c.at, _MESSAGE.c.serial)
        .limit(1)
        .correlate(_TICKET)
        .scalar_subquery()
    )
    text = func.coalesce(func.substr(_MESSAGE.c.text, 1, characters), "")
    query = (
        select(_TICKET.c.number, _TICKET.c.subject, text)
        .join(_MESSAGE, _MESSAGE.c.serial == first, isouter=True)
        .where(_within(period, _TICKET.c.opened_at))
        .order_by(_TICKET.c.number.desc())
        .limit(most)
    )
    return [(number, subject, said) for number, subject, said in connection.execute(query)]


def sla_timers(
    connection: Connection, since: datetime
) -> Iterator[tuple[str, tuple[SlaTimer, ...]]]:
    """Team and SLA timers of each ticket that is open or was closed since then; the timers of a
    closed ticket have all stopped."""
    every = select(_TICKET.c.team, _TICKET.c.sla_timers)
    for query in (every.where(tables.OPEN), every.where(_TICKET.c.closed_at >= since)):
        for team, written in connection.execute(query):
            yield team, _TIMERS.validate_python(written)


def _within(period: Period, at: Column[Any]) -> ColumnElement[bool]:
    return and_(at >= period.since, at < period.until)


def _number(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())


def _most_first(
    connection: Connection, query: Select[Any], period: Period
) -> Iterator[tuple[str, int]]:
    counted = query.where(_within(period, _TICKET.c.opened_at))
    for row in connection.execute(counted.order_by(func.count().desc(), text("named"))):
        yield row[0], row[1]
