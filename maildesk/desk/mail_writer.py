"""The mails of a decision become outgoing rows, unless the breaker stops them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection

from maildesk.desk.breaker import Breaker
from maildesk.desk.office import Office
from maildesk.desk.request import whole_request
from maildesk.desk.transaction import IncomingText, Target
from maildesk.model.decision import Letter, Template
from maildesk.model.mail import Step
from maildesk.model.person import Person
from maildesk.outgoing.compose import Topic
from maildesk.store import outgoing, tickets
from maildesk.store.pending_rows import PendingRows

_Threads = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class MailWriter:
    """Writes the mails of one unit of work into its rows.

    `people` finds people by id; `flushed` is the connection after all that is collected was
    written.
    """

    office: Office
    connection: Connection
    now: datetime
    rows: PendingRows
    breaker: Breaker
    people: Callable[[Collection[int]], Mapping[int, Person]]
    flushed: Callable[[], Connection]

    def write(
        self, letters: Iterable[Letter], target: Target, text: IncomingText | None
    ) -> tuple[Step, ...]:
        """Which of them are not sent, and why."""
        every = tuple(letters)
        if not every:
            return ()
        known = self._people(every, target)
        threads = self._threads({letter.to for letter in every}, target, text)
        unsent = []
        for letter in every:
            step = self._write(letter, target, known, threads, text)
            if step is not None:
                unsent.append(step)
                self._report_unasked(letter, step, target, known)
        return tuple(unsent)

    def _report_unasked(
        self, letter: Letter, step: Step, target: Target, known: Mapping[int, Person]
    ) -> None:
        """An approval mail that the breaker stopped would leave its ticket waiting for ever."""
        if letter.template is not Template.APPROVAL or target.ticket is None:
            return
        note = f"The approval request to {known[letter.to].address} was not sent."
        agents = self.office.policy.directory.working_on(target.ticket)
        threads = self._threads(set(agents), target, None)
        for agent in agents:
            told = Letter(
                template=Template.DELIVERY_FAILED, to=agent, text=step.rejected[0], note=note
            )
            self._write(told, target, known, threads, None)

    def _nobody_reads(self, recipient: Person) -> str:
        monitoring = self.office.policy.monitoring
        unread = recipient.address.casefold() in monitoring.addresses
        return f"{recipient.address} is a monitoring system" if unread else ""

    def _people(self, letters: Iterable[Letter], target: Target) -> dict[int, Person]:
        known = {target.requester.id: target.requester}
        for members in self.office.policy.directory.teams.values():
            known |= {member.id: member for member in members}
        wanted = {letter.to for letter in letters}
        wanted |= {letter.author for letter in letters if letter.author is not None}
        return {**known, **self.people(wanted - known.keys())}

    def _threads(self, persons: set[int], target: Target, text: IncomingText | None) -> _Threads:
        """The Message-IDs of the ticket's mails that each of them wrote or was sent, the oldest
        first."""
        ticket = target.ticket
        if ticket is None or ticket.opened_at == self.now:
            came = text.message_id if text is not None else None
            return {text.author: (came,)} if text is not None and came else {}
        stored = tickets.thread_ids(self.connection, ticket.number, persons)
        return {
            person: tuple(
                message_id
                for _, message_id in sorted(
                    [*stored.get(person, ()), *self.rows.thread_ids(ticket.number, person)],
                    key=itemgetter(0),
                )
            )
            for person in persons
        }

    def _request(self, letter: Letter, target: Target, reader: Person) -> Letter:
        """All that the requester asked for, with every change: whoever decides must know it."""
        ticket = target.ticket
        if letter.template is not Template.APPROVAL or ticket is None:
            return letter
        said = tickets.asked_for(self.flushed(), ticket.number, ticket.requester)
        zone = self.office.policy.directory.zone_of(reader.id)
        text = whole_request(said, target.subject, target.requester, zone)
        return replace(letter, text=text or letter.text)

    def _write(
        self,
        letter: Letter,
        target: Target,
        known: Mapping[int, Person],
        threads: _Threads,
        text: IncomingText | None,
    ) -> Step | None:
        recipient, ticket = known[letter.to], target.ticket
        objection = self._nobody_reads(recipient) or self.breaker.objection(
            letter, recipient, ticket
        )
        if objection:
            return Step("loop-breaker", f"{letter.template} not sent", rejected=(objection,))
        letter = self._request(letter, target, recipient)
        mail = self.office.composer.compose(
            letter,
            Topic(ticket, target.subject, target.requester, threads.get(letter.to, ())),
            recipient,
            known[letter.author] if letter.author is not None else None,
            now=self.now,
            nonce=self.office.random(10),
            proven=text is None or text.author != letter.to or text.proven,
        )
        row = outgoing.row_of(
            ticket=ticket.number if ticket else None,
            person=recipient.id,
            recipient=recipient.address,
            template=letter.template,
            automatic=letter.automatic,
            subject=mail.subject,
            message_id=mail.message_id,
            raw=mail.raw,
            now=self.now,
            cause=target.cause,
        )
        self.rows.outgoing.append(row)
        return None
