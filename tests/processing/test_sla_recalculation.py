"""After a change of sla.toml tickets are recalculated in small steps, and deadlines go on."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from maildesk.model.service import WakeSignal
from maildesk.processing.clock.sla_recalculation import (
    LEASE,
    STEP_TICKETS,
    SlaRecalculation,
    is_done,
)
from maildesk.processing.services import ClockService
from maildesk.store import due_tickets, lease, tables
from tests import world as worlds
from tests.world import MONDAY, World, shipped_policy

TICKETS = STEP_TICKETS + 5
LAST = 1000 + TICKETS


def _sla(response: str) -> dict[str, Any]:
    """sla.toml with one SLA target; the assignee is notified at 50 %."""
    escalation_policy = {"name": "up", "step": [{"at": "50%", "notify": ["assignee"]}]}
    target = {"otherwise": response, "escalation_policy": "up"}
    calendar = {"name": "office", "hours": "mon-fri 09:00-17:00"}
    profile = {"name": "Standard", "calendar": "office", "first_response": target}
    return {"calendar": [calendar], "escalation_policy": [escalation_policy], "profile": [profile]}


def _desk(path: Path, sla: dict[str, Any]) -> World:
    return worlds.build(f"sqlite:///{path}/desk.db", policy=shipped_policy(sla=sla))


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[World]:
    """A desk with open tickets that is started again with a shorter target."""
    before = _desk(tmp_path, _sla("6 hours"))
    before.arrives(*(before.mail("rita", "Help.", subject=f"No. {n}") for n in range(TICKETS)))
    before.close()
    after = _desk(tmp_path, _sla("2 hours"))
    yield after
    after.close()


def _due(world: World, number: int) -> datetime | None:
    return world.ticket(number).next_due


EARLIER, LATER = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=3)


def test_one_step_recalculates_a_few_tickets_and_the_next_one_goes_on(changed: World) -> None:
    recalculation = SlaRecalculation(changed.runtime)
    assert recalculation.step()
    assert recalculation.changed == STEP_TICKETS
    assert (_due(changed, 1001), _due(changed, LAST)) == (EARLIER, LATER)
    assert not recalculation.step()
    assert recalculation.changed == TICKETS
    assert _due(changed, LAST) == EARLIER
    assert not SlaRecalculation(changed.runtime).step()


def test_the_change_is_not_marked_as_done_before_the_last_step(changed: World) -> None:
    recalculation = SlaRecalculation(changed.runtime)
    sla = changed.runtime.policy.sla
    recalculation.step()
    with changed.store.read() as connection:
        assert not is_done(connection, sla)
    recalculation.step()
    with changed.store.read() as connection:
        assert is_done(connection, sla)


def test_a_step_that_is_to_stop_recalculates_nothing_more(changed: World) -> None:
    recalculation = SlaRecalculation(changed.runtime)
    assert not recalculation.step(lambda: True)
    assert recalculation.changed == 0


def test_a_ticket_that_is_due_is_recalculated_first_and_once(changed: World) -> None:
    recalculation = SlaRecalculation(changed.runtime)
    recalculation.first([LAST])
    assert (_due(changed, 1001), _due(changed, LAST)) == (LATER, EARLIER)
    while recalculation.step():
        pass
    assert recalculation.changed == TICKETS


def test_deadlines_are_worked_between_the_steps(changed: World) -> None:
    """The clock strikes after one step at most: not every ticket has been recalculated."""
    ticket = tables.ticket.c
    with changed.store.write() as connection:
        past = update(tables.ticket).where(ticket.number == LAST)
        connection.execute(past.values(next_due=MONDAY - timedelta(minutes=1)))
        close = MONDAY - timedelta(minutes=1)
        connection.execute(past.values(close_due=close, remind_due=None))
    bell = WakeSignal()
    ClockService(changed.desk, bell.stop).run(bell)
    assert _due(changed, 1001) == LATER
    assert _due(changed, LAST) != LATER
    with changed.store.read() as connection:
        assert not is_done(connection, changed.runtime.policy.sla)


def test_while_another_daemon_recalculates_this_one_waits(changed: World) -> None:
    with changed.store.write() as connection:
        lease.take(
            connection,
            LEASE,
            "elsewhere/1/1",
            now=changed.clock.now,
            seconds=60,
        )
    recalculation = SlaRecalculation(changed.runtime)
    assert not recalculation.step()
    assert _due(changed, 1001) == LATER
    changed.clock.forward(minutes=2)
    assert recalculation.step()


def test_open_tickets_are_listed_a_few_at_a_time(changed: World) -> None:
    with changed.store.read() as connection:
        assert due_tickets.open_numbers(connection, 1003, 2) == (1004, 1005)
        assert len(due_tickets.open_numbers(connection)) == TICKETS


def test_once_a_day_the_counts_of_past_minutes_are_deleted(changed: World) -> None:
    rate = select(func.count()).select_from(tables.automatic_mail_rate)
    with changed.store.read() as connection:
        assert connection.execute(rate).scalar_one() == 1
    changed.clock.forward(hours=3)
    changed.desk.maintain()
    with changed.store.read() as connection:
        assert connection.execute(rate).scalar_one() == 0
