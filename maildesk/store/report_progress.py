"""The time until which each scheduled report has been sent."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from maildesk.store import tables

_REPORT = tables.report


def told_until(connection: Connection) -> dict[str, datetime]:
    """The end of the last reported period, by name of the report."""
    return {row.name: row.told_until for row in connection.execute(select(_REPORT))}


def begin(connection: Connection, name: str, at: datetime) -> None:
    """A new report covers the time from `at` on; another daemon may have begun it already."""
    try:
        with connection.begin_nested():
            connection.execute(insert(_REPORT).values(name=name, told_until=at))
    except IntegrityError:
        pass


def claim(connection: Connection, name: str, since: datetime, until: datetime) -> bool:
    """Whether this daemon is to report on that period; the claim is part of the transaction."""
    mine = (_REPORT.c.name == name, _REPORT.c.told_until == since)
    result = connection.execute(update(_REPORT).where(*mine).values(told_until=until))
    return result.rowcount == 1
