"""The rows that a unit of work has not written yet; a flush writes one statement per table."""

from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from maildesk.model.approval import Approval
from maildesk.model.decision import Actor, Change
from maildesk.model.mail import Attachment
from maildesk.model.sla.timer import PendingNotification
from maildesk.store import (
    attachments,
    journal,
    outgoing_rows,
    pending_notifications,
    tables,
    tickets,
)
from maildesk.store.queries.sender_activity import MOVES, Pace
from maildesk.store.tickets import Message

Row = dict[str, Any]

_PERSON = tables.ticket_person
_APPROVAL = tables.approval
_TAG = tables.worked_tag
_COUNTER = tables.counter
_ADD_PERSON = insert(_PERSON)
_REMOVE_PERSON = delete(_PERSON).where(
    _PERSON.c.ticket == bindparam("of"), _PERSON.c.person_id == bindparam("person")
)
_TAG_TICKET = insert(_TAG)
_UNTAG = delete(_TAG).where(_TAG.c.ticket == bindparam("of"), _TAG.c.tag == bindparam("named"))
_REMOVE_ROUND = delete(_APPROVAL).where(
    _APPROVAL.c.ticket == bindparam("of"), _APPROVAL.c.round == bindparam("of_round")
)
_ADD_VOTE = insert(_APPROVAL)
_COUNT = update(_COUNTER).where(_COUNTER.c.name == "ticket").values(value=bindparam("newest"))


class Taken(Exception):
    """Another worker finished one of these mails, so everything done for them is rolled back."""


@dataclass(slots=True)
class PendingRows:
    """All rows to be written, in the order in which they arose."""

    opened: dict[int, Row] = field(default_factory=dict)
    changed: dict[int, Row] = field(default_factory=dict)
    joined: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)
    tagged: list[Row] = field(default_factory=list)
    untagged: list[Row] = field(default_factory=list)
    rounds: dict[tuple[int, int], Approval] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    attachments: list[Row] = field(default_factory=list)
    outgoing: list[Row] = field(default_factory=list)
    pending_notifications: list[Row] = field(default_factory=list)
    finished: list[Row] = field(default_factory=list)
    newest: list[int] = field(default_factory=list)

    def copy(self) -> "PendingRows":
        """The rows so far; later ones are not added to the copy."""
        return PendingRows(*(copy(getattr(self, one.name)) for one in fields(self)))

    def restore(self, kept: "PendingRows") -> None:
        """Discard all rows that were added after that copy was made."""
        for one in fields(self):
            setattr(self, one.name, getattr(kept, one.name))

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))

    def change(self, change: Change, subject: str, actor: Actor, cause: str, at: datetime) -> None:
        """Add the changed ticket and its events."""
        before, after = change.before, change.after
        number = after.number
        if before is None:
            self.newest.append(number)
            self.opened[number] = tickets.row_of(after, subject)
        elif number in self.opened:
            self.opened[number] |= tickets.columns(after)
        else:
            self.changed[number] = tickets.columns(after) | {"of": number}
        self._people(number, before.participants if before else (), after.participants)
        self._tags(number, tickets.worked_tags(before), tickets.worked_tags(after))
        for approval in change.rounds:
            self.rounds[number, approval.round] = approval
        if after.approval and (before is None or before.approval != after.approval):
            self.rounds[number, after.approval.round] = after.approval
        self.events += tickets.event_rows(number, change.events, actor=actor, cause=cause, at=at)

    def _people(self, number: int, before: Sequence[int], after: Sequence[int]) -> None:
        for person in after:
            if person not in before:
                self.joined.append({"ticket": number, "person_id": person})
        for person in set(before).difference(after):
            row = {"ticket": number, "person_id": person}
            if row in self.joined:
                self.joined.remove(row)
            else:
                self.left.append({"of": number, "person": person})

    def _tags(self, number: int, before: frozenset[str], after: frozenset[str]) -> None:
        for tag in sorted(after - before):
            self.tagged.append({"ticket": number, "tag": tag})
        for tag in sorted(before - after):
            row = {"ticket": number, "tag": tag}
            if row in self.tagged:
                self.tagged.remove(row)
            else:
                self.untagged.append({"of": number, "named": tag})

    def message(self, message: Message) -> None:
        """Add a message of a ticket."""
        self.messages.append(tickets.message_row(message))

    def attach(self, mail: int, author: int, attached: Sequence[Attachment]) -> None:
        """Add the attachments of a mail that became a message."""
        self.attachments += attachments.rows_of(mail, author, attached)

    def notify(self, told: Sequence[PendingNotification]) -> None:
        """Add notifications about SLA targets."""
        self.pending_notifications += pending_notifications.rows_of(told)

    def automatic(self, since: datetime) -> list[Row]:
        """The automatic mails among the outgoing rows that were written since then."""
        return [r for r in self.outgoing if r["automatic"] and r["created_at"] >= since]

    def pace(self, number: int, person: int, since: datetime) -> Pace:
        """The number of the person's mails to the ticket since then, and of status changes."""
        mails = [
            row
            for row in self.messages
            if (row["ticket"], row["author"]) == (number, person)
            and row["raw_mail_id"] is not None
            and row["at"] >= since
        ]
        moved = {
            row["cause"]
            for row in self.events
            if (row["ticket"], row["person_id"]) == (number, person)
            and row["name"] in MOVES
            and row["cause"].startswith("mail ")
            and row["at"] > since
        }
        return Pace(len(mails), len(moved))

    def last_kind(self, number: int, person: int) -> str:
        """The kind of the person's last pending message in the ticket; "" if there is none."""
        theirs = (r for r in self.messages if (r["ticket"], r["author"]) == (number, person))
        *_, last = ({"kind": ""}, *theirs)
        return str(last["kind"])

    def by_message_id(self, ids: Collection[str]) -> dict[str, int]:
        """The ticket numbers of mails with these Message-IDs, the oldest of each."""
        found: dict[str, int] = {}
        for row in self.messages:
            if row["message_id"] in ids:
                found.setdefault(row["message_id"], row["ticket"])
        return found

    def newest_messages(self, number: int) -> list[Message]:
        """The ticket's pending messages, newest first."""
        return [
            tickets.message_of(SimpleNamespace(**row))
            for row in reversed(self.messages)
            if row["ticket"] == number
        ]

    def thread_ids(self, number: int, person: int) -> list[tuple[datetime, str]]:
        """(time, Message-ID) of the ticket's pending mails from or to the person."""
        wrote = (
            (row["at"], row["message_id"])
            for row in self.messages
            if (row["ticket"], row["author"]) == (number, person) and row["message_id"]
        )
        sent = (
            (row["created_at"], row["message_id"])
            for row in self.outgoing
            if (row["ticket"], row["person_id"]) == (number, person)
        )
        return [*wrote, *sent]

    def flush(self, connection: Connection) -> None:
        """Write and clear all rows. Raises Taken if another worker finished one of the mails."""
        for statement, rows in self._statements():
            if rows:
                connection.execute(statement, rows)
        if self.finished:
            done = connection.execute(journal.FINISH, self.finished).rowcount
            if done != len(self.finished):
                raise Taken(f"{len(self.finished) - done} mails were worked by another daemon")
        for one in fields(self):
            getattr(self, one.name).clear()

    def _statements(self) -> Iterable[tuple[Any, list[Row]]]:
        return (
            (tickets.ADD, list(self.opened.values())),
            (tickets.SAVE, list(self.changed.values())),
            (_REMOVE_PERSON, self.left),
            (_ADD_PERSON, self.joined),
            (_UNTAG, self.untagged),
            (_TAG_TICKET, self.tagged),
            (_REMOVE_ROUND, [{"of": n, "of_round": r} for n, r in self.rounds]),
            (_ADD_VOTE, [row for (n, _), one in self.rounds.items() for row in _votes(n, one)]),
            (tickets.ADD_EVENT, self.events),
            (tickets.ADD_MESSAGE, self.messages),
            (attachments.ADD, self.attachments),
            (outgoing_rows.ADD, self.outgoing),
            (pending_notifications.ADD, self.pending_notifications),
            (_COUNT, [{"newest": max(self.newest)}] if self.newest else []),
        )


def _votes(number: int, approval: Approval) -> list[Row]:
    return tickets.vote_rows(number, approval)
