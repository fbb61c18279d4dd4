"""The clock's tick: tickets whose deadline has passed, a transaction each.

A deadline is a column (`next_due`), so a tick costs what is due and not what is open. Whoever
locks the row first strikes; the other daemon passes by and finds the deadline gone. A tick that
comes late finds all that it missed, and a ticket makes it up in the order of the times.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from maildesk.model.cause import DeadlineReached
from maildesk.processing.clock import scheduled_reports, sla_notifications
from maildesk.processing.runtime import Runtime
from maildesk.processing.transaction import Snapshot
from maildesk.processing.unit_of_work import unit_of_work
from maildesk.store import due_tickets
from maildesk.store.engine import is_of_the_database

log = structlog.get_logger()

TICK_TICKETS = 100
POSTPONED = timedelta(hours=1)


def tick(runtime: Runtime, before: Callable[[Sequence[int]], None] = lambda _: None) -> int:
    """Work the deadlines that have passed; how many we struck. `before` is handed the tickets
    first.

    SLA notifications are sent when nothing else is due, so that many that break at
    once are one mail. Raises OperationalError where the database is locked, full or gone.
    """
    now = runtime.clock()
    with runtime.store.read() as connection:
        numbers = due_tickets.due(connection, now, TICK_TICKETS)
    before(numbers)
    struck = sum(_strike_or_postpone(runtime, number, now) for number in numbers)
    if len(numbers) < TICK_TICKETS:
        _tell(runtime)
    return struck


def _tell(runtime: Runtime) -> None:
    """What is no ticket's own deadline; neither keeps the other or the clock from going on."""
    for write in (sla_notifications.send_pending, scheduled_reports.send_due):
        try:
            write(runtime)
        except Exception as error:
            if is_of_the_database(error):
                raise
            log.exception("not written", what=write.__module__)


def _strike_or_postpone(runtime: Runtime, number: int, now: datetime) -> bool:
    """A ticket that raises is put off and reported; it stops no other one."""
    try:
        return _strike(runtime, number, now)
    except Exception as error:
        if is_of_the_database(error):
            raise
        log.exception("deadline failed", ticket=number)
        why = f"{type(error).__name__}: {error}"[:500]
        with runtime.store.write() as connection:
            due_tickets.postpone(connection, number, now + POSTPONED, why)
        return True


def _strike(runtime: Runtime, number: int, now: datetime) -> bool:
    with unit_of_work(runtime, now) as work:
        if not due_tickets.claim(work.connection, number, now):
            return False  # another daemon was here first, or is here now

        def struck(snapshot: Snapshot) -> DeadlineReached:
            _, requester = snapshot.of_ticket
            return DeadlineReached(requester=requester, descendants=snapshot.descendants)

        decision = work.transaction("clock").apply(number, struck, None).decision
        if not decision.changes:
            why = "the workflow forbids what its deadline asks for"
            due_tickets.postpone(work.direct(), number, now + POSTPONED, why)
            return True
    log.info("deadline worked", ticket=number, events=len(decision.changes[0].events))
    return True
