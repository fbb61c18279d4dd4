"""The clock of the desk: whom it tells, once, in time, late, and beside another daemon."""

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import OperationalError

from maildesk.model.links.page import Page
from maildesk.processing.clock.clock_jump_guard import ClockJumpGuard
from maildesk.processing.clock.sla_recalculation import recalculate
from maildesk.processing.clock.sla_timers import measured
from maildesk.processing.desk import Desk
from maildesk.processing.runtime import open_runtime
from maildesk.store import tables
from maildesk.store.engine import Store, open_engine
from tests import world as worlds
from tests.world import World, one, settings, shipped_policy, to

MONDAY_NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CALENDARS = [
    {"name": "office", "hours": "mon-fri 09:00-17:00"},
    {"name": "late", "hours": "mon-fri 14:00-17:00"},
    {"name": "always", "hours": "mon-sun 00:00-24:00"},
]


def sla_with(*steps: dict[str, Any], response: str = "2 hours", **policy: Any) -> dict[str, Any]:
    """sla.toml with one SLA target and one escalation policy."""
    up = {
        "name": "up",
        "step": steps or ({"at": "50%", "notify": ["assignee"]},),
        **policy,
    }
    target = {"otherwise": response, "escalation_policy": "up"}
    profile = {"name": "Standard", "calendar": "office", "first_response": target}
    return {"calendar": CALENDARS, "escalation_policy": [up], "profile": [profile]}


def desk_with(path: Path, sla: dict[str, Any], **tables_: Any) -> World:
    return worlds.build(f"sqlite:///{path}/desk.db", policy=shipped_policy(sla=sla, **tables_))


@pytest.fixture
def people() -> dict[str, Any]:
    """Lee leads the first line, Max is Lee's manager; the network team is a level above."""
    person = [
        {"name": name.title(), "address": f"{name}@example.org", "manager": manager}
        for name, manager in (
            *(("max", None), ("ann", "max@example.org"), ("lee", "max@example.org")),
            *(("rita", "max@example.org"), ("will", None)),
        )
    ]
    first = {"name": "First line", "members": ["ann@example.org", "lee@example.org"]}
    first["leads"] = ["lee@example.org"]
    above = {"name": "Network", "level": "L2", "members": ["will@example.org"]}
    return {"team": [first, above], "person": person}


def at(world: World, hour: int, minute: int = 0, *, day: int = 23) -> list[tuple[str, str]]:
    """The clock strikes then; (who, which mail) of what it writes."""
    world.clock.now = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
    while world.desk.tick():
        pass
    return [
        (outgoing_mail.to.partition("@")[0], outgoing_mail.template)
        for outgoing_mail in world.new_letters()
    ]


def opened(world: World, count: int = 1) -> None:
    """So many tickets of Rita, at nine o'clock."""
    for n in range(count):
        world.clock.now = MONDAY_NINE
        world.arrives(world.mail("rita", "Help.", subject=f"Printer {n}"))
    world.new_letters()


# ---- escalation steps


def test_each_step_notifies_the_people_it_names_once(
    tmp_path: Path, people: dict[str, Any]
) -> None:
    world = desk_with(
        tmp_path,
        sla_with(
            {"at": "50%", "notify": ["assignee"]},
            {"at": "80%", "notify": ["lead"]},
            {"at": "100%", "notify": ["level-above"]},
            {"at": "+2h", "notify": ["manager", "lead"]},
        ),
        people=people,
    )
    opened(world)
    assert at(world, 9, 59) == []
    assert sorted(at(world, 10, 0)) == [("ann", "sla-warning"), ("lee", "sla-warning")]
    assert at(world, 10, 35) == []
    assert at(world, 10, 36) == [("lee", "sla-warning")]
    assert at(world, 11, 0) == [("will", "sla-warning")]
    assert at(world, 12, 59) == []
    assert sorted(at(world, 13, 0)) == [("lee", "sla-warning"), ("max", "sla-warning")]
    assert at(world, 9, day=30) == []
    assert world.replayed(1001) == world.ticket(1001)
    world.close()


def test_a_step_notifies_the_manager_of_an_absent_person(
    tmp_path: Path, people: dict[str, Any]
) -> None:
    november = [{"from": date(2026, 11, 1), "until": date(2026, 11, 30)}]
    for person in people["person"]:
        if person["address"] in ("lee@example.org", "will@example.org"):
            person["absence"] = november
    steps = ({"at": "50%", "notify": ["lead"]}, {"at": "100%", "notify": ["level-above"]})
    world = desk_with(tmp_path, sla_with(*steps), people=people)
    opened(world)
    assert at(world, 10) == [("max", "sla-warning")]
    # nobody is left above: whoever works on the ticket
    assert at(world, 11) == [("ann", "sla-warning")]
    world.close()


def test_a_warning_says_what_is_due_and_its_answer_reaches_the_requester(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with())
    opened(world)
    world.clock.now = MONDAY_NINE + timedelta(hours=1)
    world.desk.tick()
    warning = one(world.new_letters(), "ann", "sla-warning")
    assert "First response due 23 November 2026, 11:00 UTC." in warning.text
    outgoing_mails = world.writes("ann", "I look at it.", answering=warning)
    assert "I look at it." in one(outgoing_mails, "rita", "reply").text
    assert [timer.outcome for timer in world.ticket(1001).sla_timers] == ["achieved"]
    assert at(world, 17) == []
    world.close()


def test_many_that_break_at_once_are_one_mail(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with({"at": "100%", "notify": ["assignee"]}))
    opened(world, 20)
    world.clock.now = MONDAY_NINE + timedelta(hours=2)
    world.desk.tick()
    digest = one(world.new_letters(), "ann", "sla-digest")
    links = re.findall(r"/l/([A-Za-z0-9_-]{64})", digest.text)
    numbers = {page.number for link in links if isinstance(page := world.door.view(link), Page)}
    assert numbers == set(map(int, re.findall(r"^MD-(\d+)\r?$", digest.text, re.MULTILINE)))
    assert len(numbers) > 1
    assert all(f"/l/{link}" in digest.html for link in links)
    assert digest.subject == "20 tickets are due, 20 of them overdue"
    assert all(f"MD-{number}" in digest.text for number in world.numbers())
    world.close()


def test_many_more_than_a_tick_works_are_one_mail_as_well(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with({"at": "100%", "notify": ["assignee"]}))
    opened(world, 130)
    outgoing_mails = at(world, 11)
    assert outgoing_mails == [("ann", "sla-digest")]
    world.close()


def test_in_quiet_hours_nobody_is_told_but_what_is_to_be_done_is_done(tmp_path: Path) -> None:
    step = {"at": "100%", "notify": ["assignee"], "raise_priority": True}
    world = desk_with(tmp_path, sla_with(step, notify_within="late"))
    opened(world)
    assert world.ticket(1001).priority == "P4"
    assert at(world, 11) == []
    assert world.ticket(1001).priority == "P3"
    assert at(world, 13, 59) == []
    assert at(world, 14) == [("ann", "sla-warning")]
    world.close()


def test_no_notification_if_the_target_was_achieved_in_quiet_hours(tmp_path: Path) -> None:
    world = desk_with(
        tmp_path, sla_with({"at": "50%", "notify": ["assignee"]}, notify_within="late")
    )
    told = world.writes("rita", "Help.", subject="Printer")
    assert at(world, 10, 30) == []
    world.writes("ann", "Done.", answering=one(told, "ann", "agent-notification"))
    assert at(world, 14) == []
    world.close()


def test_missed_steps_run_in_order_with_one_notification(tmp_path: Path) -> None:
    steps = [
        {"at": f"{n}%", "notify": ["assignee"], "raise_priority": n > 50} for n in (50, 80, 100)
    ]
    world = desk_with(tmp_path, sla_with(*steps))
    opened(world)
    outgoing_mails = at(world, 16)
    assert outgoing_mails == [("ann", "sla-warning")]
    ticket = world.ticket(1001)
    assert ticket.sla_timers[0].steps_done == ("50%", "80%", "due", "100%")
    assert (ticket.urgency, ticket.impact) == ("high", "medium")
    world.close()


@pytest.mark.parametrize("late", [False, True])
def test_deadlines_of_one_ticket_are_made_up_in_the_order_of_their_times(
    tmp_path: Path, late: bool
) -> None:
    """A rule that waits for two days in Pending, and a hold that ends on the third."""
    waits = {"on": "waited", "waited": "2 days", "in_status": ["Pending"]}
    rules = {"rule": [{"name": "Nudge", "then": {"tag": "nudged"}, **waits}]}
    world = desk_with(tmp_path, {}, rules=rules)
    asked = to(world.writes("rita", "It jams."), "ann")[0]
    world.writes("ann", "#hold a part is ordered until 2026-11-26", answering=asked)
    for _ in range(1 if late else 7 * 24):
        world.clock.forward(hours=7 * 24 if late else 1)
        while world.desk.tick():
            pass
    ticket = world.ticket(1001)
    assert (ticket.tags, ticket.status, ticket.wake_due) == (("nudged",), "Assign", None)
    assert world.replayed(1001) == ticket
    world.close()


def test_a_step_reassigns_the_ticket_to_another_team(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with({"at": "100%", "reassign": "Network"}))
    told = world.writes("rita", "Help.", subject="Printer")
    world.writes("ann", "#take", answering=one(told, "ann", "agent-notification"))
    assert ("lee", "agent-notification") in at(world, 12)
    assert (world.ticket(1001).team, world.ticket(1001).assignee) == ("Network", None)
    world.close()


def test_without_a_target_no_timer_is_stored(tmp_path: Path) -> None:
    world = desk_with(tmp_path, {})
    opened(world)
    assert world.ticket(1001).sla_timers == ()
    assert world.ticket(1001).next_due is None
    world.close()


# ---- another sla.toml


def reopened_with(world: World, path: Path, sla: dict[str, Any], **tables_: Any) -> World:
    """The same desk, started again with another sla.toml."""
    now = world.clock.now
    world.close()
    again = desk_with(path, sla, **tables_)
    again.clock.now = now
    again.new_letters()
    return again


def test_another_target_is_judged_from_the_history_and_stands_in_it(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with(response="6 hours"))
    assert recalculate(world.runtime) == 0
    opened(world)
    assert world.ticket(1001).next_due == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    world = reopened_with(world, tmp_path, sla_with(response="2 hours"))
    assert recalculate(world.runtime) == 1
    assert recalculate(world.runtime) == 0
    assert world.ticket(1001).next_due == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert [one.differs for one in measured(world.runtime, 1001)] == [False]
    assert at(world, 10) == [("ann", "sla-warning")]
    assert world.replayed(1001) == world.ticket(1001)
    world.close()


def test_a_removed_step_is_skipped(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with({"at": "50%", "notify": ["assignee"]}))
    opened(world)
    waiting = {"name": "Old", "on": "waited", "waited": "9 days", "in_status": "Assign"}
    rules = {"rule": [waiting | {"then": {"tag": "old"}}]}
    later = sla_with({"at": "80%", "notify": ["assignee"]})
    world = reopened_with(world, tmp_path, later, rules=rules)
    assert at(world, 10) == []
    assert world.ticket(1001).next_due == datetime(2026, 11, 23, 10, 36, tzinfo=UTC)
    assert at(world, 10, 36) == [("ann", "sla-warning")]
    world.close()


def test_a_new_target_counts_from_the_opening_and_sends_no_notification_for_the_past(
    tmp_path: Path,
) -> None:
    world = desk_with(tmp_path, {})
    opened(world)
    world.clock.now = MONDAY_NINE + timedelta(hours=1, minutes=30)
    steps = [{"at": f"{n}%", "notify": ["assignee"]} for n in (50, 80)]
    world = reopened_with(world, tmp_path, sla_with(*steps))
    assert recalculate(world.runtime) == 1
    assert at(world, 10, 35) == []
    assert at(world, 10, 36) == [("ann", "sla-warning")]
    assert [one.differs for one in measured(world.runtime, 1001)] == [False]
    world.close()


def test_a_removed_target_is_cancelled(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with())
    opened(world)
    assert at(world, 10) == [("ann", "sla-warning")]
    world = reopened_with(world, tmp_path, {})
    assert recalculate(world.runtime) == 1
    assert [timer.outcome for timer in world.ticket(1001).sla_timers] == ["cancelled"]
    assert world.ticket(1001).next_due is None
    assert measured(world.runtime, 1001) == ()
    world.close()


# ---- trouble


def test_a_ticket_that_raises_is_put_off_and_stops_no_other(tmp_path: Path) -> None:
    world = desk_with(tmp_path, sla_with({"at": "100%", "notify": ["assignee"]}))
    opened(world, 2)
    with world.store.write() as connection:
        first = tables.ticket.c.number == 1001
        connection.execute(update(tables.ticket).where(first).values(assignee=None, tags=None))
    outgoing_mails = at(world, 11)
    assert outgoing_mails == [("ann", "sla-warning")]
    with world.store.read() as connection:
        row = connection.execute(select(tables.ticket).where(first)).one()
    assert row.next_due == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert "TypeError" in row.trouble
    world.close()


@pytest.mark.parametrize(
    ("looks", "trusted"),
    [
        # (seconds on the wall, seconds that passed): an ordinary minute
        ([(0, 0), (60, 60), (120, 120)], [True, True, True]),
        # set right little by little
        ([(0, 0), (90, 60), (180, 120), (270, 180)], [True, True, True, True]),
        # a leap forward is not believed, and forgotten when it was a mistake
        ([(0, 0), (9000, 60), (120, 120)], [True, False, True]),
        # one that lasts is believed
        ([(0, 0), (9000, 60), (9060, 120), (9300, 360)], [True, False, False, True]),
        # a leap back as well
        ([(9000, 0), (60, 60), (359, 359), (360, 360)], [True, False, False, True]),
        # one after another: the last has to last
        ([(0, 0), (9000, 60), (19000, 350), (19300, 650)], [True, False, False, True]),
    ],
)  # fmt: skip
def test_a_clock_that_leaps_is_believed_when_it_lasts(
    looks: list[tuple[int, int]], trusted: list[bool]
) -> None:
    clock_jump_guard = ClockJumpGuard()
    start = MONDAY_NINE
    assert [clock_jump_guard.trusts(start + timedelta(seconds=w), p) for w, p in looks] == trusted


# ---- two daemons

TICKETS = 1000


@pytest.fixture
def crowded(database_url: str) -> Iterator[World]:
    """A thousand tickets whose SLA target is breached at eleven."""
    sla = sla_with({"at": "100%", "notify": ["assignee"], "raise_priority": True})
    world = worlds.build(database_url, policy=shipped_policy(sla=sla))
    opened(world)
    multiplied(world.store, 1001, TICKETS)
    yield world
    world.close()


def multiplied(store: Store, number: int, count: int) -> None:
    """The ticket, so many times."""
    with store.write() as connection:
        found = select(tables.ticket).where(tables.ticket.c.number == number)
        row = dict(connection.execute(found).one()._mapping)
        events = select(tables.ticket_event).where(tables.ticket_event.c.ticket == number)
        history = [dict(line._mapping) for line in connection.execute(events)]
        numbers = range(number + 1, number + count)
        connection.execute(insert(tables.ticket), [row | {"number": n} for n in numbers])
        for line in history:
            line.pop("id")
            connection.execute(insert(tables.ticket_event), [line | {"ticket": n} for n in numbers])


def test_two_daemons_strike_each_of_a_thousand_deadlines_once(
    crowded: World, database_url: str
) -> None:
    world = crowded
    world.clock.now = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    other = Store(open_engine(database_url))
    policy = shipped_policy(
        sla=sla_with({"at": "100%", "notify": ["assignee"], "raise_priority": True})
    )
    runtime = open_runtime(settings(), policy, other, clock=world.clock, part="two")
    struck = {"one": 0, "two": 0}

    def work(name: str, desk: Desk) -> None:
        idle = 0
        while idle < 3:
            done = 0
            # SQLite locks out who waits for too long; the keeper of the rooms begins anew.
            with suppress(OperationalError):
                done = desk.tick()
            struck[name] += done
            idle = 0 if done else idle + 1

    threads = [
        threading.Thread(target=work, args=("one", world.desk)),
        threading.Thread(target=work, args=("two", Desk(runtime))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while world.desk.tick():
        pass
    other.close()
    assert 0 < sum(struck.values()) <= TICKETS, struck
    with world.store.read() as connection:
        event = tables.ticket_event.c
        reached = select(event.ticket, func.count()).where(event.name == "EscalationStepReached")
        per_ticket = connection.execute(reached.group_by(event.ticket)).all()
        urgencies = connection.execute(select(tables.ticket.c.priority).distinct()).scalars().all()
        left = connection.execute(select(func.count()).select_from(tables.notice)).scalar_one()
    assert len(per_ticket) == TICKETS
    assert {count for _, count in per_ticket} == {2}  # due and 100 %
    assert urgencies == ["P3"]
    assert left == 0
    spoken = "".join(outgoing_mail.text for outgoing_mail in to(world.new_letters(), "ann"))
    assert spoken.count("overdue since") <= TICKETS
