"""The messages of a ticket as pages show them: the first, and the newest in portions.

The cost of a page depends on what it shows, not on the length of the conversation.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, select, tuple_

from maildesk.store import tables
from maildesk.store.tickets import Message, message_of

_MESSAGE = tables.message
_ORDER = (_MESSAGE.c.at, _MESSAGE.c.serial)


@dataclass(frozen=True, slots=True)
class Visible:
    """The messages of a ticket that a viewer may see: those of some kinds, from a time on, and
    before `until` if the viewer was removed then."""

    ticket: int
    kinds: Collection[str]
    since: datetime
    until: datetime | None = None

    def query(self) -> Select[tuple[object, ...]]:
        """All of them, unordered."""
        found = select(_MESSAGE).where(
            _MESSAGE.c.ticket == self.ticket,
            _MESSAGE.c.at >= self.since,
            _MESSAGE.c.kind.in_(sorted(self.kinds)),
        )
        return found if self.until is None else found.where(_MESSAGE.c.at < self.until)


def first(connection: Connection, visible: Visible) -> Message | None:
    """The oldest message."""
    row = connection.execute(visible.query().order_by(*_ORDER).limit(1)).one_or_none()
    return None if row is None else message_of(row)


def newest(
    connection: Connection, visible: Visible, limit: int, before: str = ""
) -> tuple[Message, ...]:
    """The newest messages, oldest first; if `before` is given, the newest ones before it."""
    query = visible.query()
    if before:
        place = select(*_ORDER).where(_MESSAGE.c.id == before, _MESSAGE.c.ticket == visible.ticket)
        found = connection.execute(place).one_or_none()
        if found is not None:
            query = query.where(tuple_(*_ORDER) < tuple_(*found))
    latest = query.order_by(*(column.desc() for column in _ORDER)).limit(limit)
    return tuple(message_of(row) for row in reversed(connection.execute(latest).all()))


def one(connection: Connection, visible: Visible, id: str) -> Message | None:
    """The message with that id, if it is visible."""
    row = connection.execute(visible.query().where(_MESSAGE.c.id == id)).one_or_none()
    return None if row is None else message_of(row)
