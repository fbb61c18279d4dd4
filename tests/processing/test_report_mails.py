"""Reports go out by mail at their time: once, to whom the file names, and nothing between two
of them is left out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildesk.processing.clock import scheduled_reports
from maildesk.store import people, report_progress
from tests.world import ADDRESS, MONDAY, World, build, one, settings, shipped_policy, to

WEEKLY = {"name": "Weekly report", "to": ["max@example.org", "First line"], "every": "monday"}
WEEK = timedelta(days=7)


def desk(url: str, **changes: Any) -> World:
    """A desk on Monday at nine, with that report; its clock has ticked once."""
    world = build(url, policy=shipped_policy(reports={"report": [WEEKLY | changes]}))
    world.desk.tick()
    return world


@pytest.fixture
def world(database_url: str) -> World:
    return desk(database_url)


def test_a_week_is_told_on_monday_at_eight_and_never_again(world: World) -> None:
    notified = world.writes("rita", "It does not print.")
    world.clock.forward(minutes=20)
    world.writes("ann", "#resolve A new drum is in.", answering=to(notified, "ann")[0])
    world.clock.forward(days=6, hours=22)  # Monday, 7:21
    world.desk.tick()
    assert [
        outgoing_mail for outgoing_mail in world.new_letters() if outgoing_mail.template == "report"
    ] == []
    world.clock.forward(minutes=40)
    world.desk.tick()
    outgoing_mails = [
        outgoing_mail for outgoing_mail in world.new_letters() if outgoing_mail.template == "report"
    ]
    assert sorted(outgoing_mail.to for outgoing_mail in outgoing_mails) == [
        ADDRESS["ann"],
        ADDRESS["max"],
    ]
    mail = one(outgoing_mails, "max", "report")
    assert mail.subject == "Weekly report: 23 November 2026 to 30 November 2026"
    assert "Opened:         1 (1 more than in the period before)" in mail.text
    assert "First response: 100 % met, 1 of 1" in mail.text
    assert mail.message["Auto-Submitted"] == "auto-generated"
    for _ in range(3):
        world.clock.forward(hours=1)
        world.desk.tick()
    assert [
        outgoing_mail for outgoing_mail in world.new_letters() if outgoing_mail.template == "report"
    ] == []
    world.close()


def test_a_desk_that_stood_still_tells_late_of_all_that_was(world: World) -> None:
    world.writes("rita", "It does not print.")
    world.clock.forward(days=17)
    world.desk.tick()
    mail = one(world.new_letters(), "max", "report")
    assert mail.subject == "Weekly report: 23 November 2026 to 7 December 2026"
    world.close()


def test_a_report_that_is_new_says_nothing_of_the_past(world: World) -> None:
    world.desk.tick()
    assert world.outgoing_mails() == []
    world.close()


def test_two_daemons_send_it_once(database_url: str) -> None:
    worlds = [desk(database_url), desk(database_url)]
    for world in worlds:
        world.clock.forward(days=7)
    with ThreadPoolExecutor(2) as pool:
        sent = list(pool.map(lambda world: scheduled_reports.send_due(world.runtime), worlds))
    assert sorted(sent) == [0, 2]
    assert len(worlds[0].outgoing_mails()) == 2
    for world in worlds:
        world.close()


def test_what_has_been_told_is_told_once(world: World) -> None:
    with world.store.write() as connection:
        report_progress.begin(connection, "Another", MONDAY)
        report_progress.begin(connection, "Another", MONDAY + WEEK)  # the second daemon starts
        assert report_progress.told_until(connection)["Another"] == MONDAY
        assert report_progress.claim(connection, "Another", MONDAY, MONDAY + WEEK)
        assert not report_progress.claim(connection, "Another", MONDAY, MONDAY + WEEK)
    world.close()


def test_days_are_those_of_the_calendar(tmp_path: Path) -> None:
    calendar = {"name": "office", "zone": "Pacific/Auckland", "hours": "mon-fri 09:00-17:00"}
    policy = shipped_policy(reports={"report": [WEEKLY]}, sla={"calendar": [calendar]})
    world = build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    world.desk.tick()
    world.clock.forward(hours=3)  # Tuesday, one in the morning, down there
    world.writes("rita", "It does not print.")
    world.clock.forward(days=7)
    world.desk.tick()
    text = one(world.new_letters(), "max", "report").text.replace("\r\n", "\n")
    assert "From 23 November 2026, 08:00 NZDT\nto 30 November 2026, 08:00 NZDT." in text
    assert "Tue 24 Nov  opened    1 ████" in text
    world.close()


def test_a_report_can_be_sent_at_once_to_one_person(world: World) -> None:
    world.writes("rita", "It does not print.")
    world.clock.forward(days=2)
    world.new_letters()
    with world.store.read() as connection:
        ann = people.find(connection, ADDRESS["ann"])
    assert scheduled_reports.send_now(world.runtime, world.runtime.reports[0], ann) == ()
    assert "Opened:         1 " in one(world.new_letters(), "ann", "report").text
    world.clock.forward(days=5)
    world.desk.tick()  # and at its time all the same
    assert len(to(world.new_letters(), "max")) == 1
    world.close()


def test_a_report_the_breaker_stops_is_known(database_url: str) -> None:
    limits = settings(limits={"total_mails_per_hour": 1})
    policy = shipped_policy(reports={"report": [WEEKLY]})
    world = build(database_url, installation=limits, policy=policy)
    unsent = scheduled_reports.send_now(world.runtime, world.runtime.reports[0], None)
    assert [step.rejected for step in unsent] == [("1 automatic mails in the last hour",)]
    world.close()
