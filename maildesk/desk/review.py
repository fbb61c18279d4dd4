"""After sla.toml was changed: the clocks of every open ticket are worked out anew.

Each ticket in a transaction of its own, from its whole history; what is other than before stands in
the history. Rungs that a new promise would have reached before it was made are marked and told to
nobody: an admin who writes a first sla.toml must not raise the priority of every old ticket.
"""

import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from maildesk.desk.office import Office
from maildesk.desk.promises import from_history
from maildesk.desk.transaction import Snapshot
from maildesk.desk.unit_of_work import unit_of_work
from maildesk.lifecycle.levels import Levels
from maildesk.lifecycle.policy import Policy
from maildesk.lifecycle.sla import points
from maildesk.model.clock import Clock
from maildesk.model.decision import Actor, ActorKind, Answer, Change, Decision
from maildesk.model.event import ClockSet, Event, RungReached
from maildesk.model.ticket import Ticket
from maildesk.store import deadlines, lease
from maildesk.store.engine import is_of_the_database

log = structlog.get_logger()

LEASE = "review"
_MARK = "sla.toml"
_LEASE_TIME = timedelta(minutes=10)


def review(office: Office, stopping: Callable[[], bool] = lambda: False) -> int:
    """Bring open tickets in line with sla.toml; how many changed. 0 where it is as it was.

    Raises OperationalError where the database is locked, full or gone.
    """
    with office.store.read() as connection:
        if is_done(connection, office.policy.levels):
            return 0
        numbers = deadlines.open_numbers(connection)
    changed = 0
    for number in numbers:
        if stopping() or not _mine(office):
            return changed
        changed += _reviewed(office, number)
    with office.store.write() as connection:
        deadlines.set_counter(connection, _MARK, _mark(office.policy.levels))
        lease.release(connection, LEASE, office.holder)
    log.info("promises reviewed", tickets=len(numbers), changed=changed)
    return changed


def is_done(connection: Connection, levels: Levels) -> bool:
    """Whether the clocks in the rows are those of this sla.toml."""
    return deadlines.counter(connection, _MARK) == _mark(levels)


def differences(
    policy: Policy, connection: Connection, ticket: Ticket, now: datetime
) -> tuple[Event, ...] | None:
    """What this sla.toml changes about the ticket's clocks; None where it changes nothing."""
    clocks = from_history(policy, connection, ticket.number)
    events = tuple(_differences(policy.levels, ticket, clocks, now))
    gone = {old.key for old in ticket.clocks} - {new.key for new in clocks}
    return events if events or gone else None


def _mark(levels: Levels) -> int:
    """Another number where anything that is promised is other than it was."""
    free = sorted(f"{name} {day}" for name, one in levels.calendars.items() for day in one.holidays)
    said = levels.files.model_dump_json() + "\n".join(free)
    return zlib.crc32(said.encode()) & 0x7FFFFFFF


def _mine(office: Office) -> bool:
    """One daemon alone; a second one that starts with the same file finds it done."""
    with office.store.write() as connection:
        seconds = _LEASE_TIME.total_seconds()
        return lease.take(connection, LEASE, office.holder, now=office.clock(), seconds=seconds)


def _reviewed(office: Office, number: int) -> bool:
    try:
        return _review(office, number)
    except Exception as error:
        if is_of_the_database(error):
            raise
        log.exception("promises not reviewed", ticket=number)
        return False


def _review(office: Office, number: int) -> bool:
    with unit_of_work(office) as work:
        ticket, subject = work.ticket(number)
        events = differences(office.policy, work.connection, ticket, work.now)
        if events is None:
            return False
        change = Change.of(ticket, events, work.now)
        decision = Decision(answer=Answer.DONE, actor=Actor(ActorKind.CLOCK), changes=(change,))
        about = Snapshot(ticket, subject, work.person(ticket.requester))
        after = work.transaction(_MARK).write(decision, about).ticket
        return after is not None and after.clocks != ticket.clocks


def _differences(
    levels: Levels, ticket: Ticket, clocks: tuple[Clock, ...], now: datetime
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
