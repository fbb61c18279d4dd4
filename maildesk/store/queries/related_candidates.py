"""Tickets to which rules may relate another ticket."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, func, select

from maildesk.store import tables

_TICKET = tables.ticket
_TAG = tables.worked_tag
_MOST = 200  # the newest open tickets of one person that are considered
_OF = (
    select(_TICKET.c.number, _TICKET.c.subject)
    .where(tables.OPEN, _TICKET.c.state != "Resolved")
    .where(_TICKET.c.requester == bindparam("person"))
    .order_by(_TICKET.c.number.desc())
    .limit(_MOST)
)
_OLDEST = select(func.min(_TAG.c.ticket)).where(_TAG.c.tag == bindparam("tag"))


def of(connection: Connection, requester: int) -> tuple[tuple[int, str], ...]:
    """(number, subject) of the person's open tickets, oldest first."""
    rows = connection.execute(_OF, {"person": requester}).all()
    return tuple((row.number, row.subject) for row in reversed(rows))


def tagged(connection: Connection, tags: Collection[str]) -> dict[str, int]:
    """The oldest unresolved ticket with each of these tags."""
    oldest = {tag: connection.execute(_OLDEST, {"tag": tag}).scalar() for tag in tags}
    return {tag: number for tag, number in oldest.items() if number is not None}
