"""The shell: keep, work, answer, act, tick; one transaction each.

The rooms of the daemon know the database only through this class (it is the `Journal` of
the mailboxes and listeners).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from maildesk.desk.around import look_around, look_below
from maildesk.desk.bounces import report_failure
from maildesk.desk.breaker import WINDOW
from maildesk.desk.office import Office
from maildesk.desk.record import Matter, Recorder, Said
from maildesk.desk.tick import tick
from maildesk.ingest.commands import read_commands
from maildesk.lifecycle.decide import decide
from maildesk.model.cause import AgentActed, Facts, TicketReported
from maildesk.model.decision import Decision
from maildesk.model.mail import Address, RawMail
from maildesk.model.person import Person
from maildesk.store import journal, lease, outgoing, people, statistics, tickets

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Desk:
    """What the rooms of the daemon and the command line may ask of the desk."""

    office: Office

    # -- the journal, as the rooms see it that bring mail in (ingest.journal.Journal)

    def keep(self, mails: Sequence[RawMail], *, silent: bool = False) -> None:
        """Commit the mails to the journal. Only after this may a server be told anything.

        `silent` mails become tickets, but nobody is answered.
        """
        now = self.office.clock()
        with self.office.store.write() as connection:
            journal.keep(connection, mails, now, silent=silent)

    def known(
        self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]
    ) -> frozenset[int]:
        """Which of these UIDs are in the journal."""
        with self.office.store.read() as connection:
            return journal.known(connection, mailbox, folder, uid_validity, uids)

    def position(self, mailbox: str, folder: str) -> tuple[int, int] | None:
        """How far the folder has been read; the first call marks the beginning."""
        since = self._counts_from(mailbox)
        with self.office.store.write() as connection:
            return journal.position(connection, mailbox, folder, since=since)

    def _counts_from(self, mailbox: str) -> datetime:
        """From when on mails of a new folder are answered: the configured day, else now."""
        for configured in self.office.settings.mailbox:
            if configured.name == mailbox and configured.since:
                return datetime.fromisoformat(configured.since).replace(tzinfo=UTC)
        return self.office.clock().replace(microsecond=0)  # INTERNALDATE has whole seconds

    def advance(self, mailbox: str, folder: str, uid_validity: int, uid: int) -> None:
        """Every UID up to this one is in the journal."""
        with self.office.store.write() as connection:
            journal.advance(connection, mailbox, folder, uid_validity, uid)

    def unsettled(self, mailbox: str, folder: str, uid_validity: int) -> tuple[int, ...]:
        """UIDs kept but not yet settled on the server."""
        with self.office.store.read() as connection:
            return journal.unsettled(connection, mailbox, folder, uid_validity)

    def settled(self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]) -> None:
        """The server has moved, flagged or deleted these."""
        now = self.office.clock()
        with self.office.store.write() as connection:
            journal.settled(connection, mailbox, folder, uid_validity, uids, now)

    def lease(self, name: str, seconds: float) -> bool:
        """Take or renew the right to do `name` alone."""
        now, holder = self.office.clock(), self.office.holder
        with self.office.store.write() as connection:
            return lease.take(connection, name, holder, now=now, seconds=seconds)

    def release(self, name: str) -> None:
        """Give the lease back, if it is ours."""
        with self.office.store.write() as connection:
            lease.release(connection, name, self.office.holder)

    # -- causes other than mail

    def answer(self, number: int, agent: Person, text: str) -> Decision:
        """An agent acts from the command line; `#` lines are commands as in a mail.

        Raises LookupError where there is no such ticket.
        """
        office, now = self.office, self.office.clock()
        read = read_commands(text)
        message = office.new_id(now)
        said = Said(id=message, author=agent.id, text=read.text, proven=True)
        with office.store.write() as connection:
            ticket, subject = tickets.load_one(connection, number)
            requester = people.by_id(connection, ticket.requester)
            acted = AgentActed(
                agent=agent,
                message=message,
                requester=requester,
                text=read.text,
                commands=read.commands,
                wrong_commands=read.wrong,
                around=look_around(connection, ticket, agent, read.commands, office.settings.desk),
                family=look_below(connection, ticket),
            )
            policy = office.policy_at(connection, ticket, requester.id, subject)
            decision = decide(ticket, acted, policy, now)
            matter = Matter(ticket=ticket, subject=subject, requester=requester, cause="console")
            Recorder.on(office, connection, now).enact(decision, matter, said)
        return decision

    def report(self, agent: Person, requester: str, source: str, subject: str, text: str) -> int:
        """An agent writes down what somebody asks who did not write; the new ticket's number."""
        office, now = self.office, self.office.clock()
        with office.store.write() as connection:
            person = people.find_or_add(connection, Address("", requester))
            reported = TicketReported(
                agent=agent,
                requester=person,
                source=source,
                message=office.new_id(now),
                text=text,
                facts=Facts(subject=subject, text=text, sender=person.address),
            )
            policy = office.policy_at(connection, None, person.id, subject)
            decision = decide(None, reported, policy, now)
            matter = Matter(ticket=None, subject=subject, requester=person, cause="console")
            said = Said(id=reported.message, author=person.id, text=text, proven=True)
            ticket, _ = Recorder.on(office, connection, now).enact(decision, matter, said)
        assert ticket is not None
        return ticket.number

    def report_failures(self) -> int:
        """Tell those who work on a ticket of each mail that was refused for good; how many.

        Asked for after a failure and at every tick: a kill in between loses none.
        """
        with self.office.store.read() as connection:  # as a rule there is none: lock nothing
            if not outgoing.any_unreported(connection):
                return 0
        reported = 0
        while self._report_failure():
            reported += 1
        return reported

    def _report_failure(self) -> bool:
        with self.office.store.write() as connection:
            row = outgoing.take_unreported(connection)
            if row is not None and row.ticket is not None:
                recorder = Recorder.on(self.office, connection, self.office.clock())
                report_failure(recorder, row.ticket, row.person_id, row.template, row.reason)
        return row is not None

    def tick(self, before: Callable[[Sequence[int]], None] = lambda _: None) -> int:
        """Work the deadlines that have passed, a transaction each; how many we struck. `before`
        is handed the tickets first.

        Raises OperationalError where the database is locked, full or gone.
        """
        self.report_failures()
        return tick(self.office, before)

    def maintain(self) -> None:
        """What the database needs once a day: counts that nobody asks for any more are deleted,
        and the planner looks at the tables."""
        with self.office.store.write() as connection:
            outgoing.forget_rate(connection, self.office.clock() - 2 * WINDOW)
        statistics.refresh(self.office.store)
