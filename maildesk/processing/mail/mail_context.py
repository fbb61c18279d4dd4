"""One mail on the desk's table, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from maildesk.ingest.content.own_words import OwnWords
from maildesk.ingest.identity.author import Author, author_of, is_no_reply, list_addresses
from maildesk.ingest.threading import Clues, clues
from maildesk.model.mail import Address, Disposition, Kind, Mail, Reading, Step
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
    """One mail on the table. `originals`: the mails worked before it, by their content key.

    `own`: the words of an answer apart from what it quotes; `text` of it is in the reading, too.
    """

    work: UnitOfWork
    kept: Kept
    reading: Reading
    originals: dict[str, Original]
    checked: SenderCheck | None = None
    own: OwnWords | None = None
    _clues: Clues | None = None
    _attribution: Author | None = None

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
    def attribution(self) -> Author:
        """Who wrote the mail, and why if that is not From."""
        if self._attribution is None and self.kept.attributed_to:
            named = Address("", self.kept.attributed_to)
            self._attribution = Author(named, f"{named.address} was named with `--as` in a replay")
        elif self._attribution is None:
            desk, envelope = self.runtime.settings.desk, self.kept.mail.envelope_from
            self._attribution = author_of(self.mail, desk, envelope)
        return self._attribution

    @property
    def author(self) -> Address | None:
        """Whom an answer would go to: the first author; several of them prove nobody."""
        return self.attribution.address

    @property
    def kind(self) -> Kind:
        """The kind of its author. A group at the desk's own address only passes mails on."""
        kind, desk = self.reading.screening.kind, self.runtime.settings.desk
        ours = kind is Kind.LIST and any(
            desk.tag_in(one) is not None for one in list_addresses(self.mail)
        )
        return Kind.PERSON if ours else kind

    @property
    def unacknowledged(self) -> str:
        """Why a new ticket of this mail is opened without an acknowledgement; "" if it has one."""
        address = self.author.address if self.author else ""
        came_to = (*self.kept.mail.envelope_to, *(to.address for to in self.mail.to))
        if self.kind is Kind.AUTO_REPLY:
            return "a program wrote the mail"
        if is_no_reply(address):
            return f"nobody reads {address[:200]}"
        if self.runtime.policy.directory.is_unacknowledged(address, came_to):
            return "switched off in people.toml"
        return ""

    def worked(
        self, disposition: Disposition, verdict: str, *evidence: str, ticket: int | None = None
    ) -> MailOutcome:
        """The mail is done with, by this one step."""
        return MailOutcome(disposition, ticket, (Step("screen", verdict, evidence),))
