"""Outgoing mails: written with their cause, leased by delivery, counted by the rate limit."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from maildesk.outgoing.carried_files import CarriedFile
from maildesk.outgoing.queue_port import Failed, Leased, Retry, Sent, State, Uncertain, Verdict
from maildesk.store import tables
from maildesk.store.engine import Store
from maildesk.store.lease import is_gone

_OUT = tables.outgoing
_RATE = tables.automatic_mail_rate
LEASE_SECONDS = 900  # longer than the 600 s that a server may take for the final dot

# Built once, because SQLAlchemy takes longer to build a statement than to run it.
ADD = insert(_OUT)
_TO_ALL = (
    select(_OUT.c.recipient, func.count().label("mails"))
    .where(
        _OUT.c.recipient.in_(bindparam("to", expanding=True)),
        _OUT.c.automatic.is_(True),
        _OUT.c.created_at >= bindparam("since"),
    )
    .group_by(_OUT.c.recipient)
)
_ABOUT_ALL = _TO_ALL.where(_OUT.c.ticket == bindparam("ticket"))
# Counted only up to the limit, so that a flood does not make its own count expensive.
_TO = select(_OUT.c.id).where(
    _OUT.c.recipient == bindparam("to"),
    _OUT.c.automatic.is_(True),
    _OUT.c.created_at >= bindparam("since"),
)
_ABOUT = _TO.where(_OUT.c.ticket == bindparam("ticket"))
_LATEST_TO = (
    _TO.with_only_columns(_OUT.c.ticket)
    .where(_OUT.c.ticket.is_not(None))
    .order_by(_OUT.c.created_at.desc(), _OUT.c.id.desc())
    .limit(1)
)
_AUTOMATIC_TO = select(func.count()).select_from(_TO.limit(bindparam("limit")).subquery())
_AUTOMATIC_ABOUT = select(func.count()).select_from(_ABOUT.limit(bindparam("limit")).subquery())
AUTOMATIC_SINCE = select(func.coalesce(func.sum(_RATE.c.mails), 0)).where(
    _RATE.c.minute >= bindparam("minute")
)
_UNREPORTED = select(_OUT.c.id).where(tables.UNREPORTED).order_by(_OUT.c.id).limit(1)


def row_of(
    *,
    ticket: int | None,
    person: int,
    recipient: str,
    template: str,
    automatic: bool,
    subject: str,
    message_id: str,
    raw: bytes,
    now: datetime,
    cause: str = "",
    files: Sequence[CarriedFile] = (),
) -> dict[str, Any]:
    """The row of a mail to be sent. `cause` is what it was written for, as in the history;
    `files` are read from the journal when it is sent."""
    return {
        "ticket": ticket,
        "person_id": person,
        "recipient": recipient,
        "template": template,
        "cause": cause,
        "automatic": automatic,
        "subject": subject,
        "message_id": message_id,
        "raw": raw,
        "files": [list(astuple(one)) for one in files],
        "state": State.WAITING,
        "attempts": 0,
        "uncertain": 0,
        "created_at": now,
        "next_try": now,
        "leased_by": "",
        "reason": "",
        "reported": False,
    }


def automatic_about(
    connection: Connection, since: datetime, recipient: str, ticket: int, limit: int
) -> int:
    """The number of automatic mails about one ticket to one address since then, at most `limit`."""
    asked = {"since": since, "to": recipient, "ticket": ticket, "limit": limit}
    return int(connection.execute(_AUTOMATIC_ABOUT, asked).scalar_one())


def automatic_to_all(
    connection: Connection, since: datetime, to: Collection[str], ticket: int | None = None
) -> dict[str, int]:
    """How many automatic mails were written to each of these addresses since then, or of those
    about one ticket.

    Not for the addresses of agents without a ticket: nobody limits how many those get.
    """
    asked = {"since": since, "to": sorted(to)}
    if ticket is None:
        rows = connection.execute(_TO_ALL, asked)
    else:
        rows = connection.execute(_ABOUT_ALL, asked | {"ticket": ticket})
    return {row.recipient: row.mails for row in rows}


def automatic_to(connection: Connection, since: datetime, recipient: str, limit: int) -> int:
    """The number of automatic mails to one address since then, at most `limit`."""
    asked = {"since": since, "to": recipient, "limit": limit}
    return int(connection.execute(_AUTOMATIC_TO, asked).scalar_one())


def latest_ticket(connection: Connection, since: datetime, recipient: str) -> int | None:
    """The ticket of the latest automatic mail to the address since then."""
    return connection.execute(_LATEST_TO, {"since": since, "to": recipient}).scalar_one_or_none()


def automatic_since(connection: Connection, since: datetime) -> int:
    """The number of all automatic mails from the minute of `since` on."""
    return int(connection.execute(AUTOMATIC_SINCE, {"minute": minute_of(since)}).scalar_one())


def forget_rate(connection: Connection, before: datetime) -> None:
    """Delete the counts of minutes that are no longer needed."""
    connection.execute(delete(_RATE).where(_RATE.c.minute < minute_of(before)))


def minute_of(at: datetime) -> int:
    """The minute of the rate limit that the time is in."""
    return int(at.timestamp() // 60)


def retry(connection: Connection, id: int, now: datetime) -> bool:
    """Send a failed, uncertain or waiting mail now; False if it was sent already."""
    stuck = (State.FAILED, State.UNCERTAIN, State.WAITING, State.BOUNCED)
    result = connection.execute(
        update(_OUT)
        .where(_OUT.c.id == id, _OUT.c.state.in_(stuck))
        .values(state=State.WAITING, next_try=now, uncertain=0, dot_at=None, reported=False)
    )
    return result.rowcount == 1


def drop(connection: Connection, id: int, reason: str) -> bool:
    """Never send this mail; False if it was sent already."""
    stuck = (State.FAILED, State.UNCERTAIN, State.WAITING)
    result = connection.execute(
        update(_OUT)
        .where(_OUT.c.id == id, _OUT.c.state.in_(stuck))
        .values(state=State.FAILED, next_try=None, reason=reason, reported=True)
    )
    return result.rowcount == 1


def bounced(connection: Connection, id: int, reason: str) -> Any | None:
    """Mark the row that a bounce names as bounced; the row, or None if it does not fit."""
    took = (State.SENT, State.UNCERTAIN, State.WAITING)
    return connection.execute(
        update(_OUT)
        .where(_OUT.c.id == id, _OUT.c.state.in_(took))
        .values(state=State.BOUNCED, next_try=None, reason=reason)
        .returning(_OUT.c.ticket, _OUT.c.person_id, _OUT.c.template)
    ).one_or_none()


def delayed(connection: Connection, id: int, reason: str) -> None:
    """Store the reason of a delay with a mail that was sent; it does not fail."""
    connection.execute(
        update(_OUT).where(_OUT.c.id == id, _OUT.c.state == State.SENT).values(reason=reason)
    )


def any_unreported(connection: Connection) -> bool:
    """Whether a mail failed permanently and nobody was notified yet."""
    return connection.execute(_UNREPORTED).first() is not None


def take_unreported(connection: Connection) -> Any | None:
    """A mail that failed permanently and is not reported yet; this marks it as reported."""
    locked = _UNREPORTED.with_for_update(skip_locked=True)
    id_ = connection.execute(locked).scalar_one_or_none()
    if id_ is None:
        return None
    connection.execute(update(_OUT).where(_OUT.c.id == id_).values(reported=True))
    return row(connection, id_)


def by_message_id(connection: Connection, message_id: str, recipient: str) -> int | None:
    """The id of the row with that Message-ID to that address; None if there is none."""
    return connection.execute(
        select(_OUT.c.id).where(
            _OUT.c.message_id == message_id, func.lower(_OUT.c.recipient) == recipient.lower()
        )
    ).scalar_one_or_none()


def files_of(stored: Sequence[Sequence[Any]] | None) -> tuple[CarriedFile, ...]:
    """The files of a row, from its column."""
    return tuple(CarriedFile(*one) for one in stored or ())


def first_bytes(
    connection: Connection, message_ids: Collection[str], count: int
) -> list[tuple[str, bytes]]:
    """(Message-ID, the first bytes) of the mails with these Message-IDs."""
    if not message_ids:
        return []
    begin = func.substr(_OUT.c.raw, 1, count).label("begin")
    found = select(_OUT.c.message_id, begin).where(_OUT.c.message_id.in_(message_ids))
    return [(row.message_id, bytes(row.begin)) for row in connection.execute(found)]


def latest_bytes(
    connection: Connection, ticket: int, person: int, limit: int, count: int
) -> list[bytes]:
    """The first bytes of the newest mails to a person about a ticket."""
    found = (
        select(func.substr(_OUT.c.raw, 1, count).label("begin"))
        .where(_OUT.c.ticket == ticket, _OUT.c.person_id == person)
        .order_by(_OUT.c.created_at.desc(), _OUT.c.id.desc())
        .limit(limit)
    )
    return [bytes(row.begin) for row in connection.execute(found)]


def row(connection: Connection, id: int) -> Any | None:
    """All columns of one row; None if there is no row with that id."""
    return connection.execute(select(_OUT).where(_OUT.c.id == id)).one_or_none()


@dataclass(frozen=True, slots=True)
class OutgoingQueue:
    """The outgoing rows as delivery sees them (outgoing.queue_port.Queue)."""

    store: Store
    holder: str
    clock: Callable[[], datetime]
    return_path: Callable[[int], str]
    evidence_seconds: float
    lease_seconds: float = LEASE_SECONDS

    def lease(self, limit: int) -> tuple[Leased, ...]:
        """Lease mails that are due, oldest first, and count the attempt."""
        now = self.clock()
        with self.store.write() as connection:
            self._take_back(connection, now)
            rows = connection.execute(
                select(_OUT)
                .where(_OUT.c.next_try <= now)
                .order_by(_OUT.c.next_try, _OUT.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            if rows:
                self._take(connection, [row.id for row in rows], now)
        return tuple(self._leased(row) for row in rows)

    def _take(self, connection: Connection, ids: Sequence[int], now: datetime) -> None:
        connection.execute(
            update(_OUT)
            .where(_OUT.c.id.in_(list(ids)))
            .values(
                state=State.LEASED,
                attempts=_OUT.c.attempts + 1,
                leased_by=self.holder,
                leased_until=now + timedelta(seconds=self.lease_seconds),
                next_try=None,
                dot_at=None,
            )
        )

    def _leased(self, row: Any) -> Leased:
        return Leased(
            id=row.id,
            recipient=row.recipient,
            return_path=self.return_path(row.id),
            message_id=row.message_id,
            raw=bytes(row.raw),
            attempts=row.attempts + 1,
            uncertain=row.uncertain,
            created_at=row.created_at,
            files=files_of(row.files),
        )

    def _take_back(self, connection: Connection, now: datetime) -> None:
        """End lost leases: to waiting, or to uncertain if the final dot was sent.

        Lost are expired leases, those of a daemon that has ended, and our own: a caller that asks
        for more has no mail left, and could not give these back before.
        """
        rows = connection.execute(
            select(
                _OUT.c.id, _OUT.c.leased_by, _OUT.c.leased_until, _OUT.c.dot_at, _OUT.c.uncertain
            )
            .where(_OUT.c.leased_until.is_not(None))
            .with_for_update(skip_locked=True)
        ).all()
        for lost in rows:
            ours = lost.leased_by == self.holder
            if not ours and lost.leased_until > now and not is_gone(lost.leased_by):
                continue
            verdict = self._verdict_on_lost(lost, now)
            connection.execute(
                update(_OUT).where(_OUT.c.id == lost.id).values(**_columns_after(verdict, now))
            )

    def _verdict_on_lost(self, lost: Any, now: datetime) -> Verdict:
        if lost.dot_at is None:
            return Retry(now, "the attempt ended before the mail was handed over")
        reason = "the attempt ended after the final dot, before the answer was recorded"
        once_more = now + timedelta(seconds=self.evidence_seconds)
        return Uncertain(None if lost.uncertain else once_more, reason)

    def at_dot(self, id: int) -> bool:
        """Record that the final dot is sent next; False if the lease was lost."""
        return self._update(id, {"dot_at": self.clock()})

    def record(self, id: int, verdict: Verdict) -> None:
        """Record the result of the attempt and end the lease."""
        self._update(id, _columns_after(verdict, self.clock()))

    def give_back(self, ids: tuple[int, ...]) -> None:
        """End the lease of mails that were not tried; the attempt is not counted.

        A mail whose final dot was sent counts as tried: the next `lease` makes it uncertain.
        """
        with self.store.write() as connection:
            connection.execute(
                update(_OUT)
                .where(_OUT.c.id.in_(ids), _OUT.c.leased_by == self.holder)
                .where(_OUT.c.state == State.LEASED, _OUT.c.dot_at.is_(None))
                .values(
                    state=State.WAITING,
                    attempts=_OUT.c.attempts - 1,
                    next_try=_OUT.c.created_at,
                    leased_by="",
                    leased_until=None,
                )
            )

    def next_due(self) -> datetime | None:
        """When the next mail is due; None if none is waiting."""
        with self.store.read() as connection:
            return connection.execute(
                select(func.min(_OUT.c.next_try)).where(_OUT.c.next_try.is_not(None))
            ).scalar_one_or_none()

    def _update(self, id: int, values: dict[str, Any]) -> bool:
        with self.store.write() as connection:
            result = connection.execute(
                update(_OUT)
                .where(
                    _OUT.c.id == id,
                    _OUT.c.leased_by == self.holder,
                    _OUT.c.state == State.LEASED,
                )
                .values(**values)
            )
        return bool(result.rowcount == 1)


def _columns_after(verdict: Verdict, now: datetime) -> dict[str, Any]:
    """The columns after an attempt that ended in this verdict."""
    over: dict[str, Any] = {"leased_by": "", "leased_until": None}
    match verdict:
        case Sent(answer=answer):
            return over | {"state": State.SENT, "sent_at": now, "reason": answer}
        case Retry(at=at, reason=reason):
            return over | {"state": State.WAITING, "next_try": at, "reason": reason}
        case Failed(reason=reason):
            return over | {"state": State.FAILED, "reason": reason}
        case Uncertain(at=at, reason=reason):
            return over | {
                "state": State.UNCERTAIN,
                "next_try": at,
                "reason": reason,
                "uncertain": _OUT.c.uncertain + 1,
            }
