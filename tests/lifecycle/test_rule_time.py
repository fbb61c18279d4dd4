"""The time facts that rules see, and the delays of rules."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from maildesk.config.schema.sla_notation import read_week
from maildesk.lifecycle.classification.rule_time import after, moment, office_hours
from maildesk.lifecycle.sla.business_hours import Calendar
from tests.world import shipped_policy

BERLIN = Calendar(
    "plant",
    ZoneInfo("Europe/Berlin"),
    read_week(("mon-fri 08:00-12:00 13:00-18:00",)),
    frozenset({date(2026, 12, 25)}),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "waited", "end"),
    [
        # hours and days run on whatever day it is
        ("2026-11-27T16:00", "4 hours", "2026-11-27T20:00"),
        ("2026-11-27T16:00", "1 day", "2026-11-28T16:00"),
        ("2026-11-27T16:00", "10 days", "2026-12-07T16:00"),
        # a business day ends at the same time of day on the next day of work
        ("2026-11-23T09:00", "1 business day", "2026-11-24T09:00"),
        ("2026-11-27T16:00", "3 business days", "2026-12-02T16:00"),
        # a holiday is passed over
        ("2026-12-24T10:00", "1 business day", "2026-12-28T10:00"),
    ],
)
def test_so_long_after(start: str, waited: str, end: str) -> None:
    assert after(BERLIN, at(start), waited) == at(end)


@pytest.mark.parametrize(
    ("now", "date", "hour", "weekday", "working_day", "working_time"),
    [
        ("2026-11-23T09:00", "2026-11-23", 10, "monday", True, True),
        ("2026-11-23T06:59", "2026-11-23", 7, "monday", True, False),
        ("2026-11-23T11:30", "2026-11-23", 12, "monday", True, False),
        ("2026-11-23T17:00", "2026-11-23", 18, "monday", True, False),
        ("2026-11-27T23:30", "2026-11-28", 0, "saturday", False, False),
        ("2026-12-25T10:00", "2026-12-25", 11, "friday", False, False),
    ],
)
def test_what_rules_know_of_the_time(
    now: str, date: str, hour: int, weekday: str, working_day: bool, working_time: bool
) -> None:
    found = moment(BERLIN, at(now))
    assert (found.date, found.hour, found.weekday) == (date, hour, weekday)
    assert (found.working_day, found.working_time) == (working_day, working_time)


def test_rules_go_by_the_first_calendar() -> None:
    files = shipped_policy()
    assert office_hours(files).name == files.sla.calendar[0].name
    assert office_hours(shipped_policy(sla={})).zone == ZoneInfo("UTC")
