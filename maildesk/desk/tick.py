"""The clock's tick: tickets whose deadline has passed, a transaction each.

A deadline is a column (`next_due`), so a tick costs what is due and not what is open. Whoever
locks the row first strikes; the other daemon passes by and finds the deadline gone. A tick that
comes late finds all that it missed, and a ticket makes it up in the order of the times.
"""

from datetime import datetime, timedelta

import structlog

from maildesk.desk import report_mails, warnings
from maildesk.desk.office import Office
from maildesk.desk.transaction import Snapshot
from maildesk.desk.unit_of_work import unit_of_work
from maildesk.model.cause import ClockStruck
from maildesk.store import deadlines
from maildesk.store.engine import is_of_the_database

log = structlog.get_logger()

TICK_TICKETS = 100
POSTPONED = timedelta(hours=1)


def tick(office: Office) -> int:
    """Work the deadlines that have passed; how many we struck.

    Whoever has to hear of a promise is told when nothing else is due, so that many that break at
    once are one mail. Raises OperationalError where the database is locked, full or gone.
    """
    now = office.clock()
    with office.store.read() as connection:
        numbers = deadlines.due(connection, now, TICK_TICKETS)
    struck = sum(_strike_or_postpone(office, number, now) for number in numbers)
    if len(numbers) < TICK_TICKETS:
        _tell(office)
    return struck


def _tell(office: Office) -> None:
    """What is no ticket's own deadline; neither keeps the other or the clock from going on."""
    for write in (warnings.tell, report_mails.send_due):
        try:
            write(office)
        except Exception as error:
            if is_of_the_database(error):
                raise
            log.exception("not written", what=write.__module__)


def _strike_or_postpone(office: Office, number: int, now: datetime) -> bool:
    """A ticket that raises is put off and reported; it stops no other one."""
    try:
        return _strike(office, number, now)
    except Exception as error:
        if is_of_the_database(error):
            raise
        log.exception("deadline failed", ticket=number)
        why = f"{type(error).__name__}: {error}"[:500]
        with office.store.write() as connection:
            deadlines.postpone(connection, number, now + POSTPONED, why)
        return True


def _strike(office: Office, number: int, now: datetime) -> bool:
    with unit_of_work(office, now) as work:
        if not deadlines.claim(work.connection, number, now):
            return False  # another daemon was here first, or is here now

        def struck(snapshot: Snapshot) -> ClockStruck:
            _, requester = snapshot.of_ticket
            return ClockStruck(requester=requester, descendants=snapshot.descendants)

        decision = work.transaction("clock").apply(number, struck, None).decision
        if not decision.changes:
            why = "the workflow forbids what its deadline asks for"
            deadlines.postpone(work.direct(), number, now + POSTPONED, why)
            return True
    log.info("deadline worked", ticket=number, events=len(decision.changes[0].events))
    return True
