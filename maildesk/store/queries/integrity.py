"""Queries with which `maildesk ledger` checks the journal. Reads only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, func, select

from maildesk.store import tables

_RAW = tables.raw_mail
_BYTES = tables.raw_bytes
_MESSAGE = tables.message
_POSITION = tables.mailbox_position
_AT_ONCE = 500

# The journal is scanned in parts and by index only, without reading rows or the bytes of mails.
_LOOKED_AT = 10_000


def _between(id_: Column[Any]) -> Select[Any]:
    return select(id_).where(id_.between(bindparam("first"), bindparam("last")))


_NEWEST = tuple(select(func.max(i)) for i in (_RAW.c.id, _BYTES.c.raw_mail_id))
_MAILS = _between(_RAW.c.id)
_BYTES_OF = _between(_BYTES.c.raw_mail_id).where(_BYTES.c.piece == 0)
_TOLD = _between(_MESSAGE.c.raw_mail_id)


@dataclass(frozen=True, slots=True)
class Damage:
    """Ids of mails that other tables name but the journal lacks, and of mails without bytes."""

    deleted: tuple[int, ...]
    without_bytes: tuple[int, ...]


def damage(connection: Connection) -> Damage:
    """The damage from rows deleted by hand. Only the server can show a mail without any trace."""
    last = max(connection.execute(newest).scalar() or 0 for newest in _NEWEST)
    deleted: list[int] = []
    bare: list[int] = []
    for first in range(1, last + 1, _LOOKED_AT):
        part = {"first": first, "last": first + _LOOKED_AT - 1}
        mails, with_bytes, told = (
            set(connection.execute(query, part).scalars()) for query in (_MAILS, _BYTES_OF, _TOLD)
        )
        deleted += sorted((with_bytes | told) - mails)
        bare += sorted(mails - with_bytes)
    return Damage(tuple(deleted), tuple(bare))


def unsettled(
    connection: Connection, mailbox: str, folder: str, uid_validity: int
) -> tuple[int, ...]:
    """Every UID that is stored but not settled on the server, ascending."""
    query = select(_RAW.c.uid).where(
        _RAW.c.mailbox == mailbox,
        _RAW.c.folder == folder,
        _RAW.c.uid_validity == uid_validity,
        tables.UNSETTLED,
    )
    return tuple(connection.execute(query.order_by(_RAW.c.uid)).scalars())


def first_seen(connection: Connection, mailbox: str) -> datetime | None:
    """The time of the first look at the mailbox (or the day from which mails count)."""
    query = select(func.min(_POSITION.c.first_seen_at)).where(_POSITION.c.mailbox == mailbox)
    return connection.execute(query).scalar_one_or_none()


def arrivals(connection: Connection, mailbox: str) -> Iterator[datetime]:
    """The receipt times of the settled mails of the mailbox."""
    query = select(_RAW.c.received_at).where(
        _RAW.c.mailbox == mailbox, _RAW.c.uid.is_not(None), _RAW.c.settled_at.is_not(None)
    )
    yield from connection.execute(query).scalars()


def every_digest(connection: Connection, mailbox: str) -> set[bytes]:
    """The SHA-256 of each mail of the mailbox."""
    query = select(_RAW.c.sha256).where(_RAW.c.mailbox == mailbox)
    return {bytes.fromhex(one) for one in connection.execute(query).scalars()}


def known_digests(connection: Connection, mailbox: str, digests: Iterable[str]) -> frozenset[str]:
    """Those of these SHA-256 digests that belong to mails of the mailbox."""
    found: set[str] = set()
    left = iter(digests)
    while some := list(islice(left, _AT_ONCE)):
        query = select(_RAW.c.sha256).where(_RAW.c.mailbox == mailbox, _RAW.c.sha256.in_(some))
        found.update(connection.execute(query).scalars())
    return frozenset(found)
