"""The tickets with a deadline that has passed, and the claim to process one."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from maildesk.store import tables

_TICKET = tables.ticket
_CLAIM = (
    select(_TICKET.c.number)
    .where(_TICKET.c.number == bindparam("of"), _TICKET.c.next_due <= bindparam("now"))
    .with_for_update(skip_locked=True)
)


def due(connection: Connection, now: datetime, limit: int) -> tuple[int, ...]:
    """Tickets with a deadline that has passed, most overdue first."""
    rows = connection.execute(
        select(_TICKET.c.number)
        .where(_TICKET.c.next_due <= now)
        .order_by(_TICKET.c.next_due)
        .limit(limit)
    ).scalars()
    return tuple(rows)


def claim(connection: Connection, number: int, now: datetime) -> bool:
    """Lock the ticket if it is still due; False if another worker holds or processed it."""
    claimed = connection.execute(_CLAIM, {"of": number, "now": now}).scalar_one_or_none()
    return claimed is not None


def postpone(connection: Connection, number: int, until: datetime, trouble: str) -> None:
    """Processing of this ticket failed: try again at `until`, and show the error."""
    connection.execute(
        update(_TICKET).where(_TICKET.c.number == number).values(next_due=until, trouble=trouble)
    )


def open_numbers(
    connection: Connection, after: int = 0, limit: int | None = None
) -> tuple[int, ...]:
    """The numbers of tickets that are not closed, ascending: at most `limit` above `after`."""
    query = select(_TICKET.c.number).where(tables.OPEN, _TICKET.c.number > after)
    return tuple(connection.execute(query.order_by(_TICKET.c.number).limit(limit)).scalars())


def counter(connection: Connection, name: str) -> int | None:
    """The value of the counter; None if there is no counter with that name."""
    query = select(tables.counter.c.value).where(tables.counter.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def set_counter(connection: Connection, name: str, value: int) -> None:
    """Set the counter, which is created if it does not exist."""
    has_name = tables.counter.c.name == name
    changed = connection.execute(update(tables.counter).where(has_name).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(tables.counter).values(name=name, value=value))
