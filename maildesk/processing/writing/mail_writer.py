"""The mails of a decision become outgoing rows, unless the breaker stops them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection

from maildesk.model.decision import OutgoingMail, Template
from maildesk.model.mail import Step
from maildesk.model.message import Message
from maildesk.model.person import Person
from maildesk.outgoing.background import NO_BACKGROUND, Background
from maildesk.outgoing.carried_files import NO_FILES, CarriedFiles, carried_files
from maildesk.outgoing.compose import ThreadContext
from maildesk.processing.links.visibility import SIGNATURE_MAILS, may_be_signature
from maildesk.processing.mail.approval_request import whole_request
from maildesk.processing.rate_limit import RateLimit
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import IncomingText, Target
from maildesk.processing.writing.ticket_background import NEWEST, background_of, people_of
from maildesk.store import attachments, outgoing_rows, tickets
from maildesk.store.pending_rows import PendingRows
from maildesk.store.tickets import Message as StoredMessage

# Mails that carry a person's words on.
_CONVEYING = frozenset(
    {
        *(Template.REPLY, Template.RESOLUTION, Template.AGENT_NOTIFICATION),
        *(Template.APPROVAL, Template.UPDATE),
    }
)
_WITH_BACKGROUND = frozenset(
    {Template.AGENT_NOTIFICATION, Template.SLA_WARNING, Template.DELIVERY_FAILED}
)
_STOPPED = "loop-breaker"  # the step of a mail that is not sent
_Threads = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class MailWriter:
    """Writes the mails of one unit of work into its rows.

    `people` finds people by id; `flushed` is the connection after all that is collected was
    written.
    """

    runtime: Runtime
    connection: Connection
    now: datetime
    rows: PendingRows
    rate_limit: RateLimit
    people: Callable[[Collection[int]], Mapping[int, Person]]
    flushed: Callable[[], Connection]

    def write(
        self, outgoing_mails: Iterable[OutgoingMail], target: Target, text: IncomingText | None
    ) -> tuple[Step, ...]:
        """Which of them are not sent, and why; and in which an override could not be used."""
        every = tuple(outgoing_mails)
        if not every:
            return ()
        batch = self._batch(every, target, text)
        self._count(every, batch)
        unsent = []
        for outgoing_mail in every:
            step = self._write(outgoing_mail, batch)
            if step is not None:
                unsent.append(step)
            if step is not None and step.name == _STOPPED:
                self._report_unasked(outgoing_mail, step, batch)
        return tuple(unsent)

    def _batch(
        self, every: Collection[OutgoingMail], target: Target, text: IncomingText | None
    ) -> "_Batch":
        """What the mails of one decision share."""
        known = self._people(every, target)
        tells_agents = any(one.template in _WITH_BACKGROUND for one in every)
        threads, earlier = self._threads({one.to for one in every}, target, text, tells_agents)
        if not tells_agents:
            return _Batch(target, text, known, threads, NO_BACKGROUND)
        named = people_of(target.ticket, earlier) - known.keys()
        known |= self.people(named) if named else {}
        return _Batch(target, text, known, threads, background_of(target, text, earlier, known))

    def _count(self, outgoing_mails: Collection[OutgoingMail], batch: "_Batch") -> None:
        """Let the rate limit count once for all of them."""
        ticket = batch.target.ticket
        people = [batch.known[one.to] for one in outgoing_mails if one.automatic]
        self.rate_limit.expect({one.address for one in people if not one.is_agent})
        if ticket is not None:
            self.rate_limit.expect_about(ticket, {one.address for one in people})

    def _report_unasked(self, outgoing_mail: OutgoingMail, step: Step, batch: "_Batch") -> None:
        """An approval mail that the breaker stopped would leave its ticket waiting for ever."""
        ticket = batch.target.ticket
        if outgoing_mail.template is not Template.APPROVAL or ticket is None:
            return
        note = Message.of("note.approval-not-sent", recipient=batch.known[outgoing_mail.to])
        agents = self.runtime.policy.directory.working_on(ticket)
        threads, _ = self._threads(set(agents), batch.target, None, tells_agents=False)
        for agent in agents:
            told = OutgoingMail(
                template=Template.DELIVERY_FAILED, to=agent, text=str(step.rejected[0]), note=note
            )
            self._write(told, replace(batch, text=None, threads=threads))

    def _nobody_reads(self, recipient: Person) -> str:
        monitoring = self.runtime.policy.monitoring
        unread = recipient.address.casefold() in monitoring.addresses
        return f"{recipient.address} is a monitoring system" if unread else ""

    def _people(self, outgoing_mails: Iterable[OutgoingMail], target: Target) -> dict[int, Person]:
        known = {target.requester.id: target.requester}
        for members in self.runtime.policy.directory.teams.values():
            known |= {member.id: member for member in members}
        wanted = {outgoing_mail.to for outgoing_mail in outgoing_mails}
        wanted |= {
            outgoing_mail.author
            for outgoing_mail in outgoing_mails
            if outgoing_mail.author is not None
        }
        return {**known, **self.people(wanted - known.keys())}

    def _threads(
        self, persons: set[int], target: Target, text: IncomingText | None, tells_agents: bool
    ) -> tuple[_Threads, list[StoredMessage]]:
        """(The Message-IDs of the ticket's mails that each of them wrote or was sent, the oldest
        first; the newest messages, where agents are told of them)."""
        ticket = target.ticket
        if ticket is None or ticket.opened_at == self.now:
            came = text.message_id if text is not None else None
            return {text.author: (came,)} if text is not None and came else {}, []
        number, newest = ticket.number, NEWEST if tells_agents else 0
        stored, earlier = tickets.thread_and_newest(self.connection, number, persons, newest)
        threads = {
            person: tuple(
                message_id
                for _, message_id in sorted(
                    [*stored.get(person, ()), *self.rows.thread_ids(number, person)],
                    key=itemgetter(0),
                )
            )
            for person in persons
        }
        return threads, [*self.rows.newest_messages(number), *earlier]

    def _request(self, outgoing_mail: OutgoingMail, target: Target, reader: Person) -> OutgoingMail:
        """All that the requester asked for, with every change: whoever decides must know it."""
        ticket = target.ticket
        if outgoing_mail.template is not Template.APPROVAL or ticket is None:
            return outgoing_mail
        said = tickets.asked_for(self.flushed(), ticket.number, ticket.requester)
        zone = self.runtime.policy.directory.zone_of(reader.id)
        text = whole_request(said, target.subject, target.requester, zone)
        return replace(outgoing_mail, text=text or outgoing_mail.text)

    def _files(
        self, outgoing_mail: OutgoingMail, recipient: Person, text: IncomingText | None
    ) -> CarriedFiles:
        """The files that came with the words which the mail carries on.

        Files of somebody unproven go to agents alone.
        """
        if text is None or text.mail is None or not text.attachments:
            return NO_FILES
        conveys = outgoing_mail.author == text.author and outgoing_mail.to != text.author
        if not conveys or outgoing_mail.template not in _CONVEYING:
            return NO_FILES
        if not (text.proven or recipient.is_agent):
            return NO_FILES
        limit = self.runtime.settings.desk.attach_bytes
        return carried_files(text.mail, text.attachments, limit, self._logos(text))

    def _logos(self, text: IncomingText) -> Iterator[str]:
        """Hashes of the pictures that the author sends with every mail."""
        small = {one.sha256 for one in text.attachments if may_be_signature(one)}
        found = attachments.repeated(self.connection, {text.author}, small, SIGNATURE_MAILS)
        return (sha256 for _, sha256 in found)

    def _write(self, outgoing_mail: OutgoingMail, batch: "_Batch") -> Step | None:
        target, text, known = batch.target, batch.text, batch.known
        recipient, ticket = known[outgoing_mail.to], target.ticket
        objection = self._nobody_reads(recipient) or self.rate_limit.objection(
            outgoing_mail, recipient, ticket
        )
        if objection:
            return Step(_STOPPED, f"{outgoing_mail.template} not sent", rejected=(objection,))
        outgoing_mail = self._request(outgoing_mail, target, recipient)
        told = outgoing_mail.template in _WITH_BACKGROUND and recipient.is_agent
        mail = self.runtime.composer.compose(
            outgoing_mail,
            ThreadContext(
                *(ticket, target.subject, target.requester),
                batch.threads.get(outgoing_mail.to, ()),
                batch.background if told else NO_BACKGROUND,
            ),
            recipient,
            known[outgoing_mail.author] if outgoing_mail.author is not None else None,
            now=self.now,
            nonce=self.runtime.random(10),
            proven=text is None or text.author != outgoing_mail.to or text.proven,
            files=self._files(outgoing_mail, recipient, text),
        )
        row = outgoing_rows.row_of(
            ticket=ticket.number if ticket else None,
            person=recipient.id,
            recipient=recipient.address,
            template=outgoing_mail.template,
            automatic=outgoing_mail.automatic,
            subject=mail.subject,
            message_id=mail.message_id,
            raw=mail.raw,
            now=self.now,
            cause=target.cause,
            files=mail.files.attached,
        )
        self.rows.outgoing.append(row)
        if mail.fault:
            return Step("mail-template", "override failed, not used", rejected=(mail.fault,))
        return None


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the mails of one decision share. `known` are the people in them by id."""

    target: Target
    text: IncomingText | None
    known: dict[int, Person]
    threads: _Threads
    background: Background
