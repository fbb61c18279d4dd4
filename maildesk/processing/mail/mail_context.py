"""One mail on the desk's table, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from maildesk.model.mail import Address, Disposition, Mail, Reading, Step
from maildesk.model.person import SenderCheck
from maildesk.processing.runtime import Runtime
from maildesk.processing.writer import Recorder
from maildesk.store.journal import Kept, Original


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of a mail."""

    disposition: Disposition
    ticket: int | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One mail on the table. `originals`: the mails worked before it, by their content key."""

    runtime: Runtime
    connection: Connection
    recorder: Recorder
    kept: Kept
    reading: Reading
    now: datetime
    originals: Mapping[str, Original]
    checked: SenderCheck | None = None

    @property
    def mail(self) -> Mail:
        """The mail as it was read."""
        return self.reading.mail

    @property
    def author(self) -> Address | None:
        """Whom an answer would go to: the first author; several of them prove nobody."""
        if self.mail.senders:
            return self.mail.senders[0]
        envelope = self.kept.mail.envelope_from
        return Address("", envelope) if envelope else None

    def worked(
        self, disposition: Disposition, verdict: str, *evidence: str, ticket: int | None = None
    ) -> Worked:
        """The mail is done with, by this one step."""
        return Worked(disposition, ticket, (Step("screen", verdict, evidence),))
