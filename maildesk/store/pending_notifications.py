"""Notifications about SLA targets that have not been sent to their readers yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from maildesk.model.sla.timer import PendingNotification
from maildesk.store import tables

_NOTICE = tables.notice
ADD = insert(_NOTICE)


def rows_of(pending_notifications: Sequence[PendingNotification]) -> list[dict[str, Any]]:
    """The rows of these notices."""
    return [
        {
            "person_id": one.to,
            "ticket": one.ticket,
            "metric": one.metric,
            "serial": one.serial,
            "level": one.level,
            "due": one.due,
            "not_before": one.not_before,
        }
        for one in pending_notifications
    ]


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether any notification may be sent now."""
    found = connection.execute(select(_NOTICE.c.id).where(_NOTICE.c.not_before <= now).limit(1))
    return found.scalar_one_or_none() is not None


def take(connection: Connection, now: datetime) -> tuple[PendingNotification, ...]:
    """All notifications that one person may get now, oldest first, which deletes them."""
    person = connection.execute(
        select(_NOTICE.c.person_id).where(_NOTICE.c.not_before <= now).limit(1)
    ).scalar_one_or_none()
    if person is None:
        return ()
    theirs = (_NOTICE.c.person_id == person, _NOTICE.c.not_before <= now)
    rows = connection.execute(delete(_NOTICE).where(*theirs).returning(*_NOTICE.c)).all()
    return tuple(
        PendingNotification(
            to=row.person_id,
            ticket=row.ticket,
            metric=row.metric,
            serial=row.serial,
            level=row.level,
            due=row.due,
            not_before=row.not_before,
        )
        for row in sorted(rows, key=lambda row: row.id)
    )
