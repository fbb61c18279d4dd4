"""Up to when each report by mail has told what there was to tell."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from maildesk.store import tables

_REPORT = tables.report


def told_until(connection: Connection) -> dict[str, datetime]:
    """By the name of the report."""
    return {row.name: row.told_until for row in connection.execute(select(_REPORT))}


def begin(connection: Connection, name: str, at: datetime) -> None:
    """A report that is new has told nothing, and tells from here on; another may be first."""
    try:
        with connection.begin_nested():
            connection.execute(insert(_REPORT).values(name=name, told_until=at))
    except IntegrityError:
        pass


def claim(connection: Connection, name: str, since: datetime, until: datetime) -> bool:
    """Whether it is ours to tell of that time; with this transaction it is told."""
    mine = (_REPORT.c.name == name, _REPORT.c.told_until == since)
    result = connection.execute(update(_REPORT).where(*mine).values(told_until=until))
    return result.rowcount == 1
