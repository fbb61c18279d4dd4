"""What a configuration will do: the days to come, by the real decisions and a virtual clock.

Tickets are values in memory; nothing is written and nothing is sent. The clock looks once a minute,
as the daemon does, and each deadline goes through `decide` and the SLA timers. Nobody
answers, approves or resolves anything; the limits on outgoing mail are not applied.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum

import structlog
from sqlalchemy import Connection

from maildesk.config.schema.reports import ScheduledReport
from maildesk.lifecycle.policy import Policy, Workload
from maildesk.model.cause import DeadlineReached, Facts, MailArrived
from maildesk.model.decision import (
    Actor,
    ActorKind,
    Answer,
    Change,
    Decision,
    OutgoingMail,
    Template,
)
from maildesk.model.event import Closed, EscalationStepReached, Event, TicketOpened
from maildesk.model.mail import Kind, Step
from maildesk.model.person import Identity, Person, Proof
from maildesk.model.sla.timer import Outcome, PendingNotification
from maildesk.model.ticket import Ticket
from maildesk.processing.clock import sla_recalculation
from maildesk.processing.forecast.simulated_mail import Arrival
from maildesk.processing.transaction import IncomingText, Snapshot, Target, TicketTransaction
from maildesk.reporting.report_schedule import next_due
from maildesk.store import people, tickets
from maildesk.store.engine import Store
from maildesk.store.queries import simulation_start

log = structlog.get_logger()

POSTPONED = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Day:
    """One local day. `sent` counts mails by template, `escalated` steps by metric and step;
    `failed` counts what raised."""

    date: date
    opened: int = 0
    closed: int = 0
    breached: int = 0
    failed: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    escalated: Counter[str] = field(default_factory=Counter)


class _Turn(IntEnum):
    """What comes first of what happens at the same time."""

    ARRIVES = 0
    STRIKES = 1
    TELLS = 2
    REPORTS = 3


@dataclass(frozen=True, slots=True)
class Lookup:
    """How tickets and people are found that are not in memory yet. Raise LookupError."""

    ticket: Callable[[int], Ticket]
    person: Callable[[int], Person]


@dataclass(slots=True)
class Simulation:
    """One run from `begin` to `end`. `reviewed`: what another sla.toml than that of the rows makes
    of the SLA timers, as at the start of a daemon."""

    policy: Policy
    tickets: dict[int, Ticket]
    newest: int
    lookup: Lookup
    arrivals: Sequence[Arrival]
    begin: datetime
    end: datetime
    reports: tuple[ScheduledReport, ...] = ()
    workload: tuple[Mapping[int, int], Mapping[int, int]] = ({}, {})
    reviewed: Mapping[int, tuple[Event, ...]] = field(default_factory=dict)
    _people: dict[int, Person] = field(default_factory=dict)
    _queue: list[tuple[datetime, _Turn, int]] = field(default_factory=list)
    _notices: list[PendingNotification] = field(default_factory=list)
    _open: Counter[int] = field(default_factory=Counter)
    _given: dict[int, int] = field(default_factory=dict)
    _day: Day = field(default_factory=lambda: Day(date.min))
    _now: datetime = datetime.min

    def run(self) -> Iterator[Day]:
        """Each day of the time, in order, when it is over."""
        for place, (local, until) in enumerate(self._days()):
            self._day = Day(local)
            if place == 0:
                self._prepare()
            while self._queue and self._queue[0][0] < until:
                self._happens(*heapq.heappop(self._queue))
            yield self._day

    def _prepare(self) -> None:
        self._people |= self.policy.directory.staff
        self._people |= {one.sender.id: one.sender for one in self.arrivals}
        self._open.update(self.workload[0])
        self._given.update(self.workload[1])
        load = Workload(self._open, self._given)
        self.policy = replace(self.policy, directory=replace(self.policy.directory, workload=load))
        for place, arrival in enumerate(self.arrivals):
            self._put(arrival.at, _Turn.ARRIVES, place)
        for number, events in self.reviewed.items():
            self._review(number, events)
        for ticket in self.tickets.values():
            self._wait(ticket, self.begin)
        for place in range(len(self.reports)):
            self._await_report(place, self.begin)

    def _review(self, number: int, events: Sequence[Event]) -> None:
        ticket = self.tickets[number]
        change = Change.of(ticket, events, self.begin)
        decision = Decision(answer=Answer.DONE, actor=Actor(ActorKind.CLOCK), changes=(change,))
        about = Snapshot(ticket, requester=self.person(ticket.requester))
        self._transaction(self.begin).write(decision, about)

    def _days(self) -> Iterator[tuple[date, datetime]]:
        """Each local day and when it, or the whole time, is over."""
        zone = self.policy.calendar.zone
        day, last = self.begin.astimezone(zone).date(), (self.end - _MINUTE).astimezone(zone).date()
        while day <= last:
            following = day + timedelta(days=1)
            midnight = datetime.combine(following, datetime.min.time(), zone).astimezone(UTC)
            yield day, min(midnight, self.end)
            day = following

    def _put(self, at: datetime, turn: _Turn, key: int) -> None:
        if at < self.end:
            heapq.heappush(self._queue, (at, turn, key))

    def _wait(self, ticket: Ticket, now: datetime) -> None:
        due = ticket.next_due
        if due is not None and not ticket.is_closed:
            self._put(max(_minute(due), now), _Turn.STRIKES, ticket.number)

    def _await_report(self, place: int, now: datetime) -> None:
        report = self.reports[place]
        due = next_due(report, self.policy.sla.calendar_named(report.calendar), now)
        if due is not None:
            self._put(due, _Turn.REPORTS, place)

    def _happens(self, at: datetime, turn: _Turn, key: int) -> None:
        """As at the desk, what raises stops nothing else."""
        try:
            match turn:
                case _Turn.ARRIVES:
                    self._arrive(self.arrivals[key], key, at)
                case _Turn.STRIKES:
                    self._strike(key, at)
                case _Turn.TELLS:
                    self._tell(at)
                case _Turn.REPORTS:
                    self._report(key, at)
        except Exception as error:
            log.warning("not simulated", what=turn.name.lower(), of=key, error=repr(error))
            self._day.failed += 1

    def _arrive(self, arrival: Arrival, serial: int, at: datetime) -> None:
        sender = arrival.sender
        cause = MailArrived(
            sender=sender,
            identity=Identity(sender.address, Proof.AUTHENTICATED),
            requester=sender,
            kind=Kind.PERSON,
            message=f"simulated-{serial}",
            text=arrival.text,
            facts=Facts(subject=arrival.subject, text=arrival.text, sender=sender.address),
        )
        self._transaction(at).apply(None, lambda _: cause, None)

    def _strike(self, number: int, at: datetime) -> None:
        """A ticket that its deadline leaves as it was is put off."""
        ticket = self.tickets[number]
        if ticket.is_closed or ticket.next_due is None or ticket.next_due > at:
            return  # something else has moved its deadline

        def struck(snapshot: Snapshot) -> DeadlineReached:
            _, requester = snapshot.of_ticket
            return DeadlineReached(requester=requester, descendants=snapshot.descendants)

        try:
            self._transaction(at).apply(number, struck, None)
        finally:
            if self.tickets[number] == ticket:
                self._put(at + POSTPONED, _Turn.STRIKES, number)

    def _transaction(self, at: datetime) -> TicketTransaction:
        self._now = at
        return TicketTransaction(self, at, "")

    # ---- desk.transaction.TicketStore, in memory

    @property
    def configured(self) -> Policy:
        """The policy."""
        return self.policy

    def ticket(self, number: int) -> tuple[Ticket, str]:
        """The ticket, read where it is not in memory yet; its subject does not matter here."""
        if number not in self.tickets:
            self.tickets[number] = self.lookup.ticket(number)
        return self.tickets[number], ""

    def person(self, id: int) -> Person:
        """The person of that id. Raises LookupError."""
        if id not in self._people:
            self._people[id] = self.lookup.person(id)
        return self._people[id]

    def descendants(self, _number: int) -> Mapping[int, Ticket]:
        """Every ticket in memory; those below that one are among them."""
        return self.tickets

    def policy_for(self, _ticket: Ticket | None, _requester: Person, _subject: str) -> Policy:
        """The policy with the live workload; what rules relate tickets to is not simulated."""
        return self.policy

    def next_number(self) -> int:
        """The number of the next new ticket."""
        return self.newest + 1

    def write(
        self, decision: Decision, _target: Target, _text: IncomingText | None
    ) -> tuple[Step, ...]:
        """Count what the desk would write, and keep the tickets."""
        for change in decision.changes:
            self._change(change)
        for outgoing_mail in decision.outgoing_mails:
            self._send(outgoing_mail)
        for notice in decision.pending_notifications:
            self._notices.append(notice)
            self._put(max(_minute(notice.not_before), self._now), _Turn.TELLS, notice.to)
        return ()

    def _change(self, change: Change) -> None:
        before, after = change.before, change.after
        self.newest = max(self.newest, after.number)
        self.tickets[after.number] = after
        self._count(before, after, change.events)
        if before is None or after.next_due != before.next_due:
            self._wait(after, self._now)

    def _count(self, before: Ticket | None, after: Ticket, events: Sequence[Event]) -> None:
        day = self._day
        for event in events:
            day.opened += isinstance(event, TicketOpened)
            day.closed += isinstance(event, Closed)
            if isinstance(event, EscalationStepReached):
                day.escalated[f"{event.metric.replace('_', ' ')} {event.step}"] += 1
        day.breached += len(_breached(after) - _breached(before))
        for ticket, by in ((before, -1), (after, 1)):
            if ticket is not None and ticket.assignee is not None and not ticket.is_closed:
                self._open[ticket.assignee] += by
        if after.assignee is not None:
            newest = max(self._given.get(after.assignee, 0), after.number)
            self._given[after.assignee] = newest

    def _send(self, outgoing_mail: OutgoingMail) -> None:
        unread = self.policy.monitoring.addresses
        if not unread or self.person(outgoing_mail.to).address.casefold() not in unread:
            self._day.sent[outgoing_mail.template] += 1

    def _report(self, place: int, at: datetime) -> None:
        """Whom it goes to; what it would say is not counted."""
        recipients = self.policy.directory.meant_by(self.reports[place].to)
        self._day.sent[Template.REPORT] += len(recipients)
        self._await_report(place, at)

    def _tell(self, at: datetime) -> None:
        """What each person has to hear by now is one mail, of timers that are still open."""
        ready = [notice for notice in self._notices if notice.not_before <= at]
        self._notices = [notice for notice in self._notices if notice.not_before > at]
        heard: dict[int, set[tuple[int, str, int]]] = {}
        for one in ready:
            timers = self.tickets[one.ticket].sla_timers
            if any(c.key == (one.metric, one.serial) and c.is_open for c in timers):
                heard.setdefault(one.to, set()).add((one.ticket, one.metric, one.serial))
        for warned in heard.values():
            template = Template.SLA_WARNING if len(warned) == 1 else Template.SLA_DIGEST
            self._day.sent[template] += 1


def simulation_of(
    store: Store,
    policy: Policy,
    arrivals: Sequence[Arrival],
    begin: datetime,
    end: datetime,
    reports: tuple[ScheduledReport, ...] = (),
) -> Simulation:
    """A simulation of the tickets that are open now. Only reads."""
    with store.read() as connection:
        open_ = simulation_start.open_tickets(connection)
        return Simulation(
            policy=policy,
            tickets=open_,
            newest=simulation_start.newest_number(connection),
            lookup=_lookup(store),
            arrivals=arrivals,
            begin=begin,
            end=end,
            reports=reports,
            workload=tickets.workload(connection),
            reviewed=_reviewed(connection, policy, open_, begin),
        )


def _reviewed(
    connection: Connection, policy: Policy, open_: Mapping[int, Ticket], now: datetime
) -> dict[int, tuple[Event, ...]]:
    if sla_recalculation.is_done(connection, policy.sla):
        return {}
    found = {n: sla_recalculation.differences(policy, connection, open_[n], now) for n in open_}
    return {number: events for number, events in found.items() if events is not None}


def _lookup(store: Store) -> Lookup:
    """Short reads: a long one would keep the daemon from writing where SQLite has no WAL."""

    def ticket(number: int) -> Ticket:
        with store.read() as connection:
            return tickets.load_one(connection, number, lock=False)[0]

    def person(number: int) -> Person:
        with store.read() as connection:
            return people.by_id(connection, number)

    return Lookup(ticket, person)


def _minute(at: datetime) -> datetime:
    """The first full minute that is not before `at`."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + _MINUTE


def _breached(ticket: Ticket | None) -> set[tuple[str, int]]:
    timers = ticket.sla_timers if ticket else ()
    return {timer.key for timer in timers if timer.outcome is Outcome.BREACHED}
