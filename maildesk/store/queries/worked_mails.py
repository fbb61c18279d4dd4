"""The handled mails of the journal, to back-test other rules on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from maildesk.model.mail import Disposition, RawMail
from maildesk.store import journal, tables

_RAW = tables.raw_mail
_AWAY = {Disposition.REFUSED.value: "drop", Disposition.QUARANTINED.value: "quarantine"}


@dataclass(frozen=True, slots=True)
class Worked:
    """A mail that was added to a ticket, or that a rule rejected.

    `away` is (action, reason) of that rule.
    """

    id: int
    ticket: int | None
    disposition: str
    raw: RawMail
    at: datetime
    away: tuple[str, str] | None = None


def ids_since(connection: Connection, since: datetime) -> tuple[int, ...]:
    """The ids of mails received since then that reached a ticket or were rejected by a rule."""
    of_tickets = select(_RAW.c.id).where(_RAW.c.received_at >= since, _RAW.c.ticket.is_not(None))
    found = set(connection.execute(of_tickets).scalars())
    others = select(_RAW.c.id, _RAW.c.disposition, _RAW.c.trace).where(
        _RAW.c.received_at >= since, tables.TURNED_AWAY
    )
    found |= {row.id for row in connection.execute(others) if _away(row)}
    return tuple(sorted(found))


def mails(connection: Connection, ids: Sequence[int]) -> tuple[Worked, ...]:
    """The mails with these ids, with their bytes."""
    return tuple(_mails(connection, ids))


def _mails(connection: Connection, ids: Sequence[int]) -> Iterator[Worked]:
    columns = (_RAW.c.id, _RAW.c.ticket, _RAW.c.disposition, _RAW.c.trace, _RAW.c.worked_at)
    query = select(*columns).where(_RAW.c.id.in_(ids))
    for row in connection.execute(query.order_by(_RAW.c.id)):
        raw = journal.load(connection, row.id).mail
        away = _away(row) if row.ticket is None else None
        yield Worked(row.id, row.ticket, row.disposition, raw, row.worked_at, away)


def _away(row: Any) -> tuple[str, str] | None:
    """(action, reason) of the rule that rejected the mail, from its trace."""
    did = _AWAY[row.disposition]
    for step in row.trace:
        if step["name"] == "rules" and any(one.endswith(f": {did}") for one in step["evidence"]):
            return did, step["verdict"]
    return None
