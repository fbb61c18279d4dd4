"""A simulation of the coming days gives the real results and changes nothing."""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from maildesk.config.schema.policy_files import PolicyFiles
from maildesk.model.ticket import Ticket
from maildesk.processing.clock import scheduled_reports
from maildesk.processing.clock.sla_recalculation import recalculate
from maildesk.processing.desk import Desk
from maildesk.processing.forecast import simulated_mail
from maildesk.processing.forecast.simulated_mail import Arrival
from maildesk.processing.forecast.simulation import Day, Simulation, simulation_of
from maildesk.processing.runtime import open_runtime
from maildesk.store import people as rows
from maildesk.store import tables
from tests import world as worlds
from tests.world import MONDAY, World, shipped_policy

WEEKS = timedelta(days=14)
SLA: dict[str, Any] = {
    "calendar": [{"name": "office", "hours": "mon-fri 09:00-17:00"}],
    "escalation_policy": [
        {
            "name": "up",
            "step": [
                {"at": "50%", "notify": ["assignee"]},
                {"at": "100%", "notify": ["lead"]},
                {"at": "+2h", "notify": ["manager"], "raise_priority": True},
            ],
        }
    ],
    "profile": [
        {
            "name": "Standard",
            "calendar": "office",
            "first_response": {"otherwise": "2 hours", "escalation_policy": "up"},
            "resolution": {"otherwise": "8 hours", "escalation_policy": "up"},
        }
    ],
}
PEOPLE: dict[str, Any] = {
    "team": [
        {
            "name": "First line",
            "members": ["ann@example.org", "lee@example.org"],
            "leads": ["lee@example.org"],
        },
        {"name": "Network", "level": "L2", "members": ["will@example.org"]},
    ],
    "person": [
        {"name": name.title(), "address": f"{name}@example.org", "manager": manager}
        for name, manager in (
            *(("max", None), ("ann", "max@example.org"), ("lee", "max@example.org")),
            *(("rita", "max@example.org"), ("will", None)),
        )
    ],
}

REPORTS = {"report": [{"name": "Weekly report", "to": ["max@example.org", "First line"]}]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A desk with SLA targets; one ticket is new, one waits for closure, one for Max's approval."""
    policy = shipped_policy(sla=SLA, people=PEOPLE, reports=REPORTS)
    world = worlds.build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    for subject in ("Printer is on fire", "VPN down", "New laptop, please"):
        world.arrives(world.mail("rita", "Help.", subject=subject))
    for_agent = next(x for x in world.new_letters() if x.template == "agent-notification")
    who = for_agent.to.partition("@")[0]
    world.arrives(world.mail(who, "#resolve Water.", answering=for_agent))
    world.new_letters()
    return world


def simulated(world: World, coming: tuple[Arrival, ...] = ()) -> tuple[Simulation, list[Day]]:
    runtime = world.runtime
    end = MONDAY + WEEKS
    run = simulation_of(world.store, runtime.policy, coming, MONDAY, end, runtime.reports)
    return run, list(run.run())


def happened(world: World) -> dict[date, Counter[str]]:
    """The desk itself, struck in each minute in which something is due; what it wrote, by day."""
    found: dict[date, Counter[str]] = {}
    world.desk.tick()
    while (at := next_minute(world)) < MONDAY + WEEKS:
        world.clock.now = at
        while world.desk.tick():
            pass
        day = found.setdefault(at.date(), Counter())
        day.update(outgoing_mail.template for outgoing_mail in world.new_letters())
    return found


def next_minute(world: World) -> datetime:
    """The full minute in which something is due next."""
    with world.store.read() as connection:
        columns = (tables.ticket.c.next_due, tables.notice.c.not_before)
        found = [connection.execute(select(func.min(column))).scalar() for column in columns]
    found += [
        scheduled_reports.next_time(world.runtime, report) for report in world.runtime.reports
    ]
    due = min((at for at in found if at is not None), default=MONDAY + WEEKS)
    up = -due.timestamp() % 60
    return max(world.clock.now, due + timedelta(seconds=up))


def lives(ticket: Ticket) -> tuple[Any, ...]:
    timers = [(timer.key, timer.outcome, timer.steps_done) for timer in ticket.sla_timers]
    return ticket.status, ticket.closed_at, ticket.priority, ticket.assignee, timers


def test_the_days_to_come_are_what_the_desk_does_then(world: World) -> None:
    run, days = simulated(world)
    real = happened(world)
    assert {day.date: day.sent for day in days if day.sent} == {d: c for d, c in real.items() if c}
    assert {n: lives(run.tickets[n]) for n in world.numbers()} == {
        n: lives(world.ticket(n)) for n in world.numbers()
    }
    sent = sum((day.sent for day in days), Counter[str]())
    assert sent.keys() >= {"sla-digest", "sla-warning", "reminder", "closure"}
    assert sum(day.closed for day in days) == sum(
        world.ticket(n).is_closed for n in world.numbers()
    )
    assert sum(day.closed for day in days) > 0
    assert sum(day.breached for day in days) > 0


def test_nothing_is_written_and_nothing_is_sent(world: World, tmp_path: Path) -> None:
    def state() -> list[str]:
        files = (tmp_path / "desk.db", tmp_path / "desk.db-wal")
        return [hashlib.sha256(one.read_bytes()).hexdigest() for one in files if one.exists()]

    outgoing_mails, before = len(world.outgoing_mails()), state()
    _, days = simulated(world, arriving(world))
    assert sum(day.sent.total() for day in days) > 0
    assert (len(world.outgoing_mails()), state()) == (outgoing_mails, before)
    with world.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.notice)).scalar() == 0


def arriving(world: World, seed: int = 1) -> tuple[Arrival, ...]:
    begin = MONDAY + timedelta(hours=1)
    with world.store.read() as connection:
        calendar = world.runtime.policy.calendar
        return simulated_mail.invented(connection, calendar, begin, MONDAY + WEEKS, seed)


def test_the_same_seed_invents_the_same_days_and_another_one_others(world: World) -> None:
    assert arriving(world) == arriving(world) != arriving(world, seed=2)
    assert simulated(world, arriving(world))[1] == simulated(world, arriving(world))[1]


def test_invented_mails_come_in_business_hours_as_many_as_before(world: World) -> None:
    for n in range(37):
        world.arrives(world.mail("rita", "Help.", subject=f"Printer {n}"))
    found = arriving(world)
    assert 8 <= len(found) <= 34  # 40 in four weeks; these are two
    assert {9 <= one.at.hour < 17 and one.at.weekday() < 5 for one in found} == {True}


def test_a_mail_that_comes_in_is_answered_as_the_rules_say(world: World) -> None:
    tuesday = MONDAY + timedelta(days=1)
    with world.store.read() as connection:
        rita = rows.by_address(connection, "rita@example.org")
    coming = Arrival(at=tuesday, sender=rita, subject="VPN down", text="Since today.")
    run, days = simulated(world, (coming,))
    assert [day.opened for day in days[:3]] == [0, 1, 0]
    assert days[1].sent["acknowledgement"] == 1
    newest = run.tickets[max(world.numbers()) + 1]
    assert (newest.opened_at, newest.requester) == (tuesday, rita.id)


def test_the_mails_of_last_week_come_again_on_the_same_weekdays(world: World) -> None:
    with world.store.read() as connection:
        begin = MONDAY + timedelta(days=2)
        again = simulated_mail.recorded(connection, begin, begin + timedelta(days=6))
    assert [one.at for one in again] == [MONDAY + timedelta(days=7)] * 3
    assert {one.subject for one in again} == {
        "Printer is on fire",
        "VPN down",
        "New laptop, please",
    }


def test_a_file_names_the_mails_that_come_in(world: World) -> None:
    lines = [
        json.dumps({"at": at, "sender": sender, "subject": "Beamer", "text": "It is dark."})
        for at, sender in (
            ("2026-11-24T10:00:00+01:00", "New@example.org"),
            ("2026-11-23T10:00:00", "rita@example.org"),
            ("2026-11-25T10:00:00", "new@example.org"),
        )
    ]
    with world.store.read() as connection:
        found = simulated_mail.written(connection, [*lines, ""], MONDAY)
    assert [one.at.day for one in found] == [23, 24, 25]
    assert found[1].at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert found[1].sender == found[2].sender
    _, days = simulated(world, found)
    assert sum(day.opened for day in days) == 3


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        # no JSON at all
        ("VPN down", "line 2: not an object"),
        # something is missing
        ('{"at": "2026-11-24T10:00:00", "sender": "a@b.example"}', "subject"),
        # no time
        ('{"at": "soon", "sender": "a@b.example", "subject": "", "text": ""}', "soon"),
        # too late
        (
            '{"at": "2026-11-20T10:00:00", "sender": "a@b.example", "subject": "", "text": ""}',
            "in the past",
        ),
    ],
)
def test_a_line_of_the_file_that_is_wrong_is_named(world: World, line: str, wrong: str) -> None:
    with world.store.read() as connection, pytest.raises(ValueError, match=wrong):
        simulated_mail.written(connection, ["", line], MONDAY)


def test_a_ticket_that_raises_stops_no_other_one(world: World) -> None:
    run = simulation_of(world.store, world.runtime.policy, (), MONDAY, MONDAY + WEEKS)
    broken = run.tickets[world.numbers()[0]]
    run.tickets[broken.number] = replace(broken, requester=10_000, remind_due=MONDAY)
    days = list(run.run())
    assert days[0].failed > 0
    assert sum(day.closed + day.breached for day in days) > 0


def sla_with(hours: str | None) -> dict[str, Any]:
    """sla.toml with that target of resolution, or with no target."""
    target = {"otherwise": hours, "escalation_policy": "up"}
    profile = [{"name": "Standard", "calendar": "office", "resolution": target}] if hours else []
    return SLA | {"profile": profile}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # a first target, for tickets that have waited for days
        (None, "8 hours"),
        # a stricter one: all of them are late at once
        ("80 hours", "8 hours"),
        # a milder one, and none any more
        ("8 hours", "80 hours"),
        ("8 hours", None),
    ],
)
def test_another_sla_toml_does_what_the_desk_does_after_its_next_start(
    tmp_path: Path, before: str | None, after: str | None
) -> None:
    policy = shipped_policy(people=PEOPLE, sla=sla_with(before))
    world = worlds.build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    recalculate(world.runtime)
    for number in range(5):
        world.arrives(world.mail("rita", "Help.", subject=f"Printer {number}"))
    world.clock.forward(days=3)
    while world.desk.tick():
        pass
    world.new_letters()
    begin = world.clock.now
    changed = shipped_policy(people=PEOPLE, sla=sla_with(after))
    world = restarted(world, changed)
    end = begin + timedelta(days=11)
    run = simulation_of(world.store, world.runtime.policy, (), begin, end)
    days = list(run.run())
    recalculate(world.runtime)
    real: Counter[str] = Counter()
    while (at := next_minute(world)) < end:
        world.clock.now = at
        while world.desk.tick():
            pass
        real.update(outgoing_mail.template for outgoing_mail in world.new_letters())
    assert sum((day.sent for day in days), Counter()) == real
    assert {n: lives(run.tickets[n]) for n in world.numbers()} == {
        n: lives(world.ticket(n)) for n in world.numbers()
    }
    world.close()


def restarted(world: World, policy: PolicyFiles) -> World:
    """The same database and clock, with another policy."""
    runtime = open_runtime(worlds.settings(), policy, world.store, clock=world.clock)
    return replace(world, runtime=runtime, desk=Desk(runtime))
