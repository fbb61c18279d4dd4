"""Read-only queries for the command line and the reports."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, ScalarSelect, Select, func, select

from maildesk.model.mail import Disposition
from maildesk.store import tables

Row = Mapping[str, Any]
_RAW = tables.raw_mail
_OUT = tables.outgoing
_TICKET = tables.ticket


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Row]:
    for row in connection.execute(query).mappings():
        yield dict(row)


def mail(connection: Connection, id: int) -> Row | None:
    """Everything in the journal about one mail, except its bytes; None if there is none."""
    return next(_rows(connection, select(_RAW).where(_RAW.c.id == id)), None)


def mails_called(connection: Connection, message_id: str) -> Iterator[Row]:
    """The mails with that Message-ID, oldest first; angle brackets are optional."""
    wanted = f"<{message_id.strip('<>')}>"
    return _rows(connection, select(_RAW).where(_RAW.c.message_id == wanted).order_by(_RAW.c.id))


def quarantined(connection: Connection) -> Iterator[Row]:
    """Mails that a person has to review, oldest first: quarantined or held."""
    columns = (
        _RAW.c.id,
        _RAW.c.received_at,
        _RAW.c.mailbox,
        _RAW.c.size,
        _RAW.c.disposition,
        _RAW.c.reason,
        _RAW.c.trace,
    )
    waiting = select(*columns).where(tables.AWAITING_PERSON).order_by(_RAW.c.id)
    for row in _rows(connection, waiting):
        held = row["disposition"] == Disposition.HELD
        why = "; ".join(row["trace"][-1]["evidence"]) if held else row["reason"]
        yield {name: row[name] for name in row if name != "trace"} | {"reason": why}


def dispositions(connection: Connection) -> Iterator[Row]:
    """The number of mails by mailbox and disposition; None means not yet handled."""
    query = (
        select(_RAW.c.mailbox, _RAW.c.folder, _RAW.c.disposition, func.count().label("mails"))
        .group_by(_RAW.c.mailbox, _RAW.c.folder, _RAW.c.disposition)
        .order_by(_RAW.c.mailbox, _RAW.c.folder, _RAW.c.disposition)
    )
    return _rows(connection, query)


def tickets(
    connection: Connection, *, every: bool = False, unclassified: bool = False
) -> Iterator[Row]:
    """Tickets that are not closed, or `every` ticket, newest first.

    `unclassified` leaves only tickets with a missing classification field (model.ticket.Ticket).
    """
    query = select(
        _TICKET.c.number,
        _TICKET.c.subject,
        _TICKET.c.status,
        _TICKET.c.state,
        _TICKET.c.priority,
        _TICKET.c.team,
        _address(_TICKET.c.requester).label("requester"),
        _address(_TICKET.c.assignee).label("assignee"),
        _TICKET.c.opened_at,
        _TICKET.c.updated_at,
        _TICKET.c.next_due,
        _TICKET.c.trouble,
    ).order_by(_TICKET.c.number.desc())
    if unclassified:
        query = query.where(tables.UNCLASSIFIED)
    return _rows(connection, query if every else query.where(tables.OPEN))


def _address(person: Column[int]) -> ScalarSelect[str]:
    """The person's address, looked up for each row because a join may read all people."""
    theirs = select(tables.person.c.address).where(tables.person.c.id == person)
    return theirs.correlate(_TICKET).scalar_subquery()


def numbers(connection: Connection) -> tuple[int, ...]:
    """The numbers of all tickets."""
    return tuple(connection.execute(select(_TICKET.c.number).order_by(_TICKET.c.number)).scalars())


def outbox(connection: Connection, *, every: bool = False) -> Iterator[Row]:
    """Outgoing mails that are not sent, or `every` one, oldest first, without their bytes."""
    columns = [column for column in _OUT.c if column.name != "raw"]
    query = select(*columns).order_by(_OUT.c.id)
    return _rows(connection, query if every else query.where(tables.UNSENT))


def outgoing(connection: Connection, id: int) -> Row | None:
    """One outgoing mail with its bytes."""
    return next(_rows(connection, select(_OUT).where(_OUT.c.id == id)), None)
