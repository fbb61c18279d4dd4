"""The worked mails of the journal, for a look at what other rules would have made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from maildesk.model.mail import RawMail
from maildesk.store import journal, tables

_RAW = tables.raw_mail


@dataclass(frozen=True, slots=True)
class Worked:
    """A mail that came to a ticket."""

    id: int
    ticket: int
    disposition: str
    raw: RawMail


def ids_since(connection: Connection, since: datetime) -> tuple[int, ...]:
    """The mails received since then that came to a ticket, in the order of the journal."""
    query = select(_RAW.c.id).where(_RAW.c.ticket.is_not(None), _RAW.c.received_at >= since)
    return tuple(connection.execute(query.order_by(_RAW.c.id)).scalars())


def mails(connection: Connection, ids: Sequence[int]) -> tuple[Worked, ...]:
    """These mails with their bytes."""
    return tuple(_mails(connection, ids))


def _mails(connection: Connection, ids: Sequence[int]) -> Iterator[Worked]:
    query = select(_RAW.c.id, _RAW.c.ticket, _RAW.c.disposition).where(_RAW.c.id.in_(ids))
    for row in connection.execute(query.order_by(_RAW.c.id)):
        yield Worked(row.id, row.ticket, row.disposition, journal.load(connection, row.id).mail)
