"""Relations between tickets and events: ancestors, descendants, everything one mail did."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from maildesk.model.event import Event, MessageAdded
from maildesk.model.ticket import Ticket
from maildesk.store import tables
from maildesk.store.tickets import Message, event_of, load, message_of

_TICKET = tables.ticket
_EVENT = tables.ticket_event
_MESSAGE = tables.message
_OUT = tables.outgoing
_MAIL = re.compile(r"mail (\d+)")  # how a cause names a mail of the journal
_MOST = 300  # tickets that are loaded together
_NEAR = 5_000  # history rows after the first of a transaction to search for the others


def _down() -> Select[Any]:
    """Each number once, so that a circle in the table ends, too."""
    first = select(_TICKET.c.number).where(_TICKET.c.parent.in_(bindparam("of", expanding=True)))
    tree = first.cte("below", recursive=True)
    tree = tree.union(select(_TICKET.c.number).where(_TICKET.c.parent == tree.c.number))
    return select(tree.c.number).limit(_MOST)


def _up() -> Select[Any]:
    first = select(_TICKET.c.parent).where(
        _TICKET.c.number.in_(bindparam("of", expanding=True)), _TICKET.c.parent.is_not(None)
    )
    tree = first.cte("above", recursive=True)
    step = select(_TICKET.c.parent).where(
        _TICKET.c.number == tree.c.parent, _TICKET.c.parent.is_not(None)
    )
    tree = tree.union(step)
    return select(tree.c.parent).limit(_MOST)


# Built once: to build a statement takes SQLAlchemy longer than to run it.
_DESCENDANTS = _down()
_ANCESTORS = _up()


def descendants(connection: Connection, number: int) -> list[int]:
    """The numbers of children, grandchildren and so on."""
    return list(connection.execute(_DESCENDANTS, {"of": [number]}).scalars())


def below(connection: Connection, number: int) -> dict[int, Ticket]:
    """The tickets below that one. Locks nothing."""
    found = load(connection, descendants(connection, number), lock=False)
    return {one: ticket for one, (ticket, _) in found.items()}


def ancestors(connection: Connection, numbers: Iterable[int]) -> list[int]:
    """The numbers of parents, grandparents and so on."""
    return list(connection.execute(_ANCESTORS, {"of": list(numbers)}).scalars())


def move_texts(connection: Connection, origin: int, to: int, message: str | None) -> None:
    """Move the messages of a ticket, and the mails about it, to another ticket.

    With `message`, only that message moves, which opens the other ticket.
    """
    if message is not None:
        of_it = (_MESSAGE.c.ticket == origin, _MESSAGE.c.id == message)
        connection.execute(update(_MESSAGE).where(*of_it).values(ticket=to, kind="request"))
        return
    connection.execute(update(_MESSAGE).where(_MESSAGE.c.ticket == origin).values(ticket=to))
    connection.execute(update(_OUT).where(_OUT.c.ticket == origin).values(ticket=to))


def answered_since(
    connection: Connection, number: int, message_ids: Sequence[str], agent: int
) -> list[int]:
    """The other agents who wrote to the requester after the mail with one of these Message-IDs."""
    known = select(_OUT.c.created_at).where(
        _OUT.c.message_id.in_(message_ids), _OUT.c.ticket == number
    )
    came = select(_MESSAGE.c.at).where(
        _MESSAGE.c.message_id.in_(message_ids), _MESSAGE.c.ticket == number
    )
    times = list(connection.execute(known.union_all(came)).scalars())
    if not times:
        return []
    query = select(_MESSAGE.c.author).where(
        _MESSAGE.c.ticket == number,
        _MESSAGE.c.kind.in_(("answer", "resolution")),
        _MESSAGE.c.author != agent,
        _MESSAGE.c.at > max(times),
    )
    return list(dict.fromkeys(connection.execute(query).scalars()))


@dataclass(frozen=True, slots=True)
class Doings:
    """All events caused by one mail: those of one ticket, and those of others."""

    at: datetime
    events: tuple[Event, ...]
    elsewhere: dict[int, tuple[Event, ...]]


def told_of(
    connection: Connection, message_ids: Sequence[str], person: int, template: str
) -> tuple[int, str, datetime] | None:
    """(ticket, cause, time) of the newest of these mails that was sent to that person, or None."""
    row = connection.execute(
        select(_OUT.c.ticket, _OUT.c.cause, _OUT.c.created_at)
        .where(
            _OUT.c.message_id.in_(message_ids),
            _OUT.c.person_id == person,
            _OUT.c.template == template,
        )
        .order_by(_OUT.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None or not row.cause else (row.ticket, row.cause, row.created_at)


def doings(connection: Connection, number: int, cause: str, at: datetime) -> Doings:
    """The events of that cause in the ticket, and in others in the same transaction."""
    mine = connection.execute(
        select(_EVENT)
        .where(_EVENT.c.ticket == number, _EVENT.c.cause == cause)
        .order_by(_EVENT.c.id)
    ).all()
    elsewhere: dict[int, tuple[Event, ...]] = {}
    if mine:
        near = _EVENT.c.id.between(mine[0].id, mine[0].id + _NEAR)
        others = select(_EVENT).where(near, _EVENT.c.cause == cause, _EVENT.c.ticket != number)
        for row in connection.execute(others.order_by(_EVENT.c.id)):
            elsewhere[row.ticket] = (*elsewhere.get(row.ticket, ()), event_of(row))
    return Doings(at, tuple(event_of(row) for row in mine), elsewhere)


def written_to(connection: Connection, numbers: Iterable[int], cause: str) -> int | None:
    """The ticket among these to which the mail of that cause was sent; None if there is none."""
    query = select(_EVENT.c.ticket).where(
        _EVENT.c.ticket.in_(sorted(numbers)),
        _EVENT.c.cause == cause,
        _EVENT.c.name == MessageAdded.__name__,
    )
    return connection.execute(query.limit(1)).scalar()


def told_about(connection: Connection, message_ids: Sequence[str], person: int) -> Message | None:
    """The message with one of these Message-IDs, or the subject of a mail sent to that person.

    None if neither exists. The message may be in any ticket.
    """
    cause = connection.execute(
        select(_OUT.c.cause).where(_OUT.c.message_id.in_(message_ids), _OUT.c.person_id == person)
    ).scalar()
    found = _MAIL.match(cause or "")
    mail = int(found[1]) if found else None
    itself = _MESSAGE.c.message_id.in_(message_ids)
    query = select(_MESSAGE).where(itself if mail is None else _MESSAGE.c.raw_mail_id == mail)
    row = connection.execute(query.order_by(_MESSAGE.c.serial).limit(1)).one_or_none()
    return None if row is None else message_of(row)
