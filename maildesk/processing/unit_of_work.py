"""What one transaction, or a batch of mails in one, has read and has yet to write.

Each ticket and person is read once (identity map), rows are collected and written at the end with
one statement a table. What is read otherwise does not see the rows that are collected: `flushed`
writes them first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from maildesk.lifecycle.policy import Policy, Workload
from maildesk.model.decision import Change, Decision
from maildesk.model.event import HeldSettled, Release
from maildesk.model.mail import Step
from maildesk.model.person import Person
from maildesk.model.ticket import Ticket
from maildesk.processing.answered_mails import AnsweredMails
from maildesk.processing.known_people import KnownPeople
from maildesk.processing.rate_limit import RateLimit
from maildesk.processing.relate_context import load_relate_context
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import IncomingText, Target, TicketTransaction
from maildesk.processing.writing.mail_writer import MailWriter
from maildesk.processing.writing.message_writer import MessageWriter
from maildesk.store import people, ticket_relations, tickets
from maildesk.store.pending_rows import PendingRows

_BECOMES: dict[Release, str] = {"added": "reply", "split": "split-off", "dropped": "dropped"}


@dataclass(slots=True)
class UnitOfWork:
    """The database as `TicketTransaction` needs it (desk.transaction.TicketStore).

    `written_through`: since `part` began, something was written that only the database can undo.
    """

    runtime: Runtime
    connection: Connection
    now: datetime
    rows: PendingRows = field(default_factory=PendingRows)
    written_through: bool = False
    _tickets: dict[int, tuple[Ticket, str]] = field(default_factory=dict)
    _threads: dict[str, int | None] = field(default_factory=dict)
    _newest: int | None = None
    _workload: Workload | None = None
    rate_limit: RateLimit = field(init=False)
    people: KnownPeople = field(init=False)
    answered: AnsweredMails = field(init=False)
    mails: MailWriter = field(init=False)
    texts: MessageWriter = field(init=False)

    def __post_init__(self) -> None:
        settings = self.runtime.settings
        self.rate_limit = RateLimit(
            self.connection, settings.desk, settings.limits, self.now, self.rows
        )
        self.people = KnownPeople(self.connection)
        self.answered = AnsweredMails(self.connection)
        self.texts = MessageWriter(self.rows, self.now, lambda: self.runtime.new_id(self.now))
        self.mails = MailWriter(
            self.runtime,
            self.connection,
            self.now,
            self.rows,
            self.rate_limit,
            self.people.by_ids,
            lambda: self.flushed,
        )

    def transaction(self, cause: str) -> TicketTransaction:
        """To apply causes of that name in the history."""
        return TicketTransaction(self, self.now, cause)

    @property
    def flushed(self) -> Connection:
        """The connection, to read what this unit of work has written so far, too."""
        self.flush()
        return self.connection

    def direct(self) -> Connection:
        """The connection, to change rows at once."""
        self.flush()
        self.written_through = True
        self._threads.clear()
        return self.connection

    def flush(self) -> None:
        """Write what is collected. Raises pending_rows.Taken."""
        if self.rows:
            self.rows.flush(self.connection)
            self.written_through = True
            self.rate_limit.forget()
            self._threads.clear()

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the work that an error undoes, and nothing else with it.

        Where it was `written_through`, only the transaction as a whole can be undone.
        """
        rows, known = self.rows.copy(), dict(self._tickets)
        newest, workload, total = self._newest, self._workload, self.rate_limit.total
        self.written_through = False
        try:
            yield
        except BaseException:
            self.rows.restore(rows)
            self._tickets = known
            self._newest, self._workload, self.rate_limit.total = newest, workload, total
            raise

    # -- tickets

    def ticket(self, number: int) -> tuple[Ticket, str]:
        """The ticket and its subject, locked. Raises LookupError."""
        try:
            return self.tickets([number])[number]
        except KeyError:
            raise LookupError(f"no ticket {number}") from None

    def tickets(self, numbers: Iterable[int]) -> dict[int, tuple[Ticket, str]]:
        """Those of these tickets that there are, with their subjects, locked."""
        wanted = set(numbers)
        self._tickets |= tickets.load(self.connection, wanted - self._tickets.keys())
        return {number: self._tickets[number] for number in wanted if number in self._tickets}

    def with_survivors(self, numbers: Iterable[int]) -> dict[int, tuple[Ticket, str]]:
        """The same, with the tickets that any of these was merged into."""
        found = self.tickets(numbers)
        while missing := _survivors(found) - found.keys():
            found |= self.tickets(missing)
        return found

    def survivor(self, number: int) -> tuple[Ticket, str]:
        """The ticket that this one was merged into, however often; else itself."""
        found = self.with_survivors([number])
        while (merged_into := found[number][0].merged_into) is not None:
            number = merged_into
        return found[number]

    def of_problem(self, key: str) -> int | None:
        """The open ticket of that problem; if merged, its survivor."""
        number = tickets.of_problem(self.flushed, key)
        if number is None:
            return None
        ticket, _ = self.survivor(number)
        return None if ticket.is_closed else ticket.number

    def open_child(self, number: int, requester: int) -> Ticket | None:
        """The newest open ticket of that requester which an answer to this closed one opened."""
        child = tickets.open_child(self.flushed, number, requester)
        return self.ticket(child)[0] if child is not None else None

    def by_message_id(self, ids: Iterable[str]) -> dict[str, int]:
        """The tickets in which mails with these Message-IDs stand."""
        wanted = set(ids)
        fresh = wanted - self._threads.keys()
        if fresh:
            stored = tickets.by_message_id(self.connection, fresh)
            self._threads |= {one: stored.get(one) for one in fresh}
        found = {one: n for one in wanted if (n := self._threads[one]) is not None}
        return self.rows.by_message_id(wanted - found.keys()) | found

    def descendants(self, number: int) -> Mapping[int, Ticket]:
        """The tickets below that one, read when they are looked at."""
        return _WhenLookedAt(lambda: ticket_relations.below(self.flushed, number))

    def next_number(self) -> int:
        """The number of the next new ticket; nobody else gets it before the transaction ends."""
        if self._newest is None:
            self._newest = tickets.newest_number(self.connection)
        return self._newest + 1

    # -- people

    def person(self, id: int) -> Person:
        """The person of that id. Raises LookupError."""
        return self.people.by_id(id)

    def let_in(self, person: Person) -> None:
        """Mails of that person are worked from now on."""
        people.let_in(self.direct(), person.id, self.now)
        self.people.forget(person.id)

    # -- what decisions are made by

    @property
    def configured(self) -> Policy:
        """The policy without what rules ask of other tickets."""
        return self.runtime.policy

    def policy_for(self, ticket: Ticket | None, requester: Person, subject: str) -> Policy:
        """The policy, with what rules ask of other tickets: how much each agent has to do, and
        what this ticket can be related to."""
        policy = self.runtime.policy
        if policy.rules.chooses:
            directory = replace(policy.directory, workload=self._load_of_agents())
            policy = replace(policy, directory=directory)
        if policy.rules.relates:
            found = load_relate_context(
                self.flushed, policy.rules.relates, ticket, requester.id, subject
            )
            policy = replace(policy, neighbours=found)
        return policy

    def _load_of_agents(self) -> Workload:
        if self._workload is None:
            self._workload = Workload(*tickets.workload(self.flushed))
        return self._workload

    # -- writing

    def write(
        self, decision: Decision, target: Target, text: IncomingText | None
    ) -> tuple[Step, ...]:
        """Keep what was decided; which mails are not sent, and why."""
        for change in decision.changes:
            self._change(change, decision, target)
        ticket = target.ticket
        if ticket is not None:
            self.texts.write(decision, ticket.number, text)
        if decision.moving is not None and ticket is not None:
            moving = decision.moving
            ticket_relations.move_texts(self.direct(), moving.origin, ticket.number, moving.message)
        if decision.distrust is not None:
            people.distrust(self.direct(), decision.distrust, self.now)
            self.people.forget(decision.distrust)
        self.rows.notify(decision.pending_notifications)
        return self.mails.write(decision.outgoing_mails, target, text)

    def _change(self, change: Change, decision: Decision, target: Target) -> None:
        number = change.after.number
        if change.before is None:
            self._newest = number
        subject = target.subject if change.before is None else self._tickets[number][1]
        self._tickets[number] = (change.after, subject)
        self.rows.change(change, subject, decision.actor, target.cause, self.now)
        self._workload = _after(self._workload, change)
        for event in change.events:
            if isinstance(event, HeldSettled):
                tickets.settle_held(self.direct(), event.message, _BECOMES[event.outcome])


@contextmanager
def unit_of_work(runtime: Runtime, now: datetime | None = None) -> Iterator[UnitOfWork]:
    """A transaction: committed with all that was collected, or rolled back on an error."""
    with runtime.store.write() as connection:
        work = UnitOfWork(runtime, connection, runtime.clock() if now is None else now)
        yield work
        work.flush()


class _WhenLookedAt(Mapping[int, Ticket]):
    """Tickets that are loaded when somebody looks at them, once."""

    def __init__(self, load: Callable[[], dict[int, Ticket]]) -> None:
        self._load = load
        self._loaded: dict[int, Ticket] | None = None

    @property
    def _tickets(self) -> dict[int, Ticket]:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def __getitem__(self, number: int) -> Ticket:
        return self._tickets[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._tickets)

    def __len__(self) -> int:
        return len(self._tickets)


def _survivors(found: Mapping[int, tuple[Ticket, str]]) -> set[int]:
    return {t.merged_into for t, _ in found.values() if t.merged_into is not None}


def _after(workload: Workload | None, change: Change) -> Workload | None:
    """The workload after the change."""
    if workload is None:
        return None
    open_, newest = dict(workload.open), dict(workload.newest)
    for ticket, by in ((change.before, -1), (change.after, 1)):
        if ticket is not None and ticket.assignee is not None and not ticket.is_closed:
            open_[ticket.assignee] = open_.get(ticket.assignee, 0) + by
    if (agent := change.after.assignee) is not None:
        newest[agent] = max(newest.get(agent, 0), change.after.number)
    return Workload(open_, newest)
