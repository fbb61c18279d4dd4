"""Loops and floods are stopped here: where outgoing rows are written, so that no path goes around
it, and where a mail is about to change a ticket.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.config.schema.settings import Desk, Limits
from maildesk.model.cause import FLOOD, Flood
from maildesk.model.decision import OutgoingMail
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.store import outgoing_rows
from maildesk.store.pending_rows import PendingRows, Row
from maildesk.store.queries.sender_activity import last_kind, pace

WINDOW = timedelta(hours=1)


@dataclass(slots=True)
class RateLimit:
    """Counts automatic mails of the last hour; good for one transaction.

    `rows` are those that the transaction has yet to write. `total` counts all automatic mails, once
    in a transaction.
    """

    connection: Connection
    desk: Desk
    limits: Limits
    now: datetime
    rows: PendingRows = field(default_factory=PendingRows)
    total: int | None = None
    known_to: dict[str, int] = field(default_factory=dict)
    known_about: dict[tuple[str, int], int] = field(default_factory=dict)

    def expect(self, addresses: Collection[str]) -> None:
        """Count at once what these addresses, none of an agent, were sent."""
        fresh = set(addresses) - self.known_to.keys()
        if fresh:
            since = self.now - WINDOW
            found = outgoing_rows.automatic_to_all(self.connection, since, fresh)
            self.known_to |= {address: found.get(address, 0) for address in fresh}

    def expect_about(self, ticket: Ticket, addresses: Collection[str]) -> None:
        """Count at once what these addresses were sent about the ticket."""
        number, since = ticket.number, self.now - WINDOW
        fresh = {one for one in addresses if (one, number) not in self.known_about}
        if fresh and ticket.opened_at != self.now:
            found = outgoing_rows.automatic_to_all(self.connection, since, fresh, number)
            self.known_about |= {(one, number): found.get(one, 0) for one in fresh}

    def forget(self) -> None:
        """What was counted is out of date: pending rows were written."""
        self.known_to.clear()
        self.known_about.clear()

    def objection(
        self, outgoing_mail: OutgoingMail, recipient: Person, ticket: Ticket | None = None
    ) -> str:
        """Why the letter about this ticket must not go out, or "" where it may."""
        if self.desk.tag_in(recipient.address) is not None:
            return f"{recipient.address} is the desk itself"
        if not outgoing_mail.automatic:
            return ""
        since = self.now - WINDOW
        return (
            self._too_many_to(recipient, since)
            or self._too_many_about(ticket, recipient, since)
            or self._too_many(since)
        )

    def flood(self, ticket: Ticket, sender: Person) -> Flood | None:
        """Whether the sender's mails to this ticket come too fast for any person.

        Two programs that answer each other show it by nothing else, when neither says what it is.
        """
        since = max(self.now - WINDOW, ticket.opened_at)
        hour = self.now - WINDOW
        seen, total = pace(self.connection, ticket.number, sender.id, since, hour)
        self._counted(total)
        seen += self.rows.pace(ticket.number, sender.id, since)
        if seen.mails >= self.limits.mails_per_hour_to_a_ticket:
            note, count = "note.flood-mails", seen.mails
        elif seen.changes >= self.limits.state_changes_per_hour and not sender.is_agent:
            note, count = "note.flood-changes", seen.changes
        else:
            return None
        kind = self.rows.last_kind(ticket.number, sender.id)
        begins = (kind or last_kind(self.connection, ticket.number, sender.id)) != FLOOD
        return Flood(Message.of(note, address=sender.address, count=count), begins)

    def _too_many_to(self, recipient: Person, since: datetime) -> str:
        """Agents are not counted one by one: a busy hour's notifications are their work."""
        if recipient.is_agent:
            return ""
        limit = self.limits.automatic_mails_per_hour
        sent = self.known_to.get(recipient.address)
        if sent is None:
            sent = outgoing_rows.automatic_to(self.connection, since, recipient.address, limit)
        sent += len(self._pending(since, recipient))
        if sent >= limit:
            return f"{sent} automatic mails to {recipient.address} in the last hour"
        return ""

    def _too_many_about(self, ticket: Ticket | None, recipient: Person, since: datetime) -> str:
        if ticket is None or ticket.opened_at == self.now:
            return ""
        limit = self.limits.automatic_mails_per_hour_of_a_ticket
        to, number = recipient.address, ticket.number
        sent = self.known_about.get((to, number))
        if sent is None:
            sent = outgoing_rows.automatic_about(self.connection, since, to, number, limit)
        sent += sum(row["ticket"] == number for row in self._pending(since, recipient))
        if sent >= limit:
            return f"{sent} automatic mails about this ticket to {recipient.address}"
        return ""

    def _pending(self, since: datetime, recipient: Person) -> list[Row]:
        return [row for row in self.rows.automatic(since) if row["recipient"] == recipient.address]

    def _counted(self, total: int) -> None:
        """All automatic mails that the database has; those that are pending count, too."""
        if self.total is None:
            self.total = total + len(self.rows.automatic(self.now - WINDOW))

    def _too_many(self, since: datetime) -> str:
        if self.total is None:
            self._counted(outgoing_rows.automatic_since(self.connection, since))
        assert self.total is not None
        if self.total >= self.limits.total_mails_per_hour:
            return f"{self.total} automatic mails in the last hour"
        self.total += 1
        return ""
