"""Writing down a decision: ticket, history, text and letters, in one transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from maildesk.lifecycle.decide import decide
from maildesk.lifecycle.decision_builder import UNNUMBERED
from maildesk.lifecycle.sla.timers import timer_events
from maildesk.model.decision import Change, Decision, OutgoingMail, RelatedChange, Template
from maildesk.model.event import ApprovalAsked, HeldSettled, Release, TimerSet
from maildesk.model.mail import Attachment, Step
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket, evolve
from maildesk.outgoing.compose import ThreadContext
from maildesk.processing.mail.approval_request import whole_request
from maildesk.processing.rate_limit import RateLimit
from maildesk.processing.runtime import Runtime
from maildesk.store import (
    attachments,
    outgoing_rows,
    pending_notifications,
    people,
    ticket_relations,
    tickets,
)
from maildesk.store.tickets import Message

_BECOMES: dict[Release, str] = {"added": "reply", "split": "split-off", "dropped": "dropped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The text that came with the cause, before it has a ticket."""

    id: str
    author: int
    text: str
    proven: bool
    mail: int | None = None
    message_id: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a decision is about: the ticket as it was, its subject, its requester. `number` is kept
    for a ticket that is made."""

    ticket: Ticket | None
    number: int | None = None
    subject: str
    requester: Person
    cause: str


def _seen_from(related_change: RelatedChange, ticket: Ticket | None) -> RelatedChange:
    """What a ticket orders that had no number when it was decided has one now."""
    if ticket is None or related_change.cause.origin != UNNUMBERED:
        return related_change
    return replace(related_change, cause=replace(related_change.cause, origin=ticket.number))


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes decisions through one open connection."""

    runtime: Runtime
    connection: Connection
    now: datetime
    rate_limit: RateLimit

    @classmethod
    def on(cls, runtime: Runtime, connection: Connection, now: datetime) -> "Recorder":
        """A recorder for this transaction."""
        settings = runtime.settings
        rate_limit = RateLimit(connection, settings.desk, settings.limits, now)
        return cls(runtime, connection, now, rate_limit)

    def enact(
        self, decision: Decision, matter: Matter, said: Said | None
    ) -> tuple[Ticket | None, tuple[Step, ...]]:
        """Write all that was decided; the ticket as it is now, and what was not sent and why."""
        ticket = matter.ticket
        for change in decision.changes:
            ticket = self._change(change, matter, decision)
        if ticket is not None and said is not None and decision.message_kind:
            text = said.text if decision.message_text is None else decision.message_text
            self._add_text(ticket, replace(said, text=text), decision.message_kind)
            if decision.aside:
                self._add_text(ticket, self._aside(said, decision.aside), "note")
        if ticket is not None:
            for note in decision.notes:
                self._add_note(ticket, note)
        matter = replace(matter, ticket=ticket, requester=self._requester(ticket, matter))
        if decision.moving is not None and ticket is not None:
            moving = decision.moving
            ticket_relations.move_texts(
                self.connection, moving.origin, ticket.number, moving.message
            )
        if decision.distrust is not None:
            people.distrust(self.connection, decision.distrust, self.now)
        pending_notifications.add(self.connection, decision.pending_notifications)
        unsent = self._write_letters(decision.outgoing_mails, matter, said)
        return ticket, (*unsent, *self._follow_up(decision, matter))

    def _requester(self, ticket: Ticket | None, matter: Matter) -> Person:
        if ticket is None or ticket.requester == matter.requester.id:
            return matter.requester
        return people.by_id(self.connection, ticket.requester)

    def _follow_up(self, decision: Decision, matter: Matter) -> Iterator[Step]:
        """What follows for other tickets: in the order of their numbers, and new ones last."""
        for one in sorted(
            decision.related_changes, key=lambda one: (one.ticket is None, one.ticket)
        ):
            yield from self._follow(_seen_from(one, matter.ticket), matter)

    def _follow(self, related_change: RelatedChange, matter: Matter) -> tuple[Step, ...]:
        ticket: Ticket | None = None
        subject = related_change.subject or matter.subject
        requester = related_change.requester
        if related_change.ticket is not None:
            ticket, subject = tickets.load_one(self.connection, related_change.ticket)
            requester = ticket.requester
        assert requester is not None
        person = people.by_id(self.connection, requester)
        cause = replace(related_change.cause, requester=person)
        if cause.origin == UNNUMBERED and matter.ticket is not None:
            cause = replace(cause, origin=matter.ticket.number)
        policy = self.runtime.policy_at(self.connection, ticket, requester, subject)
        decision = decide(ticket, cause, policy, self.now)
        its = Matter(
            ticket=ticket,
            number=related_change.number,
            subject=subject,
            requester=person,
            cause=matter.cause,
        )
        return self.enact(decision, its, None)[1]

    def _change(self, change: Change, matter: Matter, decision: Decision) -> Ticket:
        before = matter.ticket if change.ticket is not None else None
        number = before.number if before else matter.number
        number = tickets.next_number(self.connection) if number is None else number
        after, passed = before, []
        for event in change.events:
            if isinstance(event, ApprovalAsked) and after is not None and after.approval:
                passed.append(after.approval)
            after = evolve(after, event, number=number, at=self.now)
        assert after is not None
        turned = self._clocks(before, after, change, matter)
        for event in turned:
            after = evolve(after, event, number=number, at=self.now)
        if before is None:
            tickets.add(self.connection, after, matter.subject)
        else:
            tickets.save(self.connection, before, after)
        for approval in passed:
            tickets.save_approval(self.connection, number, approval)
        tickets.record(
            self.connection,
            number,
            (*change.events, *turned),
            actor=decision.actor,
            cause=matter.cause,
            at=self.now,
        )
        for event in change.events:
            if isinstance(event, HeldSettled):
                tickets.settle_held(self.connection, event.message, _BECOMES[event.outcome])
        return after

    def _aside(self, said: Said, text: str) -> Said:
        """What the same mail says to agents alone; answers to the mail lead to its other text."""
        fresh = self.runtime.new_id(self.now)
        return replace(said, id=fresh, text=text, message_id=None, attachments=())

    def _add_note(self, ticket: Ticket, text: str) -> None:
        """A text of the desk itself, which only agents see."""
        message = Message(
            id=self.runtime.new_id(self.now),
            ticket=ticket.number,
            mail=None,
            author=None,
            kind="note",
            proven=True,
            text=text,
            message_id=None,
            at=self.now,
        )
        tickets.add_message(self.connection, message)

    def _clocks(
        self, before: Ticket | None, after: Ticket, change: Change, matter: Matter
    ) -> tuple[TimerSet, ...]:
        """What the events change about the SLA timers of the ticket."""
        requester = matter.requester
        if requester.id != after.requester:
            requester = people.by_id(self.connection, after.requester)
        policy = self.runtime.policy
        asker = (requester, policy.directory.organisation_of(requester))
        return timer_events(policy.sla, before, after, change.events, asker, self.now)

    def _add_text(self, ticket: Ticket, said: Said, kind: str) -> None:
        message = Message(
            id=said.id,
            ticket=ticket.number,
            mail=said.mail,
            author=said.author,
            kind=kind,
            proven=said.proven,
            text=said.text,
            message_id=said.message_id,
            at=self.now,
        )
        tickets.add_message(self.connection, message)
        if said.mail is not None:
            attachments.add(self.connection, said.mail, said.author, said.attachments)

    def _write_letters(
        self, outgoing_mails: tuple[OutgoingMail, ...], matter: Matter, said: Said | None
    ) -> tuple[Step, ...]:
        if not outgoing_mails:
            return ()
        known = self._people(outgoing_mails, matter)
        unsent = []
        for outgoing_mail in outgoing_mails:
            step = self._write(outgoing_mail, matter, known, said)
            if step is not None:
                unsent.append(step)
                self._say_that_nobody_was_asked(outgoing_mail, step, matter, known)
        return tuple(unsent)

    def _say_that_nobody_was_asked(
        self, outgoing_mail: OutgoingMail, step: Step, matter: Matter, known: dict[int, Person]
    ) -> None:
        """An approval mail that the breaker stopped would leave its ticket waiting for ever."""
        if outgoing_mail.template is not Template.APPROVAL or matter.ticket is None:
            return
        note = f"The approval request to {known[outgoing_mail.to].address} was not sent."
        for agent in self.runtime.policy.directory.working_on(matter.ticket):
            told = OutgoingMail(
                template=Template.DELIVERY_FAILED, to=agent, text=step.rejected[0], note=note
            )
            self._write(told, matter, known, None)

    def _nobody_reads(self, recipient: Person) -> str:
        monitoring = self.runtime.policy.monitoring
        unread = recipient.address.casefold() in monitoring.addresses
        return f"{recipient.address} is a monitoring system" if unread else ""

    def _people(self, outgoing_mails: Iterable[OutgoingMail], matter: Matter) -> dict[int, Person]:
        known = {matter.requester.id: matter.requester}
        for members in self.runtime.policy.directory.teams.values():
            known |= {member.id: member for member in members}
        wanted = {outgoing_mail.to for outgoing_mail in outgoing_mails}
        wanted |= {
            outgoing_mail.author
            for outgoing_mail in outgoing_mails
            if outgoing_mail.author is not None
        }
        missing = wanted - known.keys()
        return known | (people.by_ids(self.connection, missing) if missing else {})

    def _request(self, ticket: Ticket, matter: Matter, reader: Person) -> str:
        """All that the requester asked for, with every change: whoever decides must know it."""
        said = tickets.asked_for(self.connection, ticket.number, ticket.requester)
        zone = self.runtime.policy.directory.zone_of(reader.id)
        return whole_request(said, matter.subject, matter.requester, zone)

    def _thread(self, ticket: Ticket | None, recipient: int, said: Said | None) -> tuple[str, ...]:
        """The Message-IDs of the ticket's mails that the recipient wrote or was sent."""
        came = said.message_id if said is not None and said.author == recipient else None
        if ticket is None or ticket.opened_at == self.now:
            return (came,) if came else ()
        return tickets.thread_ids(self.connection, ticket.number, recipient)

    def _write(
        self,
        outgoing_mail: OutgoingMail,
        matter: Matter,
        known: dict[int, Person],
        said: Said | None,
    ) -> Step | None:
        recipient = known[outgoing_mail.to]
        objection = self._nobody_reads(recipient) or self.rate_limit.objection(
            outgoing_mail, recipient, matter.ticket
        )
        if objection:
            return Step("loop-breaker", f"{outgoing_mail.template} not sent", rejected=(objection,))
        author = known[outgoing_mail.author] if outgoing_mail.author is not None else None
        ticket = matter.ticket
        if outgoing_mail.template is Template.APPROVAL and ticket is not None:
            outgoing_mail = replace(
                outgoing_mail, text=self._request(ticket, matter, recipient) or outgoing_mail.text
            )
        thread = self._thread(ticket, outgoing_mail.to, said)
        mail = self.runtime.composer.compose(
            outgoing_mail,
            ThreadContext(ticket, matter.subject, matter.requester, thread),
            recipient,
            author,
            now=self.now,
            nonce=self.runtime.random(10),
            proven=said is None or said.author != outgoing_mail.to or said.proven,
        )
        outgoing_rows.add(
            self.connection,
            ticket=ticket.number if ticket else None,
            person=recipient.id,
            recipient=recipient.address,
            template=outgoing_mail.template,
            automatic=outgoing_mail.automatic,
            subject=mail.subject,
            message_id=mail.message_id,
            raw=mail.raw,
            now=self.now,
            cause=matter.cause,
        )
        if mail.fault:
            return Step("mail-template", "override failed, not used", rejected=(mail.fault,))
        return None
