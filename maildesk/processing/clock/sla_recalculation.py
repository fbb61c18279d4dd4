"""Recalculation of the SLA timers of all open tickets after sla.toml was changed.

It runs in small steps so that deadlines are still processed in between; a ticket whose deadline is
due is recalculated first. Each ticket has its own transaction and is recalculated from its whole
history; changes are recorded in the history.

Steps of a new target that lie in the past are marked as done without notifications: the first
sla.toml of a desk must not raise the priority of every old ticket.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sla.sla_policy import SlaPolicy
from maildesk.lifecycle.sla.timers import step_times
from maildesk.model.decision import Actor, ActorKind, Answer, Change, Decision
from maildesk.model.event import EscalationStepReached, Event, TimerSet
from maildesk.model.sla.timer import SlaTimer
from maildesk.model.ticket import Ticket
from maildesk.processing.clock.sla_timers import from_history
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import Snapshot
from maildesk.processing.unit_of_work import unit_of_work
from maildesk.store import due_tickets, lease
from maildesk.store.engine import is_of_the_database

log = structlog.get_logger()

LEASE = "sla-recalculation"
STEP_TICKETS = 20  # about 9 ms each
_MARK = "sla.toml"
_LEASE_TIME = timedelta(minutes=10)


class SlaRecalculation:
    """Recalculates all open tickets, a few at a time. `changed` counts those that changed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._after = 0
        self._recalculated: set[int] = set()
        self._over = False
        self.changed = 0

    def step(self, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Recalculate the next few tickets; whether more are left to be done now.

        Also False while another daemon recalculates. Raises OperationalError where the database is
        locked, full or gone.
        """
        if self._is_over() or not _mine(self._runtime):
            return False
        with self._runtime.store.read() as connection:
            numbers = due_tickets.open_numbers(connection, self._after, STEP_TICKETS)
        for number in numbers:
            if stopping():
                return False
            self._recalculate(number)
            self._after = number
        if len(numbers) < STEP_TICKETS:
            self._end()
        return not self._over

    def first(self, numbers: Iterable[int]) -> None:
        """Recalculate these now, unless that is done: their deadlines are about to be worked."""
        if not self._is_over():
            for number in numbers:
                self._recalculate(number)

    def _is_over(self) -> bool:
        if not self._over:
            with self._runtime.store.read() as connection:
                self._over = is_done(connection, self._runtime.policy.sla)
        return self._over

    def _recalculate(self, number: int) -> None:
        if number > self._after and number not in self._recalculated:
            self.changed += _recalculated(self._runtime, number)
            self._recalculated.add(number)

    def _end(self) -> None:
        runtime = self._runtime
        with runtime.store.write() as connection:
            due_tickets.set_counter(connection, _MARK, _mark(runtime.policy.sla))
            lease.release(connection, LEASE, runtime.holder)
        self._over = True
        log.info("SLA timers recalculated", changed=self.changed)


def recalculate(runtime: Runtime) -> int:
    """Recalculate all open tickets; returns how many changed, 0 if sla.toml is unchanged."""
    one = SlaRecalculation(runtime)
    while one.step():
        pass
    return one.changed


def is_done(connection: Connection, sla: SlaPolicy) -> bool:
    """Whether the stored timers belong to this sla.toml."""
    return due_tickets.counter(connection, _MARK) == _mark(sla)


def differences(
    policy: Policy, connection: Connection, ticket: Ticket, now: datetime
) -> tuple[Event, ...] | None:
    """The events that adapt the timers to this sla.toml; None if nothing changes."""
    timers = from_history(policy, connection, ticket.number)
    events = tuple(_differences(policy.sla, ticket, timers, now))
    gone = {old.key for old in ticket.sla_timers} - {new.key for new in timers}
    return events if events or gone else None


def _mark(sla: SlaPolicy) -> int:
    """A checksum of the calendars, holidays, targets and escalation policies."""
    free = sorted(f"{name} {day}" for name, one in sla.calendars.items() for day in one.holidays)
    said = sla.files.model_dump_json() + "\n".join(free)
    return zlib.crc32(said.encode()) & 0x7FFFFFFF


def _mine(runtime: Runtime) -> bool:
    """One daemon alone; a second one that starts with the same file finds it done."""
    with runtime.store.write() as connection:
        seconds = _LEASE_TIME.total_seconds()
        return lease.take(connection, LEASE, runtime.holder, now=runtime.clock(), seconds=seconds)


def _recalculated(runtime: Runtime, number: int) -> bool:
    try:
        return _recalculate(runtime, number)
    except Exception as error:
        if is_of_the_database(error):
            raise
        log.exception("SLA timers not recalculated", ticket=number)
        return False


def _recalculate(runtime: Runtime, number: int) -> bool:
    with unit_of_work(runtime) as work:
        ticket, subject = work.ticket(number)
        events = differences(runtime.policy, work.connection, ticket, work.now)
        if events is None:
            return False
        change = Change.of(ticket, events, work.now)
        decision = Decision(answer=Answer.DONE, actor=Actor(ActorKind.CLOCK), changes=(change,))
        about = Snapshot(ticket, subject, work.person(ticket.requester))
        after = work.transaction(_MARK).write(decision, about).ticket
        return after is not None and after.sla_timers != ticket.sla_timers


def _differences(
    sla: SlaPolicy, ticket: Ticket, timers: tuple[SlaTimer, ...], now: datetime
) -> Iterator[Event]:
    """Each changed timer, and the steps of new targets that lie in the past."""
    known = {timer.key: timer for timer in ticket.sla_timers}
    for timer in timers:
        old = known.get(timer.key)
        if timer != old:
            yield TimerSet(timer)
        if timer.is_open and timer.target and (old is None or not old.target):
            for when, step in step_times(sla, timer):
                if when <= now:
                    yield EscalationStepReached(
                        metric=timer.metric, serial=timer.serial, step=step.at
                    )
