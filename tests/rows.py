"""Rows that tests write without a decision, in the way in which the desk writes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from maildesk.model.approval import Approval
from maildesk.model.decision import Actor, ActorKind, Change
from maildesk.model.event import Event
from maildesk.model.ticket import Ticket
from maildesk.store import journal, outgoing_rows
from maildesk.store.pending_rows import PendingRows
from maildesk.store.tickets import Message

DESK = Actor(ActorKind.DESK)


def write_ticket(
    connection: Connection,
    before: Ticket | None,
    after: Ticket,
    events: Sequence[Event] = (),
    *,
    subject: str = "",
    actor: Actor = DESK,
    cause: str = "test",
    at: datetime | None = None,
) -> None:
    """The ticket after these events, whatever they do, and its history."""
    rows = PendingRows()
    change = Change(before=before, after=after, events=tuple(events))
    rows.change(change, subject, actor, cause, at or after.updated_at)
    rows.flush(connection)


def write_approval(connection: Connection, number: int, approval: Approval) -> None:
    """A round of an approval."""
    rows = PendingRows()
    rows.rounds[number, approval.round] = approval
    rows.flush(connection)


def write_message(connection: Connection, message: Message) -> None:
    """A text of a ticket."""
    rows = PendingRows()
    rows.message(message)
    rows.flush(connection)


def write_outgoing(connection: Connection, **values: Any) -> int:
    """An outgoing mail; its id."""
    added = outgoing_rows.ADD.returning(outgoing_rows.ADD.table.c.id)
    return int(connection.execute(added, outgoing_rows.row_of(**values)).scalar_one())


def write_outcome(connection: Connection, id: int, worker: str, **values: Any) -> bool:
    """What became of a mail of the journal; False where it is not this worker's any more."""
    row = journal.finished_row(id, worker, **values)
    return connection.execute(journal.FINISH, row).rowcount == 1
