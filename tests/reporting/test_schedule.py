"""When a report is due: a table of rhythms, a line each."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from maildesk.config.schema.reports import ScheduledReport
from maildesk.config.schema.sla_notation import read_week
from maildesk.lifecycle.sla.business_hours import Calendar
from maildesk.reporting.report_schedule import last_due, next_due

BERLIN = Calendar(
    "office",
    ZoneInfo("Europe/Berlin"),
    read_week(("mon-fri 09:00-17:00",)),
    frozenset({date(2026, 12, 25)}),
)
NEVER = Calendar(
    "shut",
    ZoneInfo("UTC"),
    read_week(("mon 09:00-17:00",)),
    frozenset(date.fromordinal(n) for n in range(739000, 740500)),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "time", "now", "last", "following"),
    [
        # a minute before, at the minute, and after it: 8 in Berlin is 7 in UTC in winter
        ("monday", "08:00", "2026-11-30 06:59", "2026-11-23 07:00", "2026-11-30 07:00"),
        ("monday", "08:00", "2026-11-30 07:00", "2026-11-30 07:00", "2026-12-07 07:00"),
        ("monday", "08:00", "2026-12-02 12:00", "2026-11-30 07:00", "2026-12-07 07:00"),
        # and 6 in summer; the week in which the clocks change has an hour more
        ("monday", "08:00", "2026-10-22 12:00", "2026-10-19 06:00", "2026-10-26 07:00"),
        ("sunday", "23:30", "2026-11-30 07:00", "2026-11-29 22:30", "2026-12-06 22:30"),
        ("day", "08:00", "2026-11-28 12:00", "2026-11-28 07:00", "2026-11-29 07:00"),
        # Saturday is none, and neither is Christmas
        ("business day", "08:00", "2026-11-28 12:00", "2026-11-27 07:00", "2026-11-30 07:00"),
        ("business day", "08:00", "2026-12-25 12:00", "2026-12-24 07:00", "2026-12-28 07:00"),
        # half past one in the morning there is still the last of the month in UTC
        ("month", "01:30", "2026-12-31 23:00", "2026-12-01 00:30", "2027-01-01 00:30"),
        ("month", "01:30", "2027-01-01 00:30", "2027-01-01 00:30", "2027-02-01 00:30"),
        # a time that the clocks jump over in March comes all the same, as in the hour before
        ("sunday", "02:30", "2026-03-29 12:00", "2026-03-29 01:30", "2026-04-05 00:30"),
    ],
)
def test_rhythms(every: str, time: str, now: str, last: str, following: str) -> None:
    report = ScheduledReport.model_validate(
        {"name": "one", "to": "max@example.org", "every": every, "at": time}
    )
    assert last_due(report, BERLIN, at(now)) == at(last)
    assert next_due(report, BERLIN, at(now)) == at(following)


def test_a_calendar_that_is_closed_for_months_has_no_report() -> None:
    report = ScheduledReport(name="one", to=("max@example.org",), every="business day")
    assert last_due(report, NEVER, at("2026-11-28 12:00")) is None
    assert next_due(report, NEVER, at("2026-11-28 12:00")) is None
