"""Open tickets, work on which goes on, that rules may relate another one to."""

from collections.abc import Collection

from sqlalchemy import Connection, Text, and_, cast, select

from maildesk.store import tables

_TICKET = tables.ticket
_MOST = 200  # open tickets of one person that are looked at: the newest
_OPEN = and_(_TICKET.c.closed_at.is_(None), _TICKET.c.state != "Resolved")
_OF = select(_TICKET.c.number, _TICKET.c.subject).where(_OPEN).order_by(_TICKET.c.number.desc())
_TAGGED = (
    select(_TICKET.c.number, _TICKET.c.tags)
    .where(_OPEN, cast(_TICKET.c.tags, Text) != "[]")
    .order_by(_TICKET.c.number)
)


def of(connection: Connection, requester: int) -> tuple[tuple[int, str], ...]:
    """(number, subject) of the person's open tickets, oldest first."""
    query = _OF.where(_TICKET.c.requester == requester).limit(_MOST)
    rows = connection.execute(query).all()
    return tuple((row.number, row.subject) for row in reversed(rows))


def tagged(connection: Connection, tags: Collection[str]) -> dict[str, int]:
    """The oldest open ticket with each of these tags. It walks over the open ones with any."""
    found: dict[str, int] = {}
    for row in connection.execute(_TAGGED):
        for tag in row.tags:
            if tag in tags:
                found.setdefault(tag, row.number)
        if len(found) == len(tags):
            break
    return found
