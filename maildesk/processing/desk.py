"""The shell: keep, work, answer, act, tick; one transaction each.

The rooms of the daemon know the database only through this class (it is the `Journal` of
the mailboxes and listeners).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from maildesk.ingest.intent.commands import read_commands
from maildesk.model.cause import AgentActed, Facts, TicketReported
from maildesk.model.decision import Decision
from maildesk.model.mail import Address, RawMail
from maildesk.model.person import Person
from maildesk.processing.clock.deadlines import tick
from maildesk.processing.command_context import load_command_context
from maildesk.processing.mail.bounces import report_failure
from maildesk.processing.rate_limit import WINDOW
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import IncomingText, Snapshot
from maildesk.processing.unit_of_work import unit_of_work
from maildesk.store import journal, lease, outgoing_rows, statistics

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Desk:
    """What the rooms of the daemon and the command line may ask of the desk."""

    runtime: Runtime

    # -- the journal, as the rooms see it that bring mail in (ingest.journal.Journal)

    def keep(self, mails: Sequence[RawMail], *, silent: bool = False) -> None:
        """Commit the mails to the journal. Only after this may a server be told anything.

        `silent` mails become tickets, but nobody is answered.
        """
        now = self.runtime.clock()
        with self.runtime.store.write() as connection:
            journal.keep(connection, mails, now, silent=silent)

    def known(
        self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]
    ) -> frozenset[int]:
        """Which of these UIDs are in the journal."""
        with self.runtime.store.read() as connection:
            return journal.known(connection, mailbox, folder, uid_validity, uids)

    def position(self, mailbox: str, folder: str) -> tuple[int, int] | None:
        """How far the folder has been read; the first call marks the beginning."""
        since = self._counts_from(mailbox)
        with self.runtime.store.write() as connection:
            return journal.position(connection, mailbox, folder, since=since)

    def _counts_from(self, mailbox: str) -> datetime:
        """From when on mails of a new folder are answered: the configured day, else now."""
        for configured in self.runtime.settings.mailbox:
            if configured.name == mailbox and configured.since:
                return datetime.fromisoformat(configured.since).replace(tzinfo=UTC)
        return self.runtime.clock().replace(microsecond=0)  # INTERNALDATE has whole seconds

    def advance(self, mailbox: str, folder: str, uid_validity: int, uid: int) -> None:
        """Every UID up to this one is in the journal."""
        with self.runtime.store.write() as connection:
            journal.advance(connection, mailbox, folder, uid_validity, uid)

    def unsettled(self, mailbox: str, folder: str, uid_validity: int) -> tuple[int, ...]:
        """UIDs kept but not yet settled on the server."""
        with self.runtime.store.read() as connection:
            return journal.unsettled(connection, mailbox, folder, uid_validity)

    def settled(self, mailbox: str, folder: str, uid_validity: int, uids: Iterable[int]) -> None:
        """The server has moved, flagged or deleted these."""
        now = self.runtime.clock()
        with self.runtime.store.write() as connection:
            journal.settled(connection, mailbox, folder, uid_validity, uids, now)

    def lease(self, name: str, seconds: float) -> bool:
        """Take or renew the right to do `name` alone."""
        now, holder = self.runtime.clock(), self.runtime.holder
        with self.runtime.store.write() as connection:
            return lease.take(connection, name, holder, now=now, seconds=seconds)

    def release(self, name: str) -> None:
        """Give the lease back, if it is ours."""
        with self.runtime.store.write() as connection:
            lease.release(connection, name, self.runtime.holder)

    # -- causes other than mail

    def answer(self, number: int, agent: Person, text: str) -> Decision:
        """An agent acts from the command line; `#` lines are commands as in a mail.

        Raises LookupError where there is no such ticket.
        """
        runtime, read = self.runtime, read_commands(text)
        with unit_of_work(runtime) as work:
            said = IncomingText(
                id=runtime.new_id(work.now), author=agent.id, text=read.text, proven=True
            )

            def acted(snapshot: Snapshot) -> AgentActed:
                ticket, requester = snapshot.of_ticket
                return AgentActed(
                    agent=agent,
                    message=said.id,
                    requester=requester,
                    text=read.text,
                    commands=read.commands,
                    wrong_commands=read.wrong,
                    command_context=load_command_context(
                        work, ticket, agent, read.commands, runtime.settings.desk
                    ),
                    descendants=snapshot.descendants,
                )

            return work.transaction("console").apply(number, acted, said).decision

    def report(self, agent: Person, requester: str, source: str, subject: str, text: str) -> int:
        """An agent writes down what somebody asks who did not write; the new ticket's number."""
        runtime = self.runtime
        with unit_of_work(runtime) as work:
            person = work.people.of(Address("", requester))
            said = IncomingText(
                id=runtime.new_id(work.now), author=person.id, text=text, proven=True
            )
            reported = TicketReported(
                agent=agent,
                requester=person,
                source=source,
                message=said.id,
                text=text,
                facts=Facts(subject=subject, text=text, sender=person.address),
            )
            applied = work.transaction("console").apply(None, lambda _: reported, said)
        assert applied.ticket is not None
        return applied.ticket.number

    def report_failures(self) -> int:
        """Tell those who work on a ticket of each mail that was refused for good; how many.

        Asked for after a failure and at every tick: a kill in between loses none.
        """
        with self.runtime.store.read() as connection:  # as a rule there is none: lock nothing
            if not outgoing_rows.any_unreported(connection):
                return 0
        reported = 0
        while self._report_failure():
            reported += 1
        return reported

    def _report_failure(self) -> bool:
        with unit_of_work(self.runtime) as work:
            row = outgoing_rows.take_unreported(work.connection)
            if row is not None and row.ticket is not None:
                report_failure(work, row.ticket, row.person_id, row.template, row.reason)
        return row is not None

    def tick(self, before: Callable[[Sequence[int]], None] = lambda _: None) -> int:
        """Work the deadlines that have passed, a transaction each; how many we struck. `before`
        is handed the tickets first.

        Raises OperationalError where the database is locked, full or gone.
        """
        self.report_failures()
        return tick(self.runtime, before)

    def maintain(self) -> None:
        """What the database needs once a day: counts that nobody asks for any more are deleted,
        and the planner looks at the tables."""
        with self.runtime.store.write() as connection:
            outgoing_rows.forget_rate(connection, self.runtime.clock() - 2 * WINDOW)
        statistics.refresh(self.runtime.store)
