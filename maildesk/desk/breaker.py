"""Loops and floods are stopped here, where outgoing rows are written: no path goes around it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.model.decision import Letter
from maildesk.model.person import Person
from maildesk.model.settings import Desk, Limits
from maildesk.store import outgoing

WINDOW = timedelta(hours=1)


@dataclass(slots=True)
class Breaker:
    """Counts automatic mails of the last hour; good for one transaction."""

    connection: Connection
    desk: Desk
    limits: Limits
    now: datetime
    _total: int | None = None

    def objection(self, letter: Letter, recipient: Person) -> str:
        """Why the letter must not go out, or "" where it may."""
        if self.desk.tag_in(recipient.address) is not None:
            return f"{recipient.address} is the desk itself"
        if not letter.automatic:
            return ""
        since = self.now - WINDOW
        return self._too_many_to(recipient, since) or self._too_many(since)

    def _too_many_to(self, recipient: Person, since: datetime) -> str:
        """Agents are not counted one by one: a busy hour's notifications are their work."""
        if recipient.is_agent:
            return ""
        sent = outgoing.automatic_since(self.connection, since, recipient.address)
        if sent >= self.limits.automatic_mails_per_hour:
            return f"{sent} automatic mails to {recipient.address} in the last hour"
        return ""

    def _too_many(self, since: datetime) -> str:
        if self._total is None:
            self._total = outgoing.automatic_since(self.connection, since)
        if self._total >= self.limits.total_mails_per_hour:
            return f"{self._total} automatic mails in the last hour"
        self._total += 1
        return ""
