"""The journal of raw mails: stored, handled, settled. Nothing here deletes a mail."""

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from maildesk.model.mail import Disposition, RawMail, Source, Step
from maildesk.store import tables

_RAW = tables.raw_mail
_BYTES = tables.raw_bytes
_POSITION = tables.mailbox_position

# Both databases' libraries make copies of what they are handed at once, and keep the last.
_PIECE_BYTES = 1 << 20

# Built once: to build a statement takes SQLAlchemy longer than to run it.
_BYTES_OF = (
    select(_BYTES)
    .where(_BYTES.c.raw_mail_id.in_(bindparam("ids", expanding=True)))
    .order_by(_BYTES.c.raw_mail_id, _BYTES.c.piece)
    .execution_options(stream_results=True, max_row_buffer=8)
)
FINISH = update(_RAW).where(
    _RAW.c.id == bindparam("of"), _RAW.c.state == "kept", _RAW.c.worker == bindparam("by")
)
_ANY_KEPT = select(_RAW.c.id).where(tables.KEPT).limit(1)
_TWINS = (
    select(_RAW.c.content_key, _RAW.c.id, _RAW.c.disposition, _RAW.c.ticket)
    .where(
        _RAW.c.content_key.in_(bindparam("keys", expanding=True)),
        _RAW.c.disposition != Disposition.DUPLICATE,
    )
    .order_by(_RAW.c.id)
)


class State(enum.StrEnum):
    """The state of a mail in the journal."""

    KEPT = "kept"
    DONE = "done"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Original:
    """A mail that was handled; a later mail with the same content is its duplicate."""

    id: int
    disposition: Disposition
    ticket: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A mail of the journal with its bytes. `let_in`: an agent released it from quarantine.

    `attributed_to` is the address that an agent named as its author, or "".
    """

    id: int
    mail: RawMail
    silent: bool
    attempts: int
    let_in: bool = False
    attributed_to: str = ""


def keep(
    connection: Connection, mails: Sequence[RawMail], now: datetime, *, silent: bool = False
) -> tuple[int, ...]:
    """Add the mails that are not in the journal yet; the ids of the added ones.

    `silent` mails are never answered.
    """
    folders = {_folder(mail) for mail in mails}
    there = {folder: _stored_ids(connection, folder, mails) for folder in folders}
    fresh = [mail for mail in mails if mail.uid is None or mail.uid not in there[_folder(mail)]]
    if not fresh:
        return ()
    first_seen = {folder: _first_seen(connection, folder) for folder in folders}
    rows = [
        _row(mail, silent or _is_silent(mail, first_seen[_folder(mail)]), now) for mail in fresh
    ]
    added = connection.execute(
        insert(_RAW).returning(_RAW.c.id, sort_by_parameter_order=True), rows
    )
    ids = tuple(added.scalars())
    data = [row for id_, mail in zip(ids, fresh, strict=True) for row in _pieces(id_, mail.raw)]
    connection.execute(insert(_BYTES), data)
    return ids


def _pieces(id: int, raw: bytes) -> list[dict[str, Any]]:
    starts = range(0, max(1, len(raw)), _PIECE_BYTES)
    return [
        {"raw_mail_id": id, "piece": number, "data": raw[start : start + _PIECE_BYTES]}
        for number, start in enumerate(starts)
    ]


def _folder(mail: RawMail) -> tuple[str, str, int | None]:
    return mail.mailbox, mail.folder, mail.uid_validity


def _stored_ids(
    connection: Connection, folder: tuple[str, str, int | None], mails: Sequence[RawMail]
) -> frozenset[int]:
    mailbox, name, uid_validity = folder
    uids = [mail.uid for mail in mails if mail.uid is not None and _folder(mail) == folder]
    if uid_validity is None or not uids:
        return frozenset()
    return known(connection, mailbox, name, uid_validity, uids)


def _first_seen(connection: Connection, folder: tuple[str, str, int | None]) -> datetime | None:
    return connection.execute(
        select(_POSITION.c.first_seen_at).where(
            _POSITION.c.mailbox == folder[0], _POSITION.c.folder == folder[1]
        )
    ).scalar_one_or_none()


def _is_silent(mail: RawMail, first_seen: datetime | None) -> bool:
    """Whether the mail was in its folder before the first look, or before the configured date."""
    return mail.uid is not None and first_seen is not None and mail.received_at < first_seen


def _row(mail: RawMail, silent: bool, now: datetime) -> dict[str, Any]:
    return {
        "source": mail.source,
        "mailbox": mail.mailbox,
        "folder": mail.folder,
        "uid_validity": mail.uid_validity,
        "uid": mail.uid,
        "sha256": mail.sha256,
        "size": mail.size,
        "oversized": mail.oversized,
        "silent": silent,
        "envelope_from": mail.envelope_from,
        "envelope_to": list(mail.envelope_to),
        "peer": mail.peer,
        "helo": mail.helo,
        "received_at": mail.received_at,
        "kept_at": now,
        "settled_at": now if mail.uid is None else None,
        "state": State.KEPT,
        "attempts": 0,
        "worker": "",
        "reason": "",
        "trace": [],
    }


def known(
    connection: Connection, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]
) -> frozenset[int]:
    """The UIDs among these that are in the journal."""
    found = connection.execute(
        select(_RAW.c.uid).where(
            _RAW.c.mailbox == mailbox,
            _RAW.c.folder == folder,
            _RAW.c.uid_validity == uid_validity,
            _RAW.c.uid.in_(list(uids)),
        )
    ).scalars()
    return frozenset(found)


def every_uid(
    connection: Connection, mailbox: str, folder: str, uid_validity: int
) -> frozenset[int]:
    """All UIDs of a folder that are in the journal."""
    found = connection.execute(
        select(_RAW.c.uid).where(
            _RAW.c.mailbox == mailbox,
            _RAW.c.folder == folder,
            _RAW.c.uid_validity == uid_validity,
        )
    ).scalars()
    return frozenset(found)


def position(
    connection: Connection, mailbox: str, folder: str, *, since: datetime
) -> tuple[int, int] | None:
    """(UIDVALIDITY, UID) up to which every mail is in the journal; None on the first call.

    The first call stores `since`: mails received before it are never answered.
    """
    row = connection.execute(
        select(_POSITION).where(_POSITION.c.mailbox == mailbox, _POSITION.c.folder == folder)
    ).one_or_none()
    if row is None:
        connection.execute(
            insert(_POSITION).values(
                mailbox=mailbox, folder=folder, uid_validity=0, uid=0, first_seen_at=since
            )
        )
        return None
    return (row.uid_validity, row.uid) if row.uid_validity else None


def advance(connection: Connection, mailbox: str, folder: str, uid_validity: int, uid: int) -> None:
    """Store that every UID up to this one is in the journal."""
    connection.execute(
        update(_POSITION)
        .where(_POSITION.c.mailbox == mailbox, _POSITION.c.folder == folder)
        .values(uid_validity=uid_validity, uid=uid)
    )


def unsettled(
    connection: Connection, mailbox: str, folder: str, uid_validity: int
) -> tuple[int, ...]:
    """The UIDs that are stored but not yet settled on the server, ascending, at most 1,000."""
    found = connection.execute(
        select(_RAW.c.uid)
        .where(
            _RAW.c.mailbox == mailbox,
            _RAW.c.folder == folder,
            _RAW.c.uid_validity == uid_validity,
            tables.UNSETTLED,
        )
        .order_by(_RAW.c.uid)
        .limit(1000)
    ).scalars()
    return tuple(found)


def settled(
    connection: Connection,
    mailbox: str,
    folder: str,
    uid_validity: int,
    uids: Iterable[int],
    now: datetime,
) -> None:
    """Record that the server has moved, flagged or deleted these mails."""
    connection.execute(
        update(_RAW)
        .where(
            _RAW.c.mailbox == mailbox,
            _RAW.c.folder == folder,
            _RAW.c.uid_validity == uid_validity,
            _RAW.c.uid.in_(list(uids)),
        )
        .values(settled_at=now)
    )


def any_kept(connection: Connection) -> bool:
    """Whether any mail is waiting to be handled."""
    return connection.execute(_ANY_KEPT).first() is not None


def claim(
    connection: Connection, worker: str, *, mails: int, size: int, in_hand: Sequence[int] = ()
) -> list[Kept]:
    """Claim the oldest waiting mails and count the attempt.

    At most `mails` and about `size` bytes. A mail that was tried before is claimed alone, so that
    it takes no other mail with it if it fails again. Mails that this worker has `in_hand` are
    skipped; mails that any worker left behind are not, since only the holder of the lease "work"
    calls this.
    """
    _take_back(connection, worker, in_hand)
    rows = connection.execute(
        select(_RAW)
        .where(tables.KEPT, _RAW.c.worker != worker)
        .order_by(_RAW.c.id)
        .limit(mails)
        .with_for_update(skip_locked=True)
    ).all()
    taken = _batch(rows, size)
    ids = [row.id for row in taken]
    if ids:
        connection.execute(
            update(_RAW)
            .where(_RAW.c.id.in_(ids))
            .values(attempts=_RAW.c.attempts + 1, worker=worker)
        )
    data = _bytes_of(connection, ids)
    return [_kept(row, data[row.id]) for row in taken]


def _batch(rows: Sequence[Any], size: int) -> list[Any]:
    taken: list[Any] = []
    total = 0
    for row in rows:
        tried = row.attempts > 0
        if taken and (tried or total + row.size > size):
            break
        taken.append(row)
        total += row.size
        if tried:
            break
    return taken


def _bytes_of(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    data = {id_: BytesIO() for id_ in ids}
    for row in connection.execute(_BYTES_OF, {"ids": list(ids)}):
        data[row.raw_mail_id].write(row.data)
    return {id_: buffer.getvalue() for id_, buffer in data.items()}


def raw(connection: Connection, id: int) -> bytes:
    """The bytes of one mail. Raises LookupError if there is no mail with that id."""
    there = connection.execute(select(_BYTES.c.piece).where(_BYTES.c.raw_mail_id == id)).first()
    if there is None:
        raise LookupError(f"no mail {id} in the journal")
    return _bytes_of(connection, [id])[id]


def copy(connection: Connection, id: int, file: IO[bytes]) -> None:
    """Write the bytes of one mail to the file in pieces; nothing if the id is unknown."""
    for row in connection.execute(_BYTES_OF, {"ids": [id]}):
        file.write(row.data)


def _kept(row: Any, data: bytes) -> Kept:
    mail = RawMail(
        raw=data,
        size=row.size,
        sha256=row.sha256,
        source=Source(row.source),
        mailbox=row.mailbox,
        folder=row.folder,
        uid_validity=row.uid_validity,
        uid=row.uid,
        envelope_from=row.envelope_from,
        envelope_to=tuple(row.envelope_to),
        peer=row.peer,
        helo=row.helo,
        received_at=row.received_at,
        oversized=row.oversized,
    )
    return Kept(
        id=row.id,
        mail=mail,
        silent=row.silent,
        attempts=row.attempts + 1,
        let_in=row.let_in,
        attributed_to=row.attributed_to or "",
    )


def load(connection: Connection, id: int) -> Kept:
    """One mail of the journal. Raises LookupError if there is no mail with that id."""
    data = raw(connection, id)
    row = connection.execute(select(_RAW).where(_RAW.c.id == id)).one()
    return _kept(row, data)


def _take_back(connection: Connection, worker: str, in_hand: Sequence[int]) -> None:
    """Give back mails that this worker could not give back because the database had failed."""
    connection.execute(
        update(_RAW)
        .where(tables.TRIED, _RAW.c.worker == worker, _RAW.c.id.not_in(in_hand))
        .values(attempts=_RAW.c.attempts - 1, worker="")
    )


def unclaim(connection: Connection, worker: str, ids: Sequence[int]) -> None:
    """Give back mails whose attempt does not count (no database, a clean stop)."""
    connection.execute(
        update(_RAW)
        .where(_RAW.c.id.in_(list(ids)), _RAW.c.worker == worker, _RAW.c.state == State.KEPT)
        .values(attempts=_RAW.c.attempts - 1, worker="")
    )


def finished_row(
    id: int,
    worker: str,
    *,
    disposition: Disposition,
    ticket: int | None,
    message_id: str | None,
    content_key: str | None,
    steps: Sequence[Step],
    now: datetime,
) -> dict[str, Any]:
    """What FINISH needs to give the mail its one disposition, if it is still ours."""
    aside = disposition is Disposition.QUARANTINED
    return {
        "of": id,
        "by": worker,
        "state": State.QUARANTINED if aside else State.DONE,
        "disposition": disposition,
        "ticket": ticket,
        "message_id": message_id,
        "content_key": content_key,
        "worked_at": now,
        "reason": steps[-1].verdict if aside else "",
        "trace": [_step(step) for step in steps],
    }


def _step(step: Step) -> dict[str, Any]:
    """The step as it is stored; ten times as fast as dataclasses.asdict."""
    return {
        "name": step.name,
        "verdict": step.verdict,
        "evidence": step.evidence,
        "rejected": step.rejected,
    }


def fail(
    connection: Connection, id: int, worker: str, *, reason: str, limit: int, now: datetime
) -> None:
    """Record why an attempt failed; after `limit` attempts the mail is quarantined."""
    mine = (_RAW.c.id == id, _RAW.c.state == State.KEPT, _RAW.c.worker == worker)
    connection.execute(
        update(_RAW)
        .where(*mine, _RAW.c.attempts >= limit)
        .values(
            state=State.QUARANTINED,
            disposition=Disposition.QUARANTINED,
            worked_at=now,
            reason=reason,
        )
    )
    connection.execute(update(_RAW).where(*mine).values(reason=reason, worker=""))


def quarantine_worn_out(connection: Connection, worker: str, *, limit: int, now: datetime) -> int:
    """Quarantine mails whose attempts are used up because the daemon died during each."""
    result = connection.execute(
        update(_RAW)
        .where(tables.TRIED, _RAW.c.worker != worker, _RAW.c.attempts >= limit)
        .values(
            state=State.QUARANTINED,
            disposition=Disposition.QUARANTINED,
            worked_at=now,
            reason=_RAW.c.reason + " (the daemon stopped in the middle of each attempt)",
        )
    )
    return int(result.rowcount)


def replay(connection: Connection, id: int, attributed_to: str | None = None) -> bool:
    """Take a mail out of quarantine to handle it again; False if it is not quarantined.

    `attributed_to` is the address of its author, if a person knows it better than the mail says.

    A held mail is released this way, too: its sender is admitted for this mail.
    """
    result = connection.execute(
        update(_RAW)
        .where(_RAW.c.id == id, tables.AWAITING_PERSON)
        .values(
            state=State.KEPT,
            disposition=None,
            attempts=0,
            worked_at=None,
            worker="",
            let_in=_RAW.c.disposition == Disposition.HELD,
            attributed_to=attributed_to,
        )
    )
    return result.rowcount == 1


def refuse(connection: Connection, id: int, dropped: Step) -> bool:
    """Take a mail out of quarantine for good; False if it is not quarantined.

    Its trace ends with the person, time and reason; its bytes stay.
    """
    mine = (_RAW.c.id == id, tables.AWAITING_PERSON)
    row = connection.execute(select(_RAW.c.trace).where(*mine).with_for_update()).one_or_none()
    if row is None:
        return False
    trace = [*row.trace, _step(dropped)]
    values = {"state": State.DONE, "disposition": Disposition.REFUSED, "trace": trace}
    return connection.execute(update(_RAW).where(*mine).values(values)).rowcount == 1


def originals(connection: Connection, keys: Collection[str]) -> dict[str, Original]:
    """For each content key, the first handled mail that is not a duplicate."""
    found: dict[str, Original] = {}
    for row in connection.execute(_TWINS, {"keys": list(keys)}) if keys else ():
        found.setdefault(row.content_key, Original(row.id, row.disposition, row.ticket))
    return found
