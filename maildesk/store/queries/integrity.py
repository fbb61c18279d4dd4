"""What the ledger asks of the journal. Nothing here changes a row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, func, select, union

from maildesk.store import tables

_RAW = tables.raw_mail
_BYTES = tables.raw_bytes
_MESSAGE = tables.message
_POSITION = tables.mailbox_position
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Damage:
    """Ids of mails that are named elsewhere in the database and are not in the journal, and of
    mails in the journal whose bytes are gone."""

    deleted: tuple[int, ...]
    without_bytes: tuple[int, ...]


def damage(connection: Connection) -> Damage:
    """What somebody has deleted by hand. A mail that left no trace only the server can name."""
    named = union(select(_BYTES.c.raw_mail_id), select(_MESSAGE.c.raw_mail_id)).subquery()
    id_ = named.c.raw_mail_id
    deleted = (
        select(id_)
        .join(_RAW, _RAW.c.id == id_, isouter=True)
        .where(id_.is_not(None), _RAW.c.id.is_(None))
    )
    bare = (
        select(_RAW.c.id)
        .join(_BYTES, (_BYTES.c.raw_mail_id == _RAW.c.id) & (_BYTES.c.piece == 0), isouter=True)
        .where(_BYTES.c.raw_mail_id.is_(None))
    )
    return Damage(
        tuple(connection.execute(deleted.order_by(id_)).scalars()),
        tuple(connection.execute(bare.order_by(_RAW.c.id)).scalars()),
    )


def unsettled(
    connection: Connection, mailbox: str, folder: str, uid_validity: int
) -> tuple[int, ...]:
    """Every UID that is kept and not settled on the server, ascending."""
    query = select(_RAW.c.uid).where(
        _RAW.c.mailbox == mailbox,
        _RAW.c.folder == folder,
        _RAW.c.uid_validity == uid_validity,
        _RAW.c.settled_at.is_(None),
    )
    return tuple(connection.execute(query.order_by(_RAW.c.uid)).scalars())


def first_seen(connection: Connection, mailbox: str) -> datetime | None:
    """When the mailbox was looked at for the first time (or the day from which mails count)."""
    query = select(func.min(_POSITION.c.first_seen_at)).where(_POSITION.c.mailbox == mailbox)
    return connection.execute(query).scalar_one_or_none()


def arrivals(connection: Connection, mailbox: str) -> Iterator[datetime]:
    """When each mail of the mailbox came that is settled."""
    query = select(_RAW.c.received_at).where(
        _RAW.c.mailbox == mailbox, _RAW.c.uid.is_not(None), _RAW.c.settled_at.is_not(None)
    )
    yield from connection.execute(query).scalars()


def every_digest(connection: Connection, mailbox: str) -> set[bytes]:
    """SHA-256 of each mail of the mailbox."""
    query = select(_RAW.c.sha256).where(_RAW.c.mailbox == mailbox)
    return {bytes.fromhex(one) for one in connection.execute(query).scalars()}


def known_digests(connection: Connection, mailbox: str, digests: Iterable[str]) -> frozenset[str]:
    """Which of these SHA-256 are those of mails of the mailbox."""
    found: set[str] = set()
    left = iter(digests)
    while some := list(islice(left, _AT_ONCE)):
        query = select(_RAW.c.sha256).where(_RAW.c.mailbox == mailbox, _RAW.c.sha256.in_(some))
        found.update(connection.execute(query).scalars())
    return frozenset(found)
