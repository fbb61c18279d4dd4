"""After sla.toml was changed: the clocks of every open ticket are worked out anew.

In small steps between the ticks, so that deadlines go on being worked; a ticket that is due is
reviewed before its deadline is worked. Each ticket in a transaction of its own, from its whole
history; what is other than before stands in the history.

Rungs that a new promise would have reached before it was made are marked and told to nobody: an
admin who writes a first sla.toml must not raise the priority of every old ticket.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sla.sla_policy import SlaPolicy
from maildesk.lifecycle.sla.timers import points
from maildesk.model.decision import Actor, ActorKind, Answer, Change, Decision
from maildesk.model.event import ClockSet, Event, RungReached
from maildesk.model.sla_timer import Clock
from maildesk.model.ticket import Ticket
from maildesk.processing.clock.sla_timers import from_history
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import Snapshot
from maildesk.processing.unit_of_work import unit_of_work
from maildesk.store import due_tickets, lease
from maildesk.store.engine import is_of_the_database

log = structlog.get_logger()

LEASE = "review"
STEP_TICKETS = 20  # about 9 ms each
_MARK = "sla.toml"
_LEASE_TIME = timedelta(minutes=10)


class SlaRecalculation:
    """Recalculates all open tickets, a few at a time. `changed` counts those that changed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._after = 0
        self._reviewed: set[int] = set()
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
            self._review(number)
            self._after = number
        if len(numbers) < STEP_TICKETS:
            self._end()
        return not self._over

    def first(self, numbers: Iterable[int]) -> None:
        """Recalculate these now, unless that is done: their deadlines are about to be worked."""
        if not self._is_over():
            for number in numbers:
                self._review(number)

    def _is_over(self) -> bool:
        if not self._over:
            with self._runtime.store.read() as connection:
                self._over = is_done(connection, self._runtime.policy.levels)
        return self._over

    def _review(self, number: int) -> None:
        if number > self._after and number not in self._reviewed:
            self.changed += _reviewed(self._runtime, number)
            self._reviewed.add(number)

    def _end(self) -> None:
        runtime = self._runtime
        with runtime.store.write() as connection:
            due_tickets.set_counter(connection, _MARK, _mark(runtime.policy.levels))
            lease.release(connection, LEASE, runtime.holder)
        self._over = True
        log.info("promises reviewed", changed=self.changed)


def review(runtime: Runtime) -> int:
    """Bring all open tickets in line with sla.toml; how many changed. 0 where it is as it was."""
    one = SlaRecalculation(runtime)
    while one.step():
        pass
    return one.changed


def is_done(connection: Connection, levels: SlaPolicy) -> bool:
    """Whether the clocks in the rows are those of this sla.toml."""
    return due_tickets.counter(connection, _MARK) == _mark(levels)


def differences(
    policy: Policy, connection: Connection, ticket: Ticket, now: datetime
) -> tuple[Event, ...] | None:
    """What this sla.toml changes about the ticket's clocks; None where it changes nothing."""
    clocks = from_history(policy, connection, ticket.number)
    events = tuple(_differences(policy.levels, ticket, clocks, now))
    gone = {old.key for old in ticket.clocks} - {new.key for new in clocks}
    return events if events or gone else None


def _mark(levels: SlaPolicy) -> int:
    """Another number where anything that is promised is other than it was."""
    free = sorted(f"{name} {day}" for name, one in levels.calendars.items() for day in one.holidays)
    said = levels.files.model_dump_json() + "\n".join(free)
    return zlib.crc32(said.encode()) & 0x7FFFFFFF


def _mine(runtime: Runtime) -> bool:
    """One daemon alone; a second one that starts with the same file finds it done."""
    with runtime.store.write() as connection:
        seconds = _LEASE_TIME.total_seconds()
        return lease.take(connection, LEASE, runtime.holder, now=runtime.clock(), seconds=seconds)


def _reviewed(runtime: Runtime, number: int) -> bool:
    try:
        return _review(runtime, number)
    except Exception as error:
        if is_of_the_database(error):
            raise
        log.exception("promises not reviewed", ticket=number)
        return False


def _review(runtime: Runtime, number: int) -> bool:
    with unit_of_work(runtime) as work:
        ticket, subject = work.ticket(number)
        events = differences(runtime.policy, work.connection, ticket, work.now)
        if events is None:
            return False
        change = Change.of(ticket, events, work.now)
        decision = Decision(answer=Answer.DONE, actor=Actor(ActorKind.CLOCK), changes=(change,))
        about = Snapshot(ticket, subject, work.person(ticket.requester))
        after = work.transaction(_MARK).write(decision, about).ticket
        return after is not None and after.clocks != ticket.clocks


def _differences(
    levels: SlaPolicy, ticket: Ticket, clocks: tuple[Clock, ...], now: datetime
) -> Iterator[Event]:
    """Each clock that is other, and the rungs of new promises that lie behind us."""
    known = {clock.key: clock for clock in ticket.clocks}
    for clock in clocks:
        old = known.get(clock.key)
        if clock != old:
            yield ClockSet(clock)
        if clock.is_open and clock.target and (old is None or not old.target):
            for when, rung in points(levels, clock):
                if when <= now:
                    yield RungReached(metric=clock.metric, serial=clock.serial, rung=rung.at)
