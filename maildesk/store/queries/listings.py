"""Read-only queries for the command line and the reports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ScalarSelect, Select, func, select

from maildesk.model.mail import Disposition
from maildesk.store import tables

Row = Mapping[str, Any]
_RAW = tables.raw_mail
_OUT = tables.outgoing
_TICKET = tables.ticket
_BYTES = tables.raw_bytes
_HEAD_BYTES = 32_000
_PERSON_ADDRESS = tables.person_address


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


def mails_since(connection: Connection, since: datetime) -> Iterator[Row]:
    """The mails received since then, newest first, with their first bytes as `head`."""
    begin = func.substr(_BYTES.c.data, 1, _HEAD_BYTES).label("head")
    query = (
        select(_RAW.c.id, _RAW.c.received_at, _RAW.c.disposition, _RAW.c.ticket, begin)
        .join(_BYTES, (_BYTES.c.raw_mail_id == _RAW.c.id) & (_BYTES.c.piece == 0))
        .where(_RAW.c.received_at >= since)
        .order_by(_RAW.c.received_at.desc(), _RAW.c.id.desc())
    )
    return _rows(connection, query)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets are listed: those that are not closed, or `every` one.

    `unclassified` leaves only tickets with a missing classification field (model.ticket.Ticket).
    Names and addresses are compared in full without case, the words of `search` with subjects.
    """

    every: bool = False
    unclassified: bool = False
    team: str = ""
    assignee: str = ""
    status: str = ""
    requester: str = ""
    search: str = ""


def tickets(connection: Connection, wanted: TicketFilter | None = None) -> Iterator[Row]:
    """The tickets that fit, newest first."""
    wanted = wanted or TicketFilter()
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
    query = query if wanted.every else query.where(tables.OPEN)
    if wanted.unclassified:
        query = query.where(tables.UNCLASSIFIED)
    for column, said in ((_TICKET.c.team, wanted.team), (_TICKET.c.status, wanted.status)):
        query = query.where(func.lower(column) == said.lower()) if said else query
    for column, address in (
        (_TICKET.c.assignee, wanted.assignee),
        (_TICKET.c.requester, wanted.requester),
    ):
        if address:
            known = select(_PERSON_ADDRESS.c.person_id).where(
                _PERSON_ADDRESS.c.address == address.casefold()
            )
            query = query.where(column.in_(known))
    for word in wanted.search.split():
        query = query.where(_TICKET.c.subject.icontains(word, autoescape=True))
    return _rows(connection, query)


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
