"""The recent activity of one person in one ticket, which the rate limit counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, distinct, func, select

from maildesk.store import tables
from maildesk.store.outgoing_rows import AUTOMATIC_SINCE, minute_of

_MESSAGE = tables.message
_EVENT = tables.ticket_event
MOVES = ("StatusMoved", "Reopened", "Escalated")

# Built once, because SQLAlchemy takes longer to build a statement than to run it.
_MAILS = select(func.count()).where(
    _MESSAGE.c.ticket == bindparam("number"),
    _MESSAGE.c.author == bindparam("person"),
    _MESSAGE.c.raw_mail_id.is_not(None),
    _MESSAGE.c.at >= bindparam("since"),
)
_CHANGES = select(func.count(distinct(_EVENT.c.cause))).where(
    _EVENT.c.ticket == bindparam("number"),
    _EVENT.c.person_id == bindparam("person"),
    _EVENT.c.name.in_(MOVES),
    _EVENT.c.cause.startswith("mail "),
    _EVENT.c.at > bindparam("since"),  # excludes the mail that opened the ticket
)
_PACE = select(
    _MAILS.scalar_subquery(), _CHANGES.scalar_subquery(), AUTOMATIC_SINCE.scalar_subquery()
)
_LAST = (
    select(_MESSAGE.c.kind)
    .where(_MESSAGE.c.ticket == bindparam("number"), _MESSAGE.c.author == bindparam("person"))
    .order_by(_MESSAGE.c.at.desc(), _MESSAGE.c.serial.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Pace:
    """The mails of a person to a ticket since some time, and how many changed its status."""

    mails: int
    changes: int

    def __add__(self, other: "Pace") -> "Pace":
        return Pace(self.mails + other.mails, self.changes + other.changes)


def pace(
    connection: Connection, number: int, person: int, since: datetime, hour: datetime
) -> tuple[Pace, int]:
    """(The person's mails to the ticket since `since` and their status changes, the number of all
    automatic mails since `hour`)."""
    asked = {"number": number, "person": person, "since": since, "minute": minute_of(hour)}
    mails, changes, automatic = connection.execute(_PACE, asked).one()
    return Pace(int(mails), int(changes)), int(automatic)


def last_kind(connection: Connection, number: int, person: int) -> str:
    """The kind of the person's last message in the ticket; "" if there is none."""
    asked = {"number": number, "person": person}
    return connection.execute(_LAST, asked).scalar_one_or_none() or ""
