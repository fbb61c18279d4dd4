"""One mail on the desk's table, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from maildesk.ingest.threading import Clues, clues
from maildesk.model.mail import Address, Disposition, Mail, Reading, Step
from maildesk.model.person import SenderCheck
from maildesk.processing.runtime import Runtime
from maildesk.processing.unit_of_work import UnitOfWork
from maildesk.store.journal import Kept, Original


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What became of a mail."""

    disposition: Disposition
    ticket: int | None
    steps: tuple[Step, ...]


@dataclass(slots=True)
class MailContext:
    """One mail on the table. `originals`: the mails worked before it, by their content key."""

    work: UnitOfWork
    kept: Kept
    reading: Reading
    originals: dict[str, Original]
    checked: SenderCheck | None = None
    _clues: Clues | None = None

    @property
    def clues(self) -> Clues:
        """What the mail says of the conversation that it belongs to."""
        if self._clues is None:
            settings, keys = self.runtime.settings, self.runtime.keys
            self._clues = clues(self.mail, settings.desk, keys, self.kept.mail.envelope_to)
        return self._clues

    @property
    def runtime(self) -> Runtime:
        """What the desk works with."""
        return self.work.runtime

    @property
    def now(self) -> datetime:
        """When it is worked."""
        return self.work.now

    @property
    def cause(self) -> str:
        """The name of this mail in the history of tickets."""
        return f"mail {self.kept.id}"

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
    ) -> MailOutcome:
        """The mail is done with, by this one step."""
        return MailOutcome(disposition, ticket, (Step("screen", verdict, evidence),))
