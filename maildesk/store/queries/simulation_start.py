"""The starting point of a simulation: open tickets, and the mails of the past."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from maildesk.model.ticket import Ticket
from maildesk.store import due_tickets, tables, tickets

BATCH = 500
_TICKET = tables.ticket
_MESSAGE = tables.message


@dataclass(frozen=True, slots=True)
class Request:
    """A mail that opened a ticket: its time, requester and text."""

    at: datetime
    requester: int
    subject: str
    text: str


def open_tickets(connection: Connection) -> dict[int, Ticket]:
    """Every ticket that is not closed, by its number. Locks nothing."""
    numbers = due_tickets.open_numbers(connection)
    found: dict[int, Ticket] = {}
    for first in range(0, len(numbers), BATCH):
        loaded = tickets.load(connection, numbers[first : first + BATCH], lock=False)
        found |= {number: ticket for number, (ticket, _) in loaded.items()}
    return found


def newest_number(connection: Connection) -> int:
    """The highest ticket number; 0 if there is no ticket."""
    return int(connection.execute(select(func.max(_TICKET.c.number))).scalar() or 0)


def requests(connection: Connection, since: datetime, until: datetime) -> tuple[Request, ...]:
    """The mails that opened tickets in that time, oldest first."""
    said = and_(_MESSAGE.c.ticket == _TICKET.c.number, _MESSAGE.c.kind == "request")
    query = (
        select(_TICKET.c.number, _TICKET.c.opened_at, _TICKET.c.requester, _TICKET.c.subject)
        .add_columns(_MESSAGE.c.text)
        .join_from(_TICKET, _MESSAGE, said)
        .where(_TICKET.c.source == "mail", _TICKET.c.opened_at >= since)
        .where(_TICKET.c.opened_at < until)
        .order_by(_TICKET.c.number, _MESSAGE.c.at.desc(), _MESSAGE.c.serial.desc())
    )
    first = {
        row.number: Request(row.opened_at, row.requester, row.subject, row.text)
        for row in connection.execute(query)
    }
    return tuple(sorted(first.values(), key=lambda one: one.at))
